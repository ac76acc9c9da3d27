//! Runs a network node by node over many crops at a time, so that each node can be inspected and changed before the
//! next one reads its output.

use super::byte_steps::Steps;
use super::emit::{in_floats, in_proto};
use super::graph::onnx::model;
use super::graph::{Convolution, Graph, Node, Op};
use super::settings::Settings;
use super::weight_bytes::ByteWeights;
use crate::onnx_parts::{dims, floats_value, shapeless_value};
use anyhow::{Context, Result, bail, ensure};
use models::onnx::pb::GraphProto;
use models::planned::Planned;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A value for all crops.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    /// Shape for one crop: 1, channels, height, width.
    pub(super) shape: Vec<usize>,
    pub(super) crops: Vec<Vec<f32>>,
}

impl Batch {
    pub(super) fn channels(&self) -> usize {
        self.shape.get(1).copied().unwrap_or(1)
    }

    /// The value after conversion to bytes and back.
    pub(super) fn rounded(&self, steps: Steps) -> Self {
        let round = |&number: &f32| steps.rounded(number);
        let crops = self.crops.par_iter().map(|numbers| numbers.iter().map(round).collect()).collect();
        Self { shape: self.shape.clone(), crops }
    }

    /// The mean of each channel over all places of all crops.
    pub(super) fn channel_means(&self) -> Vec<f64> {
        let channels = self.channels();
        let mut sums = vec![0.0; channels];
        let mut counted = 0;
        for numbers in &self.crops {
            let area = (numbers.len() / channels.max(1)).max(1);
            counted += area;
            for (numbers, sum) in numbers.chunks(area).zip(&mut sums) {
                *sum += numbers.iter().copied().map(f64::from).sum::<f64>();
            }
        }
        sums.iter().map(|sum| sum / counted.max(1) as f64).collect()
    }

    /// Adds a number to each channel, and clips at zero if `rectify` is true.
    pub(super) fn shift(&mut self, by: &[f64], rectify: bool) {
        let channels = self.channels();
        self.crops.par_iter_mut().for_each(|numbers| {
            let area = (numbers.len() / channels.max(1)).max(1);
            for (numbers, &by) in numbers.chunks_mut(area).zip(by) {
                for number in numbers {
                    *number += by as f32;
                    if rectify {
                        *number = number.max(0.0);
                    }
                }
            }
        });
    }
}

/// Values that a later node reads.
pub(super) struct Live {
    values: HashMap<String, Batch>,
    readers: HashMap<String, usize>,
}

impl Live {
    /// The normalised crops, before the first node.
    pub(super) fn at_start(graph: &Graph, crops: &[Vec<f32>]) -> Self {
        let mut readers: HashMap<String, usize> = HashMap::new();
        for input in graph.up_to_last_convolution().iter().flat_map(|node| &node.inputs) {
            *readers.entry(input.clone()).or_default() += 1;
        }
        let picture = Batch { shape: graph.input_shape.to_vec(), crops: crops.to_vec() };
        Self { values: [(graph.input.clone(), picture)].into(), readers }
    }

    /// The inputs of a node.
    pub(super) fn inputs(&self, node: &Node) -> Result<Vec<&Batch>> {
        let value =
            |name: &String| self.values.get(name).with_context(|| format!("`{name}` is read before it is computed"));
        node.inputs.iter().map(value).collect()
    }

    /// The inputs of a node in the quantised network.
    pub(super) fn rounded_inputs(&self, node: &Node, settings: &Settings) -> Result<Vec<Cow<'_, Batch>>> {
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for (name, batch) in node.inputs.iter().zip(self.inputs(node)?) {
            inputs.push(match settings.steps(name) {
                Some(steps) if settings.integers.has(node) => Cow::Owned(batch.rounded(steps)),
                _ => Cow::Borrowed(batch),
            });
        }
        Ok(inputs)
    }

    /// Stores the output of a node, and drops values that no later node reads.
    pub(super) fn made(&mut self, node: &Node, batch: Batch) {
        for input in &node.inputs {
            if let Some(left) = self.readers.get_mut(input) {
                *left -= 1;
                if *left == 0 {
                    self.values.remove(input);
                }
            }
        }
        if self.readers.contains_key(&node.output) {
            self.values.insert(node.output.clone(), batch);
        }
    }
}

/// Runs the network up to its last convolution and passes on every value, including the input. With settings, it runs
/// the quantised network; its numbers are floats that integers can represent.
///
/// # Errors
/// If a node cannot be run by itself.
pub(super) fn walk(
    graph: &Graph,
    settings: Option<&Settings>,
    crops: &[Vec<f32>],
    mut visit: impl FnMut(&str, &Batch),
) -> Result<()> {
    let mut live = Live::at_start(graph, crops);
    if let Some(picture) = live.values.get(&graph.input) {
        visit(&graph.input, picture);
    }
    for node in graph.up_to_last_convolution() {
        let made = match settings {
            Some(settings) => applied_in_integers(node, graph.operators, settings, &live)?,
            None => applied(node, graph.operators, &live.inputs(node)?)?,
        };
        visit(&node.output, &made);
        live.made(node, made);
    }
    Ok(())
}

