//! Lowers activations: as separate steps, or fused into the preceding convolution.

use super::Lowering;
use super::graph_index::Graph;
use crate::network::steps::What;
use kernels::Activation;
use tract_onnx::pb::NodeProto;

/// An activation found after a value: its kind, the nodes that form it, and its output value.
pub(super) struct Found {
    pub(super) activation: Activation,
    pub(super) nodes: Vec<usize>,
    pub(super) output: String,
}

/// Finds the activation of a value, if all readers of the value belong to the activation.
pub(super) fn after(graph: &Graph<'_>, value: &str, channels: usize) -> Option<Found> {
    if graph.is_output(value) {
        return None;
    }
    match *graph.readers(value) {
        [index] => {
            let node = &graph.nodes[index];
            let activation = match node.op_type.as_str() {
                "Relu" => Activation::Relu,
                "PRelu" => Activation::PRelu(graph.for_channels(node, 1, channels)?),
                _ => return None,
            };
            Some(Found { activation, nodes: vec![index], output: node.output.first()?.clone() })
        }
        [a, b] => {
            let is = |index: usize, operator: &str| graph.nodes[index].op_type == operator;
            let (above, below) = if is(a, "Max") && is(b, "Min") { (a, b) } else { (b, a) };
            (is(above, "Max") && is(below, "Min")).then(|| written_out(graph, above, below, channels))?
        }
        _ => None,
    }
}

/// PReLU in elementary operators: `max(x, 0) + slope * min(x, 0)`.
fn written_out(graph: &Graph<'_>, above: usize, below: usize, channels: usize) -> Option<Found> {
    let with_zero = |index: usize| {
        let node = &graph.nodes[index];
        let zero = graph.float(node, 0).or_else(|| graph.float(node, 1));
        (node.input.len() == 2 && zero == Some(0.0)).then(|| node.output.first())?
    };
    let (upper, lower) = (with_zero(above)?, with_zero(below)?);
    let (times, multiply) = graph.only_reader(lower).filter(|(_, node)| node.op_type == "Mul")?;
    let slopes = graph.for_channels(multiply, 1, channels).or_else(|| graph.for_channels(multiply, 0, channels))?;
    let (plus, add) = graph.only_reader(multiply.output.first()?).filter(|(_, node)| node.op_type == "Add")?;
    let (reader, _) = graph.only_reader(upper)?;
    (reader == plus).then(|| Found {
        activation: Activation::PRelu(slopes),
        nodes: vec![above, below, times, plus],
        output: add.output.first().cloned().unwrap_or_default(),
    })
}

impl Lowering<'_> {
    /// Lowers an activation that is not fused into a convolution.
    pub(super) fn activation(&mut self, index: usize, node: &NodeProto) -> Option<()> {
        if node.op_type == "Sigmoid" {
            let value = self.value(node, 0).filter(|value| value.quantization.is_none())?;
            return self.plain(node, What::Sigmoid, &value, &[value.outlet], value.extent);
        }
        let place = node.input.iter().position(|name| self.values.contains_key(name))?;
        let value = self.floats(node, place)?;
        let activation = match node.op_type.as_str() {
            "Relu" => Activation::Relu,
            "PRelu" => Activation::PRelu(self.graph.for_channels(node, 1, value.extent.channels())?),
            _ => {
                let found = after(self.graph, &node.input[place], value.extent.channels())?;
                if !found.nodes.contains(&index) {
                    return None;
                }
                let last = found.nodes.last().map(|&last| &self.graph.nodes[last])?;
                self.done.extend(&found.nodes);
                return self.plain(last, What::Activate(found.activation), &value, &[value.outlet], value.extent);
            }
        };
        self.plain(node, What::Activate(activation), &value, &[value.outlet], value.extent)
    }
}
