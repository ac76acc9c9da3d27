//! Everything that is chosen on the way from floats to integers, but for the weights and biases themselves.

use super::graph::Graph;
use super::integers::Integers;
use super::ranges::{Ranges, Together};
use super::rounding::rounded;
use super::weights;
use std::collections::HashMap;

/// Of these numbers of a value this share is cut off.
const CUT_OFF: f64 = 1e-4;
/// The largest byte.
pub(super) const BYTE: f32 = 255.0;

/// The numbers that the bytes of a value stand for: `(byte - zero) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    pub(super) scale: f32,
    pub(super) zero: u8,
}

impl Steps {
    /// The steps that reach so far below zero and so far above it. What is always zero takes any.
    pub(super) fn reaching(below: f64, above: f64) -> Self {
        let whole = below + above;
        let zero = (f64::from(BYTE) * below / whole).round();
        // As the zero is a whole byte, one side may need a larger step than both together.
        let sides = [(below, zero), (above, f64::from(BYTE) - zero)];
        let scale = sides.into_iter().filter(|side| side.1 > 0.0).map(|(reach, bytes)| reach / bytes);
        let scale = scale.fold(0.0, f64::max) as f32;
        if scale.is_normal() { Self { scale, zero: zero as u8 } } else { Self { scale: 1.0, zero: 0 } }
    }

    /// The number that the nearest byte stands for.
    pub(super) fn rounded(self, number: f32) -> f32 {
        let zero = f32::from(self.zero);
        rounded(number / self.scale, -zero, BYTE - zero) * self.scale
    }
}

/// How the steps of values are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing that was seen is cut off.
    Largest,
    /// One number in ten thousand is.
    Quantile,
    /// The mean squared error is the least.
    LeastError,
}

/// Which values are integers, and with which steps.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) integers: Integers,
    /// Those of each group of values.
    pub(super) steps: Vec<Steps>,
    pub(super) weights: weights::Rule,
}

impl Settings {
    pub(super) fn choose(graph: &Graph, ranges: &HashMap<String, Ranges>, rule: Rule, kept: &[String]) -> Self {
        let integers = Integers::of(graph, kept);
        let steps = |together: &Together| match rule {
            Rule::Largest => together.largest(),
            Rule::Quantile => together.quantile(CUT_OFF),
            Rule::LeastError => together.least_error(),
        };
        let all = integers.together(graph, ranges);
        let weights = if rule == Rule::Largest { weights::Rule::Largest } else { weights::Rule::LeastError };
        Self { steps: all.iter().map(steps).collect(), integers, weights }
    }

    /// The steps of a value that somebody reads as bytes.
    pub(super) fn steps(&self, value: &str) -> Option<Steps> {
        self.integers.group(value).and_then(|group| self.steps.get(group).copied())
    }
}
