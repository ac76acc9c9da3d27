//! Ranges of values, channel by channel, and the quantisation steps that lose the least.

use super::byte_steps::{BYTE, Steps};
use std::sync::Arc;

/// Mantissa bits that select a histogram bin: 32 bins per power of two.
const STEP_BITS: u32 = 5;
/// Magnitudes below 2^-24 are counted in the first bin, those above 2^24 in the last.
const LOWEST_EXPONENT: u32 = 127 - 24;
const STEPS: usize = 48 << STEP_BITS;

/// Candidates for the largest representable number, as shares of the largest number on that side of zero.
const CANDIDATES: usize = 60;
const LEAST_PART: f64 = 0.15;

/// Statistics of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges {
    channels: Vec<Channel>,
}

/// Statistics of one channel, and the factor by which its numbers have been divided since.
#[derive(Clone, Debug)]
struct Channel {
    seen: Arc<Seen>,
    divisor: f64,
}

impl Default for Channel {
    fn default() -> Self {
        Self { seen: Arc::default(), divisor: 1.0 }
    }
}

/// A histogram of magnitudes.
#[derive(Clone, Debug, Default)]
struct Seen {
    below: Side,
    above: Side,
}

#[derive(Clone, Debug, Default)]
struct Side {
    counts: Vec<u32>,
    largest: f32,
}

impl Side {
    fn see(&mut self, magnitude: f32) {
        if self.counts.is_empty() {
            self.counts = vec![0; STEPS];
        }
        let count = &mut self.counts[step(magnitude)];
        *count = count.saturating_add(1);
        self.largest = self.largest.max(magnitude);
    }

    fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count = count.saturating_add(*more));
        self.largest = self.largest.max(other.largest);
    }
}

impl Ranges {
    /// Adds the numbers of one value, channel by channel.
    pub(super) fn see(&mut self, numbers: &[f32], channels: usize) {
        self.channels.resize_with(channels, Channel::default);
        for (numbers, channel) in numbers.chunks((numbers.len() / channels.max(1)).max(1)).zip(&mut self.channels) {
            let seen = Arc::make_mut(&mut channel.seen);
            for &number in numbers {
                let side = if number < 0.0 { &mut seen.below } else { &mut seen.above };
                side.see(number.abs());
            }
        }
    }

    /// Adds the statistics of the same value on other crops.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.channels.len() < other.channels.len() {
            self.channels.resize_with(other.channels.len(), Channel::default);
        }
        for (channel, other) in self.channels.iter_mut().zip(&other.channels) {
            let seen = Arc::make_mut(&mut channel.seen);
            seen.below.merge(&other.seen.below);
            seen.above.merge(&other.seen.above);
        }
    }

    /// The statistics after dividing the numbers of each channel.
    pub(super) fn divided(&self, by: &[f64]) -> Self {
        let mut divided = self.clone();
        divided.channels.iter_mut().zip(by).for_each(|(channel, by)| channel.divisor *= by);
        divided
    }

    /// The largest magnitude of each channel.
    pub(super) fn channels(&self) -> Vec<f32> {
        self.channels.iter().map(Channel::largest).collect()
    }

    /// Number of channels.
    pub(super) fn count(&self) -> usize {
        self.channels.len()
    }
}

impl Channel {
    fn largest(&self) -> f32 {
        (f64::from(self.seen.below.largest.max(self.seen.above.largest)) / self.divisor) as f32
    }
}

/// Statistics of all values that share their quantisation steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Together {
    below: Counted,
    above: Counted,
}

#[derive(Clone, Debug)]
struct Counted {
    counts: Vec<f64>,
    largest: f64,
}

impl Default for Counted {
    fn default() -> Self {
        Self { counts: vec![0.0; STEPS], largest: 0.0 }
    }
}

