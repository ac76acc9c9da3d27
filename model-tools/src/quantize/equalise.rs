//! Cross-layer equalisation. A channel with a small range compared with the others of its value loses most of its bits.
//! It is therefore scaled up where it is made and scaled down again where it is read, which changes only the rounding.
//!
//! This is valid if all nodes in between commute with scaling a channel: rectifiers, slopes below zero, pools, sums and
//! joins (Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction"). Weights have a
//! scale per output channel, so only the loss in a reader's input channels is weighed against the gain in the value,
//! with an exponent (Xiao et al. 2023, "SmoothQuant", equation 4).

use super::graph::{Convolution, Graph, Node, Op};
use super::ranges::Ranges;
use std::collections::HashMap;

/// Smallest factor of a channel; the largest is its inverse.
const LEAST_FACTOR: f64 = 1.0 / 1024.0;

/// The equalised graph, and the ranges of its values. `exponent`, 0 to 1, weighs the ranges of values against those of
/// weights. Depthwise readers lose nothing, so for them only the ranges of values count.
pub(super) fn equalised(
    graph: &Graph,
    ranges: &HashMap<String, Ranges>,
    exponent: f64,
) -> (Graph, HashMap<String, Ranges>) {
    let classes = Classes::new(graph, ranges);
    let factors = classes.factors(graph, ranges, exponent);
    let mut equalised = graph.clone();
    for node in &mut equalised.nodes {
        if let Op::Convolution(convolution) = &mut node.op {
            let read = classes.channels(&node.inputs[0]).map(|class| factors[class]);
            let made = classes.channels(&node.output).map(|class| factors[class]);
            rescale(convolution, &read.collect::<Vec<f64>>(), &made.collect::<Vec<f64>>());
        }
    }
    let divided = |(value, seen): (&String, &Ranges)| {
        let factors: Vec<f64> = classes.channels(value).map(|class| factors[class]).collect();
        (value.clone(), seen.divided(&factors))
    };
    (equalised, ranges.iter().map(divided).collect())
}

/// Adapts a convolution: its input has been divided by `read`, its output shall be divided by `made`.
fn rescale(convolution: &mut Convolution, read: &[f64], made: &[f64]) {
    let row = convolution.row().max(1);
    for output in 0..convolution.dims[0] {
        let Some(&divisor) = made.get(output) else { continue };
        for place in 0..row {
            let Some(&factor) = read.get(convolution.input_channel(output, place)) else { continue };
            let weight = &mut convolution.weights[output * row + place];
            *weight = (f64::from(*weight) * factor / divisor) as f32;
        }
        convolution.bias[output] = (f64::from(convolution.bias[output]) / divisor) as f32;
    }
}

/// Classes of channels that must have the same factor. Class 0 has the fixed factor 1.
struct Classes {
    /// Index of the first channel of a value among all channels, and its number of channels.
    places: HashMap<String, (usize, usize)>,
    /// Union-find parent of each channel: another channel of its class, or itself.
    above: Vec<usize>,
}

impl Classes {
    fn new(graph: &Graph, ranges: &HashMap<String, Ranges>) -> Self {
        let mut classes = Self { places: HashMap::new(), above: vec![0] };
        let known = |name: &String| ranges.get(name).map_or(0, Ranges::count);
        classes.add(&graph.input, known(&graph.input));
        for node in &graph.nodes {
            let channels = match &node.op {
                Op::Convolution(convolution) => convolution.dims[0],
                _ => known(&node.output),
            };
            classes.add(&node.output, channels);
        }
        classes.pin(&graph.input);
        classes.pin(&graph.output);
        graph.nodes.iter().for_each(|node| classes.join_through(node));
        classes
    }

    fn add(&mut self, value: &str, channels: usize) {
        let first = self.above.len();
        self.above.extend(first..first + channels);
        self.places.insert(value.to_owned(), (first, channels));
    }

