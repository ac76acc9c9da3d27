//! Merges convolutions of the same picture that are too narrow to fill a register: computes their channels in one
//! convolution and splits the result. The sum of every channel is unchanged.
//!
//! An example are the detector's heads: a 1x1 convolution to 1, 4 or 10 channels, followed by a depthwise convolution.

use super::convolution::Place;
use super::{Lowering, Order, Value};
use crate::network::steps::{Plain, What, shape};
use crate::onnx::tensor;
use kernels::Activation;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::*;

/// The most channels of a narrow convolution. Wider ones are fast without merging.
const NARROW: usize = 16;

/// One of the merged convolutions.
struct Sibling<'a> {
    index: usize,
    output: &'a str,
    place: Place,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl<'a> Lowering<'a> {
    /// Lowers a convolution together with its siblings; `None`, without any change, if it has none.
    pub(super) fn with_siblings(&mut self, node: &NodeProto, input: &Value) -> Option<()> {
        let name = node.input.first()?;
        let siblings = self.narrow(self.graph.readers(name), input)?;
        let value = self.together(name, &siblings, input)?;
        let after = siblings.iter().map(|sibling| self.graph.only_reader(sibling.output).map(|(index, _)| index));
        let after = after.collect::<Option<Vec<usize>>>();
        let narrower = |place: usize| Value { extent: siblings[place].place.output, ..value.clone() };
        let second = after.and_then(|after| self.next_of_each(&after, narrower));
        match second {
            Some(second) => {
                let value = self.together(siblings[0].output, &second, &value)?;
                self.apart(&second, &value)
            }
            None => self.apart(&siblings, &value),
        }
    }

    /// The narrow convolutions among these nodes, which all read `input`.
    fn narrow(&self, nodes: &[usize], input: &Value) -> Option<Vec<Sibling<'a>>> {
        let found = nodes.iter().filter_map(|&index| self.sibling(index, input));
        let siblings: Vec<Sibling<'a>> = found.filter(|found| !found.place.depthwise).collect();
        alike(&siblings).then_some(siblings)
    }

    /// The depthwise convolutions that follow the siblings.
    fn next_of_each(&self, nodes: &[usize], input: impl Fn(usize) -> Value) -> Option<Vec<Sibling<'a>>> {
        let next = |(place, &index): (usize, &usize)| {
            let input = input(place);
            let found = self.sibling(index, &input)?;
            let window_each = found.place.depthwise || (input.extent.channels(), found.place.outputs) == (1, 1);
            window_each.then_some(found)
        };
        let siblings = nodes.iter().enumerate().map(next).collect::<Option<Vec<Sibling<'a>>>>()?;
        alike(&siblings).then_some(siblings)
    }

    /// A narrow float convolution without operations that could be fused into it.
    fn sibling(&self, index: usize, input: &Value) -> Option<Sibling<'a>> {
        let node = &self.graph.nodes[index];
        if node.op_type != "Conv" || self.done.contains(&index) {
            return None;
        }
        let weights = self.graph.constant_input(node, 1)?;
        let place = self.place(node, input, &weights.dims)?;
        let output = node.output.first()?;
        let tail = self.tail(output, place.output)?;
        let alone = tail.nodes.is_empty() && tail.bytes.is_none() && tail.floats;
        let bias = self.bias(node, place.outputs)?;
        let narrow = alone && place.outputs <= NARROW;
        narrow.then_some(Sibling { index, output, place, weights: tensor::floats(weights).ok()?, bias })
    }

    /// Makes one convolution with the channels of all siblings.
    fn together(&mut self, name: &str, siblings: &[Sibling<'_>], input: &Value) -> Option<Value> {
        let first = siblings.first()?;
        let outputs = siblings.iter().map(|sibling| sibling.place.outputs).sum();
        let weights: Vec<f32> = siblings.iter().flat_map(|sibling| &sibling.weights).copied().collect();
        let bias: Vec<f32> = siblings.iter().flat_map(|sibling| &sibling.bias).copied().collect();
        let output = first.place.output.with_channels(outputs).ok()?;
        let depthwise = siblings.iter().any(|sibling| sibling.place.depthwise);
        let place = Place { window: first.place.window, outputs, extent: input.extent, output, depthwise };
        let kernel = self.float_kernel(&weights, &bias, &place, &Activation::None)?;
        let step = self.step(kernel, &place, false, true, None);
        let done: Vec<usize> = siblings.iter().map(|sibling| sibling.index).collect();
        let outlet = self.wire(&format!("{name}.together"), step, &[input.outlet])?;
        self.done.extend(done);
        Some(Value { outlet, extent: output, quantization: None, order: Order::Planes })
    }

    /// Splits the result, and wires each sibling's channels under the name of its output in the graph.
    fn apart(&mut self, siblings: &[Sibling<'_>], together: &Value) -> Option<()> {
        let mut first = 0;
        for sibling in siblings {
            let extent = sibling.place.output;
            let output = (f32::datum_type(), shape(extent));
            let step = Plain { what: What::Part(first), extent: together.extent, output };
            let outlet = self.wire(sibling.output, step, &[together.outlet])?;
            let value = Value { outlet, extent, ..together.clone() };
            self.values.insert(sibling.output.to_owned(), value);
            first += extent.channels();
        }
        Some(())
    }
}

/// Whether there is more than one sibling, and all have the same window.
fn alike(siblings: &[Sibling<'_>]) -> bool {
    let Some(first) = siblings.first() else { return false };
    siblings.len() > 1 && siblings.iter().all(|sibling| sibling.place.window == first.place.window)
}
