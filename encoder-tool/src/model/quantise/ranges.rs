//! How large the numbers of a value are, and the scale that turns them into bytes with the least loss.

/// Bits of a float's mantissa that tell magnitudes apart: 64 steps from one power of two to the next.
const STEP_BITS: u32 = 6;
/// Magnitudes below 2^-31 fall into the first step, those above 2^32 into the last.
const LOWEST_EXPONENT: u32 = 127 - 31;
const STEPS: usize = 64 << STEP_BITS;

/// Scales that are tried, from the largest magnitude downwards.
const CANDIDATES: usize = 120;
/// The smallest part of the largest magnitude that is tried.
const LEAST_PART: f64 = 0.15;

/// What was seen of a value: how often each magnitude, and the largest of each channel.
#[derive(Clone, Debug)]
pub(super) struct Ranges {
    counts: Vec<u64>,
    largest: f32,
    channels: Vec<f32>,
}

impl Default for Ranges {
    fn default() -> Self {
        Self { counts: vec![0; STEPS], largest: 0.0, channels: Vec::new() }
    }
}

impl Ranges {
    /// Takes in the numbers of one value, channel after channel.
    pub(super) fn see(&mut self, numbers: &[f32], channels: usize) {
        self.channels.resize(channels, 0.0);
        for (numbers, largest) in numbers.chunks((numbers.len() / channels.max(1)).max(1)).zip(&mut self.channels) {
            for number in numbers {
                let magnitude = number.abs();
                self.counts[step(magnitude)] += 1;
                *largest = largest.max(magnitude);
            }
            self.largest = self.largest.max(*largest);
        }
    }

    /// Takes in what was seen elsewhere, of the same value or of one that shares its scale.
    pub(super) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.largest = self.largest.max(other.largest);
        if self.channels.len() < other.channels.len() {
            self.channels.resize(other.channels.len(), 0.0);
        }
        self.channels.iter_mut().zip(&other.channels).for_each(|(largest, other)| *largest = largest.max(*other));
    }

    /// The largest magnitude of each channel.
    pub(super) fn channels(&self) -> &[f32] {
        &self.channels
    }

    /// The scale at which nothing is cut off. `levels` is the largest integer, 127 or 255.
    pub(super) fn scale_of_largest(&self, levels: f32) -> f32 {
        usable(self.largest / levels)
    }

    /// The scale at which this share of all numbers is cut off, 0 to 1.
    pub(super) fn scale_of_quantile(&self, levels: f32, cut_off: f64) -> f32 {
        let total: u64 = self.counts.iter().sum();
        let mut left = (total as f64 * cut_off) as u64;
        for (index, &count) in self.counts.iter().enumerate().rev() {
            if count > left {
                return usable((middle(index) as f32).min(self.largest) / levels);
            }
            left -= count;
        }
        self.scale_of_largest(levels)
    }

    /// The scale with the least mean squared error: rounding against cutting off.
    pub(super) fn scale_of_least_error(&self, levels: f32) -> f32 {
        let largest = f64::from(self.largest);
        let tried = (0..CANDIDATES).map(|index| {
            let part = 1.0 - (1.0 - LEAST_PART) * index as f64 / CANDIDATES as f64;
            let scale = largest * part / f64::from(levels);
            (scale, self.squared_error(scale, f64::from(levels)))
        });
        let best = tried.min_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(f32::MIN_POSITIVE, |(scale, _)| usable(scale as f32))
    }

    /// Sum over all numbers. A number between two integers is off by a uniformly distributed part of the scale, whose
    /// square has the mean `scale^2 / 12`; what is nearer to zero than half a scale becomes zero.
    fn squared_error(&self, scale: f64, levels: f64) -> f64 {
        let error = |magnitude: f64| match magnitude {
            small if small < scale / 2.0 => small * small,
            large if large > scale * (levels + 0.5) => (large - scale * levels).powi(2),
            _ => scale * scale / 12.0,
        };
        let seen = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        seen.map(|(index, &count)| count as f64 * error(middle(index))).sum()
    }
}

/// A scale is never zero: a value that is always zero takes any.
fn usable(scale: f32) -> f32 {
    if scale.is_normal() && scale > 0.0 { scale } else { 1.0 }
}

/// The step of a magnitude: exponent and the first bits of the mantissa, as they lie in a float.
fn step(magnitude: f32) -> usize {
    let lowest = LOWEST_EXPONENT << STEP_BITS;
    ((magnitude.to_bits() >> (23 - STEP_BITS)).saturating_sub(lowest) as usize).min(STEPS - 1)
}

/// The magnitude in the middle of a step.
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

    #[test]
    fn a_step_holds_its_middle() {
        for magnitude in [1e-8, 0.001, 0.999, 1.0, 1.5, 3.0, 1000.0, 1e6] {
            let middle = middle(step(magnitude));
            assert!((middle / f64::from(magnitude) - 1.0).abs() < 1.0 / 64.0, "{magnitude}: {middle}");
        }
        assert_eq!((middle(step(0.0)), step(f32::INFINITY)), (0.0, STEPS - 1));
    }

    #[test]
    fn the_largest_is_that_of_each_channel_and_of_all() {
        let mut ranges = Ranges::default();
        ranges.see(&[0.5, -1.0, 2.0, 0.0], 2);
        ranges.see(&[0.25, 0.0, 0.0, -4.0], 2);
        assert_eq!(ranges.channels(), [1.0, 4.0]);
        assert_eq!(ranges.scale_of_largest(127.0), 4.0 / 127.0);
        let mut merged = seen(&[8.0]);
        merged.merge(&ranges);
        assert_eq!((merged.scale_of_largest(1.0), merged.channels()), (8.0, &[8.0, 4.0][..]));
    }

    #[test]
    fn a_value_that_is_always_zero_has_a_scale() {
        for scale in [seen(&[0.0; 9]).scale_of_least_error(255.0), seen(&[]).scale_of_largest(255.0)] {
            assert!(scale.is_normal() && scale > 0.0, "{scale}");
        }
    }

    #[test]
    fn one_number_far_out_is_cut_off_and_even_ones_are_not() {
        let even: Vec<f32> = (0..10_000).map(|index| index as f32 / 10_000.0).collect();
        let of_even = seen(&even).scale_of_least_error(255.0) * 255.0;
        assert!((0.95..=1.0).contains(&of_even), "{of_even}");
        // Cutting it off costs the square of what is lost once; keeping it costs every other number some of its bits.
        let mut ranges = Ranges::default();
        (0..200).for_each(|_| ranges.see(&even, 1));
        ranges.see(&[3.0], 1);
        let of_outlier = ranges.scale_of_least_error(255.0) * 255.0;
        assert!((1.0..=2.0).contains(&of_outlier), "{of_outlier}");
        let quantile = ranges.scale_of_quantile(255.0, 0.001) * 255.0;
        assert!((0.97..=1.01).contains(&quantile), "{quantile}");
    }

    #[test]
    fn the_error_of_a_scale_is_that_of_rounding_with_it() {
        let numbers: Vec<f32> = (0..5000).map(|index| ((index * 7919 % 5000) as f32 / 700.0).powi(2)).collect();
        let ranges = seen(&numbers);
        for scale in [0.05_f64, 0.1, 0.15] {
            let rounded = |&number: &f32| {
                let number = f64::from(number);
                ((number / scale).round().min(255.0) * scale - number).powi(2)
            };
            let exact: f64 = numbers.iter().map(rounded).sum();
            let estimated = ranges.squared_error(scale, 255.0);
            assert!((estimated / exact - 1.0).abs() < 0.1, "{scale}: {estimated} for {exact}");
        }
    }
}