    /// The class of each channel of a value.
    fn channels(&self, value: &str) -> impl Iterator<Item = usize> + '_ {
        let (first, count) = self.places.get(value).copied().unwrap_or((0, 0));
        (first..first + count).map(|place| self.class(place))
    }

    fn class(&self, mut place: usize) -> usize {
        while self.above[place] != place {
            place = self.above[place];
        }
        place
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.class(a), self.class(b));
        self.above[a.max(b)] = a.min(b);
    }

    fn pin(&mut self, value: &str) {
        let channels: Vec<usize> = self.channels(value).collect();
        channels.into_iter().for_each(|channel| self.join(channel, 0));
    }

    fn join_through(&mut self, node: &Node) {
        let each = |value: &String| self.places.get(value).copied().unwrap_or((0, 0));
        let made = each(&node.output);
        let read: Vec<(usize, usize)> = node.inputs.iter().map(each).collect();
        let alike = read.iter().all(|place| place.1 == made.1 && made.1 > 0);
        let linear = matches!(node.op, Op::PRelu(_)) || node.reads_only_values();
        match node.kind() {
            "Conv" if matches!(node.op, Op::Convolution(_)) => {}
            "Relu" | "PRelu" | "MaxPool" | "AveragePool" | "GlobalAveragePool" | "Add" if alike && linear => {
                for (first, count) in read {
                    (0..count).for_each(|channel| self.join(first + channel, made.0 + channel));
                }
            }
            "Concat" if read.iter().map(|place| place.1).sum::<usize>() == made.1 => {
                let parts = read.into_iter().flat_map(|(first, count)| first..first + count);
                parts.zip(made.0..).for_each(|(part, whole)| self.join(part, whole));
            }
            _ => {
                node.inputs.iter().for_each(|input| self.pin(input));
                self.pin(&node.output);
            }
        }
    }

    /// The factor of each class.
    fn factors(&self, graph: &Graph, ranges: &HashMap<String, Ranges>, exponent: f64) -> Vec<f64> {
        let mut seen = vec![Seen::default(); self.above.len()];
        for (node, convolution) in graph.convolutions() {
            let Some(ranges) = ranges.get(&node.inputs[0]) else { continue };
            let channels = ranges.channels();
            let largest = f64::from(channels.iter().copied().fold(0.0, f32::max));
            let weights = largest_by_input(convolution);
            for ((class, &range), &weight) in self.channels(&node.inputs[0]).zip(&channels).zip(&weights) {
                let seen = &mut seen[class];
                seen.range = seen.range.max(f64::from(range) / largest.max(f64::MIN_POSITIVE));
                if !convolution.is_depthwise() {
                    seen.weight = Some(seen.weight.unwrap_or(0.0).max(weight));
                }
            }
        }
        let mut factors: Vec<f64> = seen.iter().map(|seen| seen.factor(exponent)).collect();
        factors[0] = 1.0;
        factors
    }
}

/// Size of a class relative to the other channels of the same inputs: 0 to 1.
#[derive(Clone, Default)]
struct Seen {
    range: f64,
    /// `None` if every reader is depthwise.
    weight: Option<f64>,
}

impl Seen {
    fn factor(&self, exponent: f64) -> f64 {
        let factor = match self.weight {
            None => self.range,
            Some(weight) => self.range.powf(exponent) / weight.max(LEAST_FACTOR).powf(1.0 - exponent),
        };
        if self.range > 0.0 { factor.clamp(LEAST_FACTOR, 1.0 / LEAST_FACTOR) } else { 1.0 }
    }
}

/// For each input channel, the largest weight relative to the largest of its output channel.
fn largest_by_input(convolution: &Convolution) -> Vec<f64> {
    let row = convolution.row().max(1);
    let mut largest = vec![0.0_f64; convolution.dims[1] * convolution.groups];
    for (output, weights) in convolution.weights.chunks(row).enumerate() {
        let most = weights.iter().fold(f32::MIN_POSITIVE, |most, weight| most.max(weight.abs()));
        for (place, weight) in weights.iter().enumerate() {
            let seen = &mut largest[convolution.input_channel(output, place)];
            *seen = seen.max(f64::from(weight.abs() / most));
        }
    }
    largest
}
