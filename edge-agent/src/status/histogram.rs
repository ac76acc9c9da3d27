//! Histograms of times. The bounds grow by a constant factor, so that any time from 0.1 ms to 10 s is known to within
//! about 10 %.

use serde::{Deserialize, Serialize};

/// Number of bounds for each power of ten.
const PER_DECADE: usize = 20;
const DECADES: usize = 5;
const COUNT: usize = PER_DECADE * DECADES + 1;
/// The first bound, in milliseconds.
const FIRST_MS: f64 = 0.1;
/// Only one of this many bounds is reported.
const TOLD_EVERY: usize = 4;

/// Counts times in milliseconds. Times above the last bound, 10 s, are counted separately.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: [u64; COUNT + 1],
    sum_ms: f64,
    longest_ms: f64,
}

/// Summary of the times of one stage, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// Number of measurements.
    pub(crate) count: u64,
    /// Sum of all times.
    pub(crate) sum: f64,
    /// The median.
    pub(crate) p50: f64,
    /// The 99th percentile.
    pub(crate) p99: f64,
    pub(crate) longest: f64,
    /// Cumulative counts, bound by bound.
    pub(crate) at_most: Vec<AtMost>,
}

/// One bound of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct AtMost {
    pub(crate) ms: f64,
    pub(crate) count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: [0; COUNT + 1], sum_ms: 0.0, longest_ms: 0.0 }
    }
}

impl Histogram {
    pub(crate) fn count(&mut self, ms: f64) {
        if !ms.is_finite() || ms < 0.0 {
            return;
        }
        let at = (0..COUNT).find(|&index| ms <= bound(index)).unwrap_or(COUNT);
        self.counts[at] += 1;
        self.sum_ms += ms;
        self.longest_ms = self.longest_ms.max(ms);
    }

    /// The summary; `None` if nothing was measured.
    pub(crate) fn summary(&self) -> Option<Latency> {
        let count: u64 = self.counts.iter().sum();
        let mut so_far = 0;
        let cumulative = self.counts.iter().take(COUNT).enumerate().map(|(index, count)| {
            so_far += count;
            (index, AtMost { ms: bound(index), count: so_far })
        });
        let told = cumulative.filter(|(index, _)| index % TOLD_EVERY == 0).map(|(_, at_most)| at_most).collect();
        (count > 0).then(|| Latency {
            count,
            sum: self.sum_ms,
            p50: self.quantile(count, 0.50),
            p99: self.quantile(count, 0.99),
            longest: self.longest_ms,
            at_most: told,
        })
    }

    /// The quantile `part`, interpolated linearly between the bounds around it.
    fn quantile(&self, count: u64, part: f64) -> f64 {
        let wanted = part * count as f64;
        let mut before = 0.0;
        for (index, &here) in self.counts.iter().enumerate() {
            let here = here as f64;
            if here > 0.0 && before + here >= wanted {
                let from = if index == 0 { 0.0 } else { bound(index - 1) };
                let until = if index < COUNT { bound(index).min(self.longest_ms) } else { self.longest_ms };
                return from + (until - from) * ((wanted - before) / here).clamp(0.0, 1.0);
            }
            before += here;
        }
        self.longest_ms
    }
}

fn bound(index: usize) -> f64 {
    let exact = FIRST_MS * 10f64.powf(index as f64 / PER_DECADE as f64);
    // Three significant digits, so that a bound prints as the same number everywhere.
    let unit = 10f64.powf(exact.log10().floor() - 2.0);
    (exact / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency_of(times: impl IntoIterator<Item = f64>) -> Option<Latency> {
        let mut histogram = Histogram::default();
        times.into_iter().for_each(|ms| histogram.count(ms));
        histogram.summary()
    }

    #[test]
    fn without_measurements_there_is_no_summary() {
        assert_eq!(latency_of([]), None);
        assert_eq!(latency_of([f64::NAN, -1.0, f64::INFINITY]), None);
    }

    #[test]
    fn quantiles_lie_within_a_tenth() {
        let even = latency_of((1..=1000).map(f64::from)).unwrap();
        assert_eq!((even.count, even.longest), (1000, 1000.0));
        assert!((even.p50 / 500.0 - 1.0).abs() < 0.1, "{}", even.p50);
        assert!((even.p99 / 990.0 - 1.0).abs() < 0.1, "{}", even.p99);
        assert_eq!(even.sum, 500_500.0);
        for only in [0.0, 0.05, 0.1, 7.0, 9_999.0, 60_000.0] {
            let latency = latency_of([only; 3]).unwrap();
            assert!(latency.p50 <= only && latency.p99 <= only, "{only}: {latency:?}");
            assert!(!(0.2..=10_000.0).contains(&only) || latency.p99 > 0.88 * only, "{only}: {latency:?}");
        }
    }

    #[test]
    fn bounds_are_cumulative_and_end_at_ten_seconds() {
        let latency = latency_of([0.05, 1.0, 1.5, 20_000.0]).unwrap();
        let at = |ms: f64| latency.at_most.iter().find(|bound| (bound.ms - ms).abs() < 1e-9).map(|bound| bound.count);
        assert_eq!((at(0.1), at(1.0), at(1.58), at(10_000.0)), (Some(1), Some(2), Some(3), Some(3)));
        assert!(latency.at_most.is_sorted_by(|a, b| a.ms < b.ms && a.count <= b.count));
    }
}
