//! Quantises weights to bytes, -127 to 127, with one scale per output channel.
//!
//! Rounding preserves the sum of a channel's weights. In an image area of one colour (black beside a face at the edge
//! of a photo), an error of the sum does not average out among neighbours, but is the same everywhere.

use super::graph::Convolution;
use super::rounding::rounded;
use rayon::prelude::*;

/// The largest magnitude of a weight as a byte.
const LEVELS: f32 = 127.0;
/// Number of candidate scales, downwards from the one that clips nothing, and the smallest as a share of it.
const CANDIDATES: usize = 24;
const LEAST_PART: f32 = 0.7;

/// The quantised weights of a convolution.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ByteWeights {
    pub(super) values: Vec<i8>,
    /// One number per output channel.
    pub(super) scales: Vec<f32>,
}

/// How a channel's scale is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Clips nothing.
    Largest,
    /// Minimises the squared error.
    LeastError,
}

/// Weight of the squared error of a channel's sum, divided by the number of weights, against the squared errors of the
/// weights.
const SUM: f32 = 3.0;

impl ByteWeights {
    pub(super) fn new(convolution: &Convolution, rule: Rule) -> Self {
        let row = convolution.row().max(1);
        let rows: Vec<(f32, Vec<f32>)> =
            convolution.weights.par_chunks(row).map(|row| rounded_row(row, rule)).collect();
        let scales = rows.iter().map(|(scale, _)| *scale).collect();
        Self { values: rows.iter().flat_map(|(_, steps)| steps.iter().map(|&step| step as i8)).collect(), scales }
    }

    /// The floats that the bytes represent.
    pub(super) fn widened(&self) -> Vec<f32> {
        let row = (self.values.len() / self.scales.len().max(1)).max(1);
        let rows = self.values.chunks(row).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&value| f32::from(value) * scale)).collect()
    }
}

/// A channel's scale, and its weights in units of it.
fn rounded_row(row: &[f32], rule: Rule) -> (f32, Vec<f32>) {
    let largest = row.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs())) / LEVELS;
    if !largest.is_normal() {
        return (1.0, vec![0.0; row.len()]);
    }
    let parts = match rule {
        Rule::Largest => 1,
        Rule::LeastError => CANDIDATES,
    };
    let mut best = (largest, steps_of(row, largest));
    let mut least = error(row, best.0, &best.1);
    for part in 1..parts {
        let scale = largest * (1.0 - (1.0 - LEAST_PART) * part as f32 / CANDIDATES as f32);
        let steps = steps_of(row, scale);
        let found = error(row, scale, &steps);
        if found < least {
            (best, least) = ((scale, steps), found);
        }
    }
    best
}

/// Rounds to the nearest integers, except a few that are rounded the other way so that the sum is right to half a step.
fn steps_of(row: &[f32], scale: f32) -> Vec<f32> {
    let mut steps: Vec<f32> = row.iter().map(|&weight| rounded(weight / scale, -LEVELS, LEVELS)).collect();
    let too_large: f64 =
        row.iter().zip(&steps).map(|(&weight, &step)| f64::from(step) - f64::from(weight / scale)).sum();
    let turned = too_large.round_ties_even();
    let by = -turned.signum() as f32;
    let costs = |(place, (&weight, &step)): (usize, (&f32, &f32))| {
        let exact = weight / scale;
        ((step + by - exact).powi(2) - (step - exact).powi(2), place)
    };
    let within = |&(_, place): &(f32, usize)| (steps[place] + by).abs() <= LEVELS;
    let mut costs: Vec<(f32, usize)> = match turned {
        0.0 => return steps,
        _ => row.iter().zip(&steps).enumerate().map(costs).filter(within).collect(),
    };
    let count = (turned.abs() as usize).min(costs.len());
    if count == 0 {
        return steps;
    }
    costs.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    costs[..count].iter().for_each(|&(_, place)| steps[place] += by);
    steps
}

fn error(row: &[f32], scale: f32, steps: &[f32]) -> f32 {
    let off = row.iter().zip(steps).map(|(&weight, &step)| step * scale - weight);
    let (squares, sum) = off.fold((0.0, 0.0_f64), |(squares, sum), off| (squares + off * off, sum + f64::from(off)));
    squares + SUM * (sum * sum) as f32 / row.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::super::tests::convolution;
    use super::*;

    #[test]
    fn each_channel_has_the_scale_of_its_own_largest_weight() {
        let layer = convolution([3, 1, 1, 2], &[1.27, -0.5, 0.0, 0.0, 12.7, -25.4], 1);
        let weights = ByteWeights::new(&layer, Rule::Largest);
        assert_eq!(weights.values, [127, -50, 0, 0, 64, -127]);
        assert_eq!(weights.scales[1], 1.0, "a channel without weights takes any scale");
        for (widened, weight) in weights.widened().iter().zip(&layer.weights) {
            assert!((widened - weight).abs() <= 0.101, "{widened} for {weight}");
        }
    }

    #[test]
    fn the_sum_is_kept() {
        let row: Vec<f32> = (0..27).map(|index| ((index * 37 % 27) as f32 / 27.0 - 0.3).powi(3)).collect();
        for rule in [Rule::Largest, Rule::LeastError] {
            let weights = ByteWeights::new(&convolution([1, 3, 3, 3], &row, 1), rule);
            let sum = |numbers: &[f32]| numbers.iter().copied().map(f64::from).sum::<f64>();
            let off = (sum(&weights.widened()) - sum(&row)).abs();
            assert!(off <= f64::from(weights.scales[0]) * 0.51, "{rule:?}: {off}, {}", weights.scales[0]);
        }
    }

    #[test]
    fn an_outlying_weight_is_clipped_if_that_reduces_the_error() {
        let mut row: Vec<f32> = (0..20_000).map(|index| (index % 200) as f32 / 200.0 - 0.5).collect();
        row[7] = 0.6;
        let layer = convolution([1, 20_000, 1, 1], &row, 1);
        let error = |rule| {
            let widened = ByteWeights::new(&layer, rule).widened();
            widened.iter().zip(&row).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        };
        assert!(error(Rule::LeastError) < error(Rule::Largest) * 0.95);
    }
}