fn applied_in_integers(node: &Node, operators: i64, settings: &Settings, live: &Live) -> Result<Batch> {
    let rounded = live.rounded_inputs(node, settings)?;
    match (&node.op, rounded.as_slice()) {
        (Op::Convolution(convolution), [input]) if settings.integers.has(node) => {
            let weights = ByteWeights::new(convolution, settings.weights).widened();
            convolved(convolution, &weights, operators, input)
        }
        (_, rounded) => applied(node, operators, &rounded.iter().map(AsRef::as_ref).collect::<Vec<&Batch>>()),
    }
}

/// The outputs of the network for these crops; see [`walk`].
///
/// # Errors
/// As [`walk`], or if the nodes after the last convolution read other values too.
#[cfg(test)]
pub(super) fn outputs(graph: &Graph, settings: Option<&Settings>, crops: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
    let body = graph.up_to_last_convolution();
    let (Some(last), tail) = (body.last(), &graph.nodes[body.len()..]) else { bail!("a network without convolutions") };
    let mut end = Batch::default();
    walk(graph, settings, crops, |name, batch| {
        if name == last.output {
            end = batch.clone();
        }
    })?;
    let mut proto = GraphProto::default();
    for node in tail {
        let (constants, nodes) = in_proto(node);
        proto.initializer.extend(constants);
        proto.node.extend(nodes);
    }
    if tail.is_empty() {
        return Ok(end.crops);
    }
    Ok(run_alone(proto, graph.operators, [&last.output, &graph.output], &end)?.crops)
}

/// Applies a node to its inputs, in floats.
///
/// # Errors
/// If it has several inputs and is neither a sum nor a join of channels, or tract cannot run it.
pub(super) fn applied(node: &Node, operators: i64, inputs: &[&Batch]) -> Result<Batch> {
    match inputs {
        [input] => {
            let (initializer, nodes) = in_proto(node);
            let proto = GraphProto { node: nodes, initializer, ..GraphProto::default() };
            run_alone(proto, operators, [&node.inputs[0], &node.output], input)
        }
        [a, b] if node.kind() == "Add" => added(a, b),
        inputs if node.kind() == "Concat" => joined(inputs),
        _ => bail!("it reads {} values, which is not supported", inputs.len()),
    }
    .with_context(|| format!("node `{}` ({})", node.output, node.kind()))
}

/// Applies the convolution with other weights of the same dimensions.
///
/// # Errors
/// If tract cannot run it.
pub(super) fn convolved(convolution: &Convolution, weights: &[f32], operators: i64, input: &Batch) -> Result<Batch> {
    let (constants, nodes) = in_floats(convolution, weights, "x", "y");
    let proto = GraphProto { node: nodes, initializer: constants, ..GraphProto::default() };
    run_alone(proto, operators, ["x", "y"], input)
}

/// Runs a graph with one input and one output on all cores.
fn run_alone(mut graph: GraphProto, operators: i64, [from, to]: [&str; 2], input: &Batch) -> Result<Batch> {
    graph.input.push(floats_value(from, &dims(&input.shape)));
    graph.output.push(shapeless_value(to));
    // A planned network can be sent to another thread, but not shared.
    let planned = Mutex::new(Planned::new(model(graph, operators), &input.shape, 1)?);
    let own = || planned.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let run = |planned: &mut Planned, numbers: &Vec<f32>| planned.run(numbers);
    let made: Vec<_> = input.crops.par_iter().map_init(own, run).collect::<Result<_, _>>()?;
    let mut batch = Batch::default();
    for value in made.into_iter().flat_map(|values| values.into_iter().next()) {
        batch.shape = value.shape;
        batch.crops.push(value.numbers);
    }
    Ok(batch)
}

fn added(a: &Batch, b: &Batch) -> Result<Batch> {
    ensure!(a.shape == b.shape, "a sum of {:?} and {:?}", a.shape, b.shape);
    let sum = |(a, b): (&Vec<f32>, &Vec<f32>)| a.iter().zip(b).map(|(a, b)| a + b).collect();
    Ok(Batch { shape: a.shape.clone(), crops: a.crops.par_iter().zip(&b.crops).map(sum).collect() })
}

/// Joins the channels of one image at a time.
fn joined(inputs: &[&Batch]) -> Result<Batch> {
    let Some(first) = inputs.first() else { bail!("a join without inputs") };
    let mut shape = first.shape.clone();
    let fits = |other: &&Batch| other.shape.len() == 4 && other.shape[0] == 1 && other.shape[2..] == first.shape[2..];
    ensure!(inputs.iter().all(fits), "a join along another axis than the channels");
    shape[1] = inputs.iter().map(|input| input.shape[1]).sum();
    let whole = |crop: usize| inputs.iter().flat_map(|input| input.crops[crop].iter().copied()).collect();
    Ok(Batch { shape, crops: (0..first.crops.len()).into_par_iter().map(whole).collect() })
}
