//! Converts a risk to a threshold and back. No I/O.
//!
//! A stranger is compared with every enrolled person. If the comparisons are independent, the gallery names them at
//! FPIR = 1 - (1 - FMR)^N (NIST, "Face Recognition Technology Evaluation, Part 2: Identification").

use crate::interval::{Interval, clopper_pearson};
use models::bundle::{Mated, NonMated, Quantile};
use serde::Serialize;

/// A threshold and its consequences for a gallery.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Risk {
    /// L2 distance; smaller is stricter.
    pub threshold: f32,
    /// Number of enrolled people.
    pub enrolled: usize,
    /// Rate at which a stranger is within the threshold of one person.
    pub fmr: f64,
    /// Rate at which the gallery names a stranger.
    pub fpir: f64,
    /// Number of strangers in a trial that tests the FPIR: as many as the sample has people.
    pub strangers: usize,
    /// Lower end of the FPIR in 95 % of such trials, from the uncertainty of the sample and the trial's own chance.
    pub fpir_low: f64,
    /// Upper end of the same interval.
    pub fpir_high: f64,
    /// Rate at which an enrolled person is not named, with one photo against one enrolled photo. Several enrolled
    /// photos lower it. `None` if the bundle has no such measurement.
    pub fnir: Option<f64>,
    /// Upper end of its 95 % interval (Clopper-Pearson).
    pub fnir_high: Option<f64>,
    /// Number of mated pairs behind both.
    pub mated_pairs: Option<u64>,
    /// True if fewer than three comparisons of the sample are expected to be that near.
    pub extrapolated: bool,
}

/// Highest FMR of one comparison, however few people are enrolled: a door where a card claims an identity compares
/// only once (NIST SP 800-63B-4, section 3.2.3).
pub const MAX_FMR: f64 = 1e-4;

/// The threshold at which a gallery of this many people names a stranger at the rate `fpir`, between 0 and 1
/// (exclusive). The rate is lower if [`MAX_FMR`] requires it.
pub fn risk_at(fpir: f64, enrolled: usize, non_mated: &NonMated, mated: Option<&Mated>) -> Risk {
    let fmr = fmr_of(fpir, enrolled).min(MAX_FMR);
    let threshold = distance_at(fmr, non_mated);
    let Interval { low, high } = interval_at(threshold, &non_mated.quantiles);
    let rates = Interval { low: fpir_of(low.min(fmr), enrolled), high: fpir_of(high.max(fmr), enrolled) };
    let trial = in_a_trial(rates, non_mated.people);
    Risk {
        threshold,
        enrolled,
        fmr,
        fpir: fpir_of(fmr, enrolled.max(1)),
        strangers: non_mated.people,
        fpir_low: trial.low,
        fpir_high: trial.high,
        fnir: mated.map(|mated| fnir_at(threshold, mated)),
        fnir_high: mated.map(|mated| highest_fnir(fnir_at(threshold, mated), mated.pairs)),
        mated_pairs: mated.map(|mated| mated.pairs),
        extrapolated: fmr * (non_mated.pairs as f64) < 3.0,
    }
}

/// Interval of the rate in a trial: wider by two standard deviations of the count.
fn in_a_trial(rate: Interval, strangers: usize) -> Interval {
    let chance = |rate: f64| 1.96 * (rate * (1.0 - rate) / strangers.max(1) as f64).sqrt();
    Interval { low: (rate.low - chance(rate.low)).max(0.0), high: (rate.high + chance(rate.high)).min(1.0) }
}

/// FMR of one comparison for which `comparisons` of them name a stranger at the rate `fpir`.
pub(super) fn fmr_of(fpir: f64, comparisons: usize) -> f64 {
    // 1 - (1 - fpir)^(1/n) without loss of precision for small rates.
    -f64::exp_m1(f64::ln_1p(-fpir) / comparisons.max(1) as f64)
}

/// Rate at which this many comparisons name a stranger.
pub(super) fn fpir_of(fmr: f64, comparisons: usize) -> f64 {
    -f64::exp_m1(f64::ln_1p(-fmr.min(1.0)) * comparisons as f64)
}

/// The distance at which the rate is at most `rate` with some confidence. There, the geometric mean of the estimate and
/// the upper end of its interval equals `rate`. On held-out people, thresholds from estimates alone named 1.1 to 1.6
/// times as many strangers as promised.
fn distance_at(rate: f64, non_mated: &NonMated) -> f32 {
    between_rows(rate, &non_mated.quantiles).clamp(0.01, 2.0) as f32
}

fn aimed_at(row: &Quantile) -> f64 {
    (row.rate * row.high).sqrt()
}

/// Interpolates the logarithm of the rate linearly between rows, and extrapolates beyond the last two.
fn between_rows(rate: f64, rows: &[Quantile]) -> f64 {
    let second = rows.iter().position(|row| aimed_at(row) <= rate).unwrap_or(rows.len() - 1).max(1);
    let (a, b) = (&rows[second - 1], &rows[second]);
    let along = (rate.ln() - aimed_at(a).ln()) / (aimed_at(b).ln() - aimed_at(a).ln());
    f64::from(a.distance) + along * f64::from(b.distance - a.distance)
}

/// The interval of the rate at a distance, interpolated between the neighbouring rows. For distances below the last
/// row, it goes from 0 to the last row's upper end.
fn interval_at(distance: f32, rows: &[Quantile]) -> Interval {
    let last = rows[rows.len() - 1];
    match rows.iter().position(|row| row.distance <= distance) {
        None => Interval { low: 0.0, high: last.high },
        Some(0) => Interval { low: rows[0].low, high: 1.0 },
        Some(second) => {
            let (a, b) = (&rows[second - 1], &rows[second]);
            let along = f64::from(distance - a.distance) / f64::from(b.distance - a.distance);
            let between = |a: f64, b: f64| a + along * (b - a);
            Interval { low: between(a.low, b.low), high: between(a.high, b.high) }
        }
    }
}