impl Counted {
    fn add(&mut self, side: &Side, divisor: f64) {
        self.largest = self.largest.max(f64::from(side.largest) / divisor);
        for (index, &count) in side.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.counts[step((middle(index) / divisor) as f32)] += f64::from(count);
        }
    }

    /// Magnitudes with their frequencies.
    fn seen(&self) -> Vec<(f64, f64)> {
        let seen = self.counts.iter().enumerate().filter(|(_, count)| **count > 0.0);
        seen.map(|(index, &count)| (middle(index).min(self.largest), count)).collect()
    }

    /// The magnitude above which this many numbers lie.
    fn beyond(&self, mut left: f64) -> f64 {
        for (magnitude, count) in self.seen().into_iter().rev() {
            if count > left {
                return magnitude;
            }
            left -= count;
        }
        0.0
    }

    fn tried(&self) -> Vec<f64> {
        let part = |index: usize| 1.0 - (1.0 - LEAST_PART) * index as f64 / CANDIDATES as f64;
        (0..CANDIDATES).map(|index| self.largest * part(index)).collect()
    }
}

impl Together {
    /// Adds the channels of a value.
    pub(super) fn add(&mut self, ranges: &Ranges) {
        for channel in &ranges.channels {
            self.below.add(&channel.seen.below, channel.divisor);
            self.above.add(&channel.seen.above, channel.divisor);
        }
    }

    /// The steps that clip nothing.
    pub(super) fn largest(&self) -> Steps {
        Steps::reaching(self.below.largest, self.above.largest)
    }

    /// The steps that clip this share of all numbers, 0 to 1.
    pub(super) fn quantile(&self, cut_off: f64) -> Steps {
        let all: f64 = self.below.counts.iter().chain(&self.above.counts).sum();
        Steps::reaching(self.below.beyond(all * cut_off / 2.0), self.above.beyond(all * cut_off / 2.0))
    }

    /// The steps with the least mean squared error, which weighs rounding against clipping.
    pub(super) fn least_error(&self) -> Steps {
        let sides = [self.below.seen(), self.above.seen()];
        let tried = self.below.tried().into_iter();
        let tried = tried.flat_map(|below| self.above.tried().into_iter().map(move |above| (below, above)));
        let mut best = (f64::INFINITY, self.largest());
        let mut known = None;
        for (below, above) in tried {
            let steps = Steps::reaching(below, above);
            if known.replace(steps) == Some(steps) {
                continue;
            }
            let error = squared_error(&sides, steps);
            if error < best.0 {
                best = (error, steps);
            }
        }
        best.1
    }
}

/// Sum over all numbers, negative ones first. The rounding error of a number is uniformly distributed over a step, so
/// its mean square is `step^2 / 12`. Numbers nearer to zero than half a step become zero.
fn squared_error(sides: &[Vec<(f64, f64)>; 2], steps: Steps) -> f64 {
    let scale = f64::from(steps.scale);
    let reach = [f64::from(steps.zero), f64::from(BYTE) - f64::from(steps.zero)];
    let mut error = 0.0;
    for (side, reach) in sides.iter().zip(reach) {
        for &(magnitude, count) in side {
            error += count
                * match magnitude {
                    small if small < scale / 2.0 => small * small,
                    large if large > scale * (reach + 0.5) => (large - scale * reach).powi(2),
                    _ => scale * scale / 12.0,
                };
        }
    }
    error
}

/// The histogram bin of a magnitude: the exponent and the first bits of the mantissa of the float.
fn step(magnitude: f32) -> usize {
    let lowest = LOWEST_EXPONENT << STEP_BITS;
    ((magnitude.to_bits() >> (23 - STEP_BITS)).saturating_sub(lowest) as usize).min(STEPS - 1)
}

