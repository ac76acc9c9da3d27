//! All parameters of quantisation except weights and biases.

use super::graph::Graph;
use super::integers::Integers;
use super::ranges::{Ranges, Together};
use super::rounding::rounded;
use super::weights;
use std::collections::HashMap;

/// Share of the numbers of a value that is clipped.
const CUT_OFF: f64 = 1e-4;
/// The largest byte.
pub(super) const BYTE: f32 = 255.0;

/// Maps bytes to numbers: `(byte - zero) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    pub(super) scale: f32,
    pub(super) zero: u8,
}

impl Steps {
    /// The steps that cover this range below and above zero. If both are 0, any steps are valid.
    pub(super) fn reaching(below: f64, above: f64) -> Self {
        let whole = below + above;
        let zero = (f64::from(BYTE) * below / whole).round();
        // The zero point is an integer, so one side may need a larger step than the whole range.
        let sides = [(below, zero), (above, f64::from(BYTE) - zero)];
        let scale = sides.into_iter().filter(|side| side.1 > 0.0).map(|(reach, bytes)| reach / bytes);
        let scale = scale.fold(0.0, f64::max) as f32;
        if scale.is_normal() { Self { scale, zero: zero as u8 } } else { Self { scale: 1.0, zero: 0 } }
    }

    /// Rounds a number to the nearest representable one.
    pub(super) fn rounded(self, number: f32) -> f32 {
        let zero = f32::from(self.zero);
        rounded(number / self.scale, -zero, BYTE - zero) * self.scale
    }
}

/// How the steps of values are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Clips nothing.
    Largest,
    /// Clips one number in ten thousand.
    Quantile,
    /// Minimises the mean squared error.
    LeastError,
}

/// Which values are integers, and with which steps.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) integers: Integers,
    /// Steps of each group of values.
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

    /// The steps of a value that is read as bytes.
    pub(super) fn steps(&self, value: &str) -> Option<Steps> {
        self.integers.group(value).and_then(|group| self.steps.get(group).copied())
    }
}
