//! Everything that is chosen on the way from floats to integers, but for the weights and biases themselves.

use super::graph::Graph;
use super::integers::{Integers, Sign};
use super::ranges::Ranges;
use super::weights;
use std::collections::HashMap;

/// Of these numbers of a value this share is cut off.
const CUT_OFF: f64 = 1e-4;

/// How the scales of values are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing that was seen is cut off.
    Largest,
    /// One number in ten thousand is.
    Quantile,
    /// The mean squared error is the least.
    LeastError,
}

/// Which values are integers, and with which scales.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) integers: Integers,
    /// One for each group of values.
    pub(super) scales: Vec<f32>,
    pub(super) weights: weights::Rule,
}

impl Settings {
    pub(super) fn choose(graph: &Graph, ranges: &HashMap<String, Ranges>, rule: Rule, kept: &[String]) -> Self {
        let integers = Integers::of(graph, kept);
        let scale = |seen: &Ranges, sign: Sign| match rule {
            Rule::Largest => seen.scale_of_largest(sign.levels()),
            Rule::Quantile => seen.scale_of_quantile(sign.levels(), CUT_OFF),
            Rule::LeastError => seen.scale_of_least_error(sign.levels()),
        };
        let scales = integers.scales(graph, ranges, scale);
        let weights = if rule == Rule::Largest { weights::Rule::Largest } else { weights::Rule::LeastError };
        Self { integers, scales, weights }
    }

    /// The scale of a value that somebody reads as bytes.
    pub(super) fn scale(&self, value: &str) -> Option<f32> {
        self.integers.group(value).and_then(|group| self.scales.get(group).copied())
    }
}
