//! From an ONNX graph to tract's, made of our own operators alone.
//!
//! Convolutions take along what follows them (bias, residual, activation, quantisation), pictures lie with their
//! channels side by side. A network with any operator or shape that is not known here is not lowered at all and is left
//! to tract's own operators.

mod activation;
mod chains;
mod convolution;
mod graph;
mod others;
mod siblings;

use super::layer::{Layer, Memory, Step};
use super::steps::{Plain, What, shape};
use graph::Graph;
use kernels::{Extent, Level, Quantisation};
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto};
use tract_onnx::prelude::*;

/// The network as a graph of our operators, for floats of shape `[1, channels, height, width]` and this many threads;
/// `None` if something in it is not known here.
pub(super) fn lowered(proto: &GraphProto, input: &[usize], threads: usize) -> Option<TypedModel> {
    let &[1, channels, height, width] = input else { return None };
    let graph = Graph::of(proto);
    let mut lowering = Lowering {
        graph: &graph,
        model: TypedModel::default(),
        values: HashMap::new(),
        done: HashSet::new(),
        level: Level::fastest(),
        threads,
        memory: Memory::default(),
    };
    lowering.enter(&proto.input.first()?.name, Extent::new(height, width, channels).ok()?)?;
    for (index, node) in proto.node.iter().enumerate() {
        if !lowering.done.contains(&index) {
            lowering.node(index, node)?;
        }
    }
    let outputs = proto.output.iter().map(|output| lowering.given_out(&output.name)).collect::<Option<Vec<_>>>()?;
    lowering.model.select_output_outlets(&outputs).ok()?;
    chains::chained(&lowering.model, threads, &lowering.memory)
}

struct Lowering<'a> {
    graph: &'a Graph<'a>,
    model: TypedModel,
    values: HashMap<String, Value>,
    /// Nodes that an earlier one has taken along.
    done: HashSet<usize>,
    level: Level,
    threads: usize,
    memory: Memory,
}

/// A value of the ONNX graph, as it lies in ours.
#[derive(Clone, Debug)]
struct Value {
    outlet: OutletId,
    /// The picture that it is, or was before it was flattened.
    extent: Extent,
    /// How bytes stand for its numbers; `None` for floats.
    quantisation: Option<Quantisation>,
    order: Order,
}

/// In which order ONNX has the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Planes (NCHW); in our graph a picture.
    Planes,
    /// Planes one after the other (NC); in our graph a picture.
    Flattened,
    /// Channels last (NHWC), as in our graph.
    ChannelsLast,
    /// Channels last, pixels in one row (N, HW, C).
    PixelsInRow,
}

impl Lowering<'_> {
    fn enter(&mut self, name: &str, extent: Extent) -> Option<()> {
        let planes = [1, extent.channels(), extent.height(), extent.width()];
        let source = self.model.add_source(name, f32::fact(planes)).ok()?;
        let quantise = self.graph.only_reader(name).filter(|(_, node)| node.op_type == "QuantizeLinear");
        let (name, quantisation) = match quantise {
            Some((index, node)) => {
                self.done.insert(index);
                (node.output.first()?.as_str(), Some(self.quantisation(node)?))
            }
            None => (name, None),
        };
        let numbers = if quantisation.is_some() { u8::datum_type() } else { f32::datum_type() };
        let step = Plain { what: What::Enter(quantisation), extent, output: (numbers, shape(extent)) };
        let outlet = self.wire(&format!("{name}.picture"), step, &[source])?;
        self.values.insert(name.to_owned(), Value { outlet, extent, quantisation, order: Order::Planes });
        Some(())
    }

    fn node(&mut self, index: usize, node: &NodeProto) -> Option<()> {
        match node.op_type.as_str() {
            "Conv" | "ConvInteger" | "QLinearConv" => self.convolution(node),
            "Gemm" => self.dense(node),
            "BatchNormalization" => self.batch_norm(node),
            "Relu" | "PRelu" | "Sigmoid" | "Max" => self.activation(index, node),
            _ => self.other(node),
        }
    }

    fn wire(&mut self, name: &str, step: impl Step + 'static, inputs: &[OutletId]) -> Option<OutletId> {
        self.wire_all(name, step, inputs)?.first().copied()
    }

    fn wire_all(&mut self, name: &str, step: impl Step + 'static, inputs: &[OutletId]) -> Option<TVec<OutletId>> {
        self.model.wire_node(name, Layer::new(step, self.memory.clone()), inputs).ok()
    }

    /// Wires a step without weights that makes a picture of `extent` of the same kind of numbers as `from` has.
    fn plain(&mut self, node: &NodeProto, what: What, from: &Value, inputs: &[OutletId], extent: Extent) -> Option<()> {
        let numbers = if from.quantisation.is_some() { u8::datum_type() } else { f32::datum_type() };
        let step = Plain { what, extent: from.extent, output: (numbers, shape(extent)) };
        let name = node.output.first()?;
        let outlet = self.wire(name, step, inputs)?;
        self.values.insert(name.clone(), Value { outlet, extent, ..from.clone() });
        Some(())
    }

    /// The value that a node reads in that place.
    fn value(&self, node: &NodeProto, place: usize) -> Option<Value> {
        self.values.get(node.input.get(place)?).cloned()
    }

    /// The same, if it is a picture of floats.
    fn floats(&self, node: &NodeProto, place: usize) -> Option<Value> {
        self.value(node, place).filter(|value| value.quantisation.is_none() && value.order == Order::Planes)
    }

    fn quantisation(&self, node: &NodeProto) -> Option<Quantisation> {
        Quantisation::new(self.graph.float(node, 1)?, self.graph.zero(node, 2)?).ok()
    }

    /// A value in the order in which ONNX has it, as floats.
    fn given_out(&mut self, name: &str) -> Option<OutletId> {
        let value = self.values.get(name)?.clone();
        if value.quantisation.is_some() {
            return None;
        }
        let shape = match value.order {
            // The shape is nobody's concern: readers count the numbers.
            Order::ChannelsLast | Order::PixelsInRow => return Some(value.outlet),
            Order::Flattened => vec![1, value.extent.numbers()],
            Order::Planes => vec![1, value.extent.channels(), value.extent.height(), value.extent.width()],
        };
        let step = Plain { what: What::Leave, extent: value.extent, output: (f32::datum_type(), shape) };
        self.wire(&format!("{name}.planes"), step, &[value.outlet])
    }
}
