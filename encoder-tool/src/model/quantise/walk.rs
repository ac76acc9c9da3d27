//! Runs a network node by node over many crops at a time, so that each node can be looked at, and changed, before the
//! next one reads what it makes.

use super::emit::in_floats;
use super::graph::onnx::{model, value};
use super::graph::{Convolution, Graph, Node, Op, taken_apart};
use super::integers::Sign;
use anyhow::{Context, Result, bail, ensure};
use models::onnx::pb::{GraphProto, NodeProto};
use models::planned::Planned;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A value of every crop.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    /// That of one crop: 1, channels, height, width.
    pub(super) shape: Vec<usize>,
    pub(super) crops: Vec<Vec<f32>>,
}

impl Batch {
    pub(super) fn channels(&self) -> usize {
        self.shape.get(1).copied().unwrap_or(1)
    }

    /// As a value that went through bytes.
    pub(super) fn rounded(&self, scale: f32, sign: Sign) -> Self {
        let round = |number: &f32| (number / scale).round_ties_even().clamp(sign.lowest(), sign.levels()) * scale;
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

    /// Adds a number to each channel, and cuts off below zero if asked to.
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

/// Values that somebody is still going to read.
pub(super) struct Live {
    values: HashMap<String, Batch>,
    readers: HashMap<String, usize>,
}

impl Live {
    /// The crops as the network takes them, before its first node.
    pub(super) fn at_start(graph: &Graph, crops: &[Vec<f32>]) -> Self {
        let mut readers: HashMap<String, usize> = HashMap::new();
        for input in graph.up_to_last_convolution().iter().flat_map(|node| &node.inputs) {
            *readers.entry(input.clone()).or_default() += 1;
        }
        let picture = Batch { shape: graph.input_shape.to_vec(), crops: crops.to_vec() };
        Self { values: [(graph.input.clone(), picture)].into(), readers }
    }

    /// What a node reads.
    pub(super) fn inputs(&self, node: &Node) -> Result<Vec<&Batch>> {
        let value = |name: &String| self.values.get(name).with_context(|| format!("`{name}` is read before it is made"));
        node.inputs.iter().map(value).collect()
    }

    /// Keeps what a node made, and forgets what nobody reads any more.
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

/// Runs the network in floats and shows every value that is made or comes in.
///
/// # Errors
/// If a node cannot be run alone.
pub(super) fn walk(graph: &Graph, crops: &[Vec<f32>], mut visit: impl FnMut(&str, &Batch)) -> Result<()> {
    let mut live = Live::at_start(graph, crops);
    if let Some(picture) = live.values.get(&graph.input) {
        visit(&graph.input, picture);
    }
    for node in graph.up_to_last_convolution() {
        let made = applied(node, graph.operators, &live.inputs(node)?)?;
        visit(&node.output, &made);
        live.made(node, made);
    }
    Ok(())
}

/// What a node makes of its inputs, in floats.
///
/// # Errors
/// If it reads several values and is neither a sum nor a join of channels, or tract cannot run it.
pub(super) fn applied(node: &Node, operators: i64, inputs: &[&Batch]) -> Result<Batch> {
    match (&node.op, inputs) {
        (Op::Convolution(convolution), [input]) => convolved(convolution, &convolution.weights, operators, input),
        (Op::PRelu(slopes), [input]) => {
            let (constants, nodes) = taken_apart("x", slopes, "y");
            run_alone(GraphProto { node: nodes, initializer: constants, ..GraphProto::default() }, operators, input)
        }
        (Op::Plain(plain, constants), [input]) => {
            let renamed = |name: &String| if *name == node.inputs[0] { "x".to_owned() } else { name.clone() };
            let inputs = match plain.input.is_empty() {
                true => vec!["x".to_owned()],
                false => plain.input.iter().map(renamed).collect(),
            };
            let alone = NodeProto { input: inputs, output: vec!["y".to_owned()], ..plain.clone() };
            let initializer = constants.clone();
            run_alone(GraphProto { node: vec![alone], initializer, ..GraphProto::default() }, operators, input)
        }
        (Op::Plain(plain, _), [a, b]) if plain.op_type == "Add" => added(a, b),
        (Op::Plain(plain, _), inputs) if plain.op_type == "Concat" => joined(inputs),
        _ => bail!("`{}` ({}) reads {} values, which cannot be followed", node.output, node.kind(), inputs.len()),
    }
    .with_context(|| format!("node `{}` ({})", node.output, node.kind()))
}

/// The convolution with other weights of the same dimensions.
///
/// # Errors
/// If tract cannot run it.
pub(super) fn convolved(convolution: &Convolution, weights: &[f32], operators: i64, input: &Batch) -> Result<Batch> {
    let (constants, nodes) = in_floats(convolution, weights, "x", "y");
    run_alone(GraphProto { node: nodes, initializer: constants, ..GraphProto::default() }, operators, input)
}

/// A graph that makes `y` of `x`, on every core.
fn run_alone(mut graph: GraphProto, operators: i64, input: &Batch) -> Result<Batch> {
    graph.input.push(value("x", Some(&input.shape)));
    graph.output.push(value("y", None));
    // A planned network may change threads but not be looked at by two.
    let planned = Mutex::new(Planned::new(model(graph, operators), &input.shape)?);
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

/// With one picture at a time, the channels of one follow those of the other.
fn joined(inputs: &[&Batch]) -> Result<Batch> {
    let Some(first) = inputs.first() else { bail!("a join of nothing") };
    let mut shape = first.shape.clone();
    let fits = |other: &&Batch| other.shape.len() == 4 && other.shape[0] == 1 && other.shape[2..] == first.shape[2..];
    ensure!(inputs.iter().all(fits), "a join of other than channels");
    shape[1] = inputs.iter().map(|input| input.shape[1]).sum();
    let whole = |crop: usize| inputs.iter().flat_map(|input| input.crops[crop].iter().copied()).collect();
    Ok(Batch { shape, crops: (0..first.crops.len()).into_par_iter().map(whole).collect() })
}
