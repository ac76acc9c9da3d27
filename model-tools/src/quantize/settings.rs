//! All parameters of quantisation except weights and biases.

use super::byte_steps::Steps;
use super::graph::Graph;
use super::integers::Integers;
use super::ranges::{Ranges, Together};
use super::weight_bytes;
use std::collections::HashMap;

/// Share of the numbers of a value that is clipped.
const CUT_OFF: f64 = 1e-4;
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
    pub(super) weights: weight_bytes::Rule,
}

impl Settings {
    pub(super) fn choose(graph: &Graph, ranges: &HashMap<String, Ranges>, rule: Rule, kept: &[String]) -> Self {
        let integers = Integers::new(graph, kept);
        let steps = |together: &Together| match rule {
            Rule::Largest => together.largest(),
            Rule::Quantile => together.quantile(CUT_OFF),
            Rule::LeastError => together.least_error(),
        };
        let all = integers.together(graph, ranges);
        let weights = if rule == Rule::Largest { weight_bytes::Rule::Largest } else { weight_bytes::Rule::LeastError };
        Self { steps: all.iter().map(steps).collect(), integers, weights }
    }

    /// The steps of a value that is read as bytes.
    pub(super) fn steps(&self, value: &str) -> Option<Steps> {
        self.integers.group(value).and_then(|group| self.steps.get(group).copied())
    }
}