/// The rate at which an enrolled person is not named at a threshold, with one photo against one enrolled photo.
pub fn fnir_at(threshold: f32, mated: &Mated) -> f64 {
    farther_than(threshold, &mated.farther)
}

fn highest_fnir(fnir: f64, pairs: u64) -> f64 {
    clopper_pearson((fnir * pairs as f64).round() as usize, pairs as usize).high
}

/// Share of mated pairs that are farther apart, linear between rows.
fn farther_than(distance: f32, rows: &[(f64, f32)]) -> f64 {
    match rows.iter().position(|row| row.1 >= distance) {
        Some(0) => 1.0,
        None => 0.0,
        Some(index) => {
            let ((share, near), (next_share, far)) = (rows[index - 1], rows[index]);
            share + f64::from(distance - near) / f64::from(far - near) * (next_share - share)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn non_mated() -> NonMated {
        known_within(2.0)
    }

    /// Each decade of the rate is 0.1 of distance. The number of pairs suffices for rates down to 1e-5. The interval of
    /// each rate goes from `rate / times` to `rate * times`.
    fn known_within(times: f64) -> NonMated {
        let row = |rate: f64, distance| Quantile { rate, distance, low: rate / times, high: rate * times };
        let quantiles = vec![row(1e-2, 1.3), row(1e-3, 1.2), row(1e-4, 1.1), row(1e-5, 1.0)];
        NonMated { format: NonMated::FORMAT, source: String::new(), people: 100, pairs: 3_000_000, quantiles }
    }

    #[test]
    fn rates_for_a_door_and_for_one_comparison_by_hand() {
        for (fpir, comparisons, fmr) in [(0.01, 1, 0.01), (0.75, 2, 0.5), (0.001, 100, 1.000_495e-5), (0.01, 0, 0.01)] {
            assert!((fmr_of(fpir, comparisons) / fmr - 1.0).abs() < 1e-6, "{fpir} {comparisons}");
            assert!((fpir_of(fmr, comparisons.max(1)) / fpir - 1.0).abs() < 1e-6, "{fpir} {comparisons}");
        }
        // The common example: 100 people at 1e-4 give 1 %.
        assert!((fpir_of(1e-4, 100) - 0.00995).abs() < 1e-5);
        assert_eq!((fpir_of(0.0, 100), fpir_of(1.0, 3)), (0.0, 1.0));
    }

    #[test]
    fn thresholds_between_rows() {
        for (rate, distance) in [(1e-2, 1.3), (1e-3, 1.2), (3.162e-4, 1.15), (1e-5, 1.0), (1e-1, 1.4)] {
            assert!((distance_at(rate, &known_within(1.0)) - distance).abs() < 1e-3, "{rate}");
        }
        for (fpir, encodings, threshold) in [(1e-2, 100, 1.1), (1e-2, 1000, 1.0), (3.162e-3, 100, 1.05)] {
            let risk = risk_at(fpir, encodings, &known_within(1.0), None);
            assert!((risk.threshold - threshold).abs() < 2e-3, "{fpir} {encodings}: {risk:?}");
            assert!((risk.fpir / fpir - 1.0).abs() < 0.01 && !risk.extrapolated, "{fpir} {encodings}: {risk:?}");
            assert!(risk.fpir_low < risk.fpir && risk.fpir < risk.fpir_high, "{risk:?}");
        }
    }

    /// Regression test: with three encodings, an FPIR of one in a thousand meant one false match in three thousand
    /// comparisons. That is too many for a door where a card claims an identity.
    #[test]
    fn few_people_do_not_make_a_loose_threshold() {
        for encodings in [0, 1, 3, 10] {
            let risk = risk_at(1e-3, encodings, &known_within(1.0), None);
            assert_eq!(risk.fmr, MAX_FMR, "{encodings}");
            assert!((risk.threshold - 1.1).abs() < 1e-3 && risk.fpir <= 1e-3, "{risk:?}");
        }
    }

    /// The 1e-4 row has an upper end of 2e-4, so the geometric mean at its distance is 1.41e-4.
    #[test]
    fn the_threshold_lies_between_the_estimate_and_its_upper_end() {
        let risk = risk_at(2e-4_f64.sqrt() * 1e-4_f64.sqrt() * 0.5, 1, &non_mated(), None);
        let decades = (1.0_f64 / 2.0).log10();
        assert!((f64::from(risk.threshold) - (1.1 + 0.1 * decades)).abs() < 1e-3, "{risk:?}");
        assert!(risk.fpir_low < risk.fpir && risk.fpir < risk.fpir_high, "{risk:?}");
    }

    #[test]
    fn more_people_give_a_stricter_threshold_and_always_one() {
        let threshold = |encodings| risk_at(1e-3, encodings, &non_mated(), None).threshold;
        let thresholds = [10, 100, 1000, 100_000, usize::MAX].map(threshold);
        assert!(thresholds.windows(2).all(|pair| pair[0] > pair[1]), "{thresholds:?}");
        assert!(thresholds[4] >= 0.01);
    }

    #[test]
    fn expected_misses_by_hand() {
        let mated = Mated { pairs: 100, farther: vec![(1.0, 0.2), (0.1, 1.0), (0.0, 1.4)] };
        for (distance, share) in [(0.1, 1.0), (0.6, 0.55), (1.0, 0.1), (1.2, 0.05), (1.4, 0.0), (2.0, 0.0)] {
            assert!((farther_than(distance, &mated.farther) - share).abs() < 1e-6, "{distance}");
        }
    }
}