/// The magnitude in the middle of a bin.
fn middle(step: usize) -> f64 {
    if step == 0 {
        return 0.0;
    }
    let bits = ((LOWEST_EXPONENT << STEP_BITS) + step as u32) << (23 - STEP_BITS) | 1 << (22 - STEP_BITS);
    f64::from(f32::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(numbers: &[f32]) -> Ranges {
        let mut ranges = Ranges::default();
        ranges.see(numbers, 1);
        ranges
    }

    fn together(ranges: &Ranges) -> Together {
        let mut together = Together::default();
        together.add(ranges);
        together
    }

    #[test]
    fn a_bin_contains_its_middle() {
        for magnitude in [1e-6, 0.001, 0.999, 1.0, 1.5, 3.0, 1000.0, 1e6] {
            let middle = middle(step(magnitude));
            assert!((middle / f64::from(magnitude) - 1.0).abs() < 1.0 / 32.0, "{magnitude}: {middle}");
        }
        assert_eq!((middle(step(0.0)), step(f32::INFINITY)), (0.0, STEPS - 1));
    }

    #[test]
    fn the_largest_is_that_of_each_channel_and_of_all() {
        let mut ranges = Ranges::default();
        ranges.see(&[0.5, -1.0, 2.0, 0.0], 2);
        ranges.see(&[0.25, 0.0, 0.0, -4.0], 2);
        assert_eq!(ranges.channels(), [1.0, 4.0]);
        let mut merged = seen(&[8.0]);
        merged.merge(&ranges);
        assert_eq!(merged.channels(), [8.0, 4.0]);
        assert_eq!(merged.divided(&[4.0, 0.5]).channels(), [2.0, 8.0]);
    }

    #[test]
    fn zero_lies_where_it_leaves_most_steps_to_both_sides() {
        for (numbers, zero, scale) in [
            (vec![255.0, 0.0], 0, 1.0),
            (vec![-127.0, 128.0], 127, 1.0),
            (vec![-51.0, 204.0], 51, 1.0),
            (vec![-2.0], 255, 2.0 / 255.0),
        ] {
            let steps = together(&seen(&numbers)).largest();
            assert_eq!(steps.zero, zero, "{numbers:?}");
            assert!((steps.scale / scale - 1.0).abs() < 0.01, "{numbers:?}: {steps:?}");
        }
    }

    #[test]
    fn a_value_that_is_always_zero_can_be_quantized() {
        for steps in [together(&seen(&[0.0; 9])).least_error(), together(&seen(&[])).largest()] {
            assert!(steps.scale.is_normal() && steps.scale > 0.0, "{steps:?}");
        }
    }

    #[test]
    fn an_outlier_is_clipped_and_uniform_numbers_are_not() {
        let even: Vec<f32> = (0..10_000).map(|index| index as f32 / 10_000.0).collect();
        let of_even = together(&seen(&even)).least_error().scale * BYTE;
        assert!((0.95..=1.01).contains(&of_even), "{of_even}");
        // Clipping it costs the square of the clipped part once; keeping it costs every other number some of its bits.
        let mut ranges = Ranges::default();
        (0..200).for_each(|_| ranges.see(&even, 1));
        ranges.see(&[3.0], 1);
        let of_outlier = together(&ranges).least_error().scale * BYTE;
        assert!((1.0..=2.0).contains(&of_outlier), "{of_outlier}");
        let quantile = together(&ranges).quantile(0.002).scale * BYTE;
        assert!((0.96..=1.02).contains(&quantile), "{quantile}");
    }

    #[test]
    fn the_error_of_steps_is_that_of_rounding_with_them() {
        let numbers: Vec<f32> = (0..5000).map(|index| ((index * 7919 % 5000) as f32 / 700.0).powi(2) - 4.0).collect();
        let together = together(&seen(&numbers));
        let sides = [together.below.seen(), together.above.seen()];
        for (scale, zero) in [(0.05_f32, 80), (0.1, 20), (0.15, 128)] {
            let steps = Steps { scale, zero };
            let rounded = |&number: &f32| f64::from(steps.rounded(number) - number).powi(2);
            let exact: f64 = numbers.iter().map(rounded).sum();
            let estimated = squared_error(&sides, steps);
            assert!((estimated / exact - 1.0).abs() < 0.1, "{steps:?}: {estimated} for {exact}");
        }
    }
}
