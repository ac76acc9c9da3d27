//! Weights as bytes: one scale for each output channel, -127 to 127.

use super::graph::Convolution;
use super::rounding::rounded;
use rayon::prelude::*;

/// The largest magnitude of a weight as a byte.
const LEVELS: f32 = 127.0;
/// Scales that are tried, from the one at which nothing is cut off downwards, and the smallest part of it.
const CANDIDATES: usize = 24;
const LEAST_PART: f32 = 0.7;

/// The weights of a convolution.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ByteWeights {
    pub(super) values: Vec<i8>,
    /// One for each output channel.
    pub(super) scales: Vec<f32>,
}

/// How a channel's scale is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing is cut off.
    Largest,
    /// The mean squared error is the least.
    LeastError,
}

impl ByteWeights {
    pub(super) fn of(convolution: &Convolution, rule: Rule) -> Self {
        let row = convolution.row().max(1);
        let scales: Vec<f32> = convolution.weights.par_chunks(row).map(|row| scale_of(row, rule)).collect();
        let rows = convolution.weights.chunks(row).zip(&scales);
        let values = rows.flat_map(|(row, &scale)| row.iter().map(move |&weight| byte(weight, scale))).collect();
        Self { values, scales }
    }

    /// The floats that the bytes stand for.
    pub(super) fn widened(&self) -> Vec<f32> {
        let row = (self.values.len() / self.scales.len().max(1)).max(1);
        let rows = self.values.chunks(row).zip(&self.scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&value| f32::from(value) * scale)).collect()
    }
}

fn scale_of(row: &[f32], rule: Rule) -> f32 {
    let largest = row.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs())) / LEVELS;
    if !largest.is_normal() {
        return 1.0;
    }
    let parts = match rule {
        Rule::Largest => 1,
        Rule::LeastError => CANDIDATES,
    };
    let tried = (0..parts).map(|index| largest * (1.0 - (1.0 - LEAST_PART) * index as f32 / CANDIDATES as f32));
    let tried = tried.map(|scale| (scale, squared_error(row, scale)));
    tried.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(largest, |(scale, _)| scale)
}

fn squared_error(row: &[f32], scale: f32) -> f32 {
    row.iter().map(|&weight| (rounded(weight / scale, -LEVELS, LEVELS) * scale - weight).powi(2)).sum()
}

fn byte(weight: f32, scale: f32) -> i8 {
    rounded(weight / scale, -LEVELS, LEVELS) as i8
}

#[cfg(test)]
mod tests {
    use super::super::tests::convolution;
    use super::*;

    #[test]
    fn each_channel_has_the_scale_of_its_own_largest_weight() {
        let layer = convolution([3, 1, 1, 2], &[1.27, -0.5, 0.0, 0.0, 12.7, -25.4], 1);
        let weights = ByteWeights::of(&layer, Rule::Largest);
        assert_eq!(weights.values, [127, -50, 0, 0, 64, -127]);
        assert_eq!(weights.scales[1], 1.0, "a channel without weights takes any scale");
        for (widened, weight) in weights.widened().iter().zip(&layer.weights) {
            assert!((widened - weight).abs() <= 0.101, "{widened} for {weight}");
        }
    }

    #[test]
    fn one_weight_far_out_is_cut_off_where_that_is_nearer_to_all() {
        let mut row: Vec<f32> = (0..20_000).map(|index| (index % 200) as f32 / 200.0 - 0.5).collect();
        row[7] = 0.6;
        let layer = convolution([1, 20_000, 1, 1], &row, 1);
        let error = |rule| {
            let widened = ByteWeights::of(&layer, rule).widened();
            widened.iter().zip(&row).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        };
        assert!(error(Rule::LeastError) < error(Rule::Largest) * 0.95);
    }
}
