//! Decides which values of a network are bytes, which of them share their steps, and which can be negative.
//!
//! A convolution reads bytes. It writes bytes if no reader needs floats. Pools and joins work on bytes if their readers
//! do, and then all their inputs and outputs share their steps. Everything else (slopes below zero, sums, means) works
//! on floats.

use super::graph::{Graph, Node, Op};
use super::ranges::{Ranges, Together};
use std::collections::{HashMap, HashSet};

/// The byte type of a quantised value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sign {
    /// `uint8` with zero point 0: no number is negative.
    Unsigned,
    /// `int8` with any zero point.
    Signed,
}

/// The integer part of a network.
#[derive(Clone, Debug)]
pub(super) struct Integers {
    /// Values that are read as bytes, each with the group whose steps it uses.
    groups: HashMap<String, usize>,
    /// Sign of each group.
    signs: Vec<Sign>,
    /// Values that are read as floats.
    floats: HashSet<String>,
    /// Nodes that work on bytes, by the name of their output.
    nodes: HashSet<String>,
}

impl Integers {
    /// `kept` are the outputs of the convolutions that stay in floats.
    pub(super) fn new(graph: &Graph, kept: &[String]) -> Self {
        let mut wanted: HashSet<String> = HashSet::new();
        let mut floats: HashSet<String> = [graph.output.clone()].into();
        let mut nodes: HashSet<String> = HashSet::new();
        for node in graph.nodes.iter().rev() {
            let on_bytes = match node.kind() {
                "Conv" => matches!(node.op, Op::Convolution(_)) && !kept.contains(&node.output),
                "MaxPool" | "Concat" => wanted.contains(&node.output),
                _ => false,
            };
            if on_bytes {
                nodes.insert(node.output.clone());
            }
            let reads = if on_bytes { &mut wanted } else { &mut floats };
            reads.extend(node.inputs.iter().cloned());
        }
        let groups = grouped(graph, &wanted, &nodes);
        let signs = signs(graph, &groups);
        Self { groups, signs, floats, nodes }
    }

    /// True if the node works on bytes.
    pub(super) fn has(&self, node: &Node) -> bool {
        self.nodes.contains(&node.output)
    }

    /// The sign of a value that is read as bytes.
    pub(super) fn sign(&self, value: &str) -> Option<Sign> {
        self.groups.get(value).map(|&group| self.signs[group])
    }

    /// The group of a value that is read as bytes.
    pub(super) fn group(&self, value: &str) -> Option<usize> {
        self.groups.get(value).copied()
    }

    pub(super) fn wants_floats(&self, value: &str) -> bool {
        self.floats.contains(value)
    }

    /// True for a convolution that can write bytes directly: no reader needs its floats, and its group has the sign of
    /// its output, so that clipping at zero acts as its rectifier.
    pub(super) fn writes_bytes(&self, node: &Node) -> bool {
        let sign = if node.rectifies() { Sign::Unsigned } else { Sign::Signed };
        self.has(node) && !self.wants_floats(&node.output) && self.sign(&node.output) == Some(sign)
    }

    /// For each group, the statistics of the values that convolutions read.
    pub(super) fn together(&self, graph: &Graph, ranges: &HashMap<String, Ranges>) -> Vec<Together> {
        let mut together = vec![Together::default(); self.signs.len()];
        let mut read = HashSet::new();
        for (node, _) in graph.convolutions().filter(|(node, _)| self.has(node)) {
            for value in node.inputs.iter().filter(|value| read.insert(*value)) {
                if let (Some(group), Some(seen)) = (self.group(value), ranges.get(value)) {
                    together[group].add(seen);
                }
            }
        }
        together
    }
}

/// Assigns values to groups: values connected by pools and joins on bytes are in the same group.
fn grouped(graph: &Graph, wanted: &HashSet<String>, nodes: &HashSet<String>) -> HashMap<String, usize> {
    let mut groups: HashMap<String, usize> = HashMap::new();
    let values = [&graph.input].into_iter().chain(graph.nodes.iter().map(|node| &node.output));
    groups.extend(values.filter(|value| wanted.contains(*value)).cloned().zip(0..));
    let joins = |node: &&Node| nodes.contains(&node.output) && matches!(node.op, Op::Plain(..));
    for node in graph.nodes.iter().filter(joins) {
        let Some(&group) = groups.get(&node.output) else { continue };
        let joined: Vec<usize> = node.inputs.iter().filter_map(|input| groups.get(input).copied()).collect();
        groups.values_mut().filter(|group| joined.contains(group)).for_each(|found| *found = group);
    }
    groups
}

/// A group is unsigned if none of its values can be negative. Groups that were merged into others keep their index.
fn signs(graph: &Graph, groups: &HashMap<String, usize>) -> Vec<Sign> {
    let mut positive: HashSet<&str> = HashSet::new();
    for node in &graph.nodes {
        let kept = node.keeps_sign() && node.reads_only_values();
        let stays = kept && node.inputs.iter().all(|input| positive.contains(input.as_str()));
        if node.rectifies() || stays {
            positive.insert(&node.output);
        }
    }
    let count = groups.values().max().map_or(0, |last| last + 1);
    let mut signs = vec![Sign::Unsigned; count];
    for (value, &group) in groups {
        if !positive.contains(value.as_str()) {
            signs[group] = Sign::Signed;
        }
    }
    signs
}
