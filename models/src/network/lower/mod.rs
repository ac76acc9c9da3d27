//! Lowers an ONNX graph to a tract graph that consists only of the project's own operators.
//!
//! The operations after a convolution (bias, residual, activation, quantisation) are fused into it. Pictures are stored
//! with channels last. A network with any unsupported operator or shape is not lowered; it runs on tract's own
//! operators.

mod activation;
mod chains;
mod convolution;
mod graph_index;
mod others;
mod siblings;

use super::layer::{Layer, Memory, Step};
use super::steps::{Plain, What, shape};
use graph_index::Graph;
use kernels::{Extent, Level, Quantization};
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto};
use tract_onnx::prelude::*;

/// Lowers the network for floats of shape `[1, channels, height, width]` and this many threads; `None` if it contains
/// anything unsupported.
pub(super) fn lowered(proto: &GraphProto, input: &[usize], threads: usize) -> Option<TypedModel> {
    let &[1, channels, height, width] = input else { return None };
    let graph = Graph::new(proto);
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
    /// Nodes that are fused into an earlier one.
    done: HashSet<usize>,
    level: Level,
    threads: usize,
    memory: Memory,
}

/// A value of the ONNX graph, as it is represented in the lowered graph.
#[derive(Clone, Debug)]
struct Value {
    outlet: OutletId,
    /// The extent of the picture, before flattening if it is flattened.
    extent: Extent,
    /// The quantisation of bytes; `None` for floats.
    quantization: Option<Quantization>,
    order: Order,
}

/// The order of the numbers in ONNX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Planes (NCHW); a picture in the lowered graph.
    Planes,
    /// Flattened planes (NC); a picture in the lowered graph.
    Flattened,
    /// Channels last (NHWC), as in the lowered graph.
    ChannelsLast,
    /// Channels last, with all pixels in one dimension (N, HW, C).
    PixelsInRow,
}

impl Lowering<'_> {
    fn enter(&mut self, name: &str, extent: Extent) -> Option<()> {
        let planes = [1, extent.channels(), extent.height(), extent.width()];
        let source = self.model.add_source(name, f32::fact(planes)).ok()?;
        let quantize = self.graph.only_reader(name).filter(|(_, node)| node.op_type == "QuantizeLinear");
        let (name, quantization) = match quantize {
            Some((index, node)) => {
                self.done.insert(index);
                (node.output.first()?.as_str(), Some(self.quantization(node)?))
            }
            None => (name, None),
        };
        let numbers = if quantization.is_some() { u8::datum_type() } else { f32::datum_type() };
        let step = Plain { what: What::Enter(quantization), extent, output: (numbers, shape(extent)) };
        let outlet = self.wire(&format!("{name}.picture"), step, &[source])?;
        self.values.insert(name.to_owned(), Value { outlet, extent, quantization, order: Order::Planes });
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

    /// Wires a step without weights, whose output is a picture of `extent` with the same number type as `from`.
    fn plain(&mut self, node: &NodeProto, what: What, from: &Value, inputs: &[OutletId], extent: Extent) -> Option<()> {
        let numbers = if from.quantization.is_some() { u8::datum_type() } else { f32::datum_type() };
        let step = Plain { what, extent: from.extent, output: (numbers, shape(extent)) };
        let name = node.output.first()?;
        let outlet = self.wire(name, step, inputs)?;
        self.values.insert(name.clone(), Value { outlet, extent, ..from.clone() });
        Some(())
    }

    /// The value at this input of a node.
    fn value(&self, node: &NodeProto, place: usize) -> Option<Value> {
        self.values.get(node.input.get(place)?).cloned()
    }

    /// The value at this input of a node, if it is a picture of floats.
    fn floats(&self, node: &NodeProto, place: usize) -> Option<Value> {
        self.value(node, place).filter(|value| value.quantization.is_none() && value.order == Order::Planes)
    }

    fn quantization(&self, node: &NodeProto) -> Option<Quantization> {
        Quantization::new(self.graph.float(node, 1)?, self.graph.zero(node, 2)?).ok()
    }

    /// A value in ONNX order, as floats.
    fn given_out(&mut self, name: &str) -> Option<OutletId> {
        let value = self.values.get(name)?.clone();
        if value.quantization.is_some() {
            return None;
        }
        let shape = match value.order {
            // The shape does not matter: readers use only the number of elements.
            Order::ChannelsLast | Order::PixelsInRow => return Some(value.outlet),
            Order::Flattened => vec![1, value.extent.numbers()],
            Order::Planes => vec![1, value.extent.channels(), value.extent.height(), value.extent.width()],
        };
        let step = Plain { what: What::Leave, extent: value.extent, output: (f32::datum_type(), shape) };
        self.wire(&format!("{name}.planes"), step, &[value.outlet])
    }
}
