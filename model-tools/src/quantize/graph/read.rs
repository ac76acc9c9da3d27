//! Reads an ONNX graph of floats into a [`Graph`].

use super::onnx::Wiring;
use super::{Convolution, Graph, Node, Op, activation, matrix};
use crate::onnx_parts;
use anyhow::{Context, Result, bail, ensure};
use models::onnx::attributes::integer;
use models::onnx::pb::{ModelProto, NodeProto};
use models::planned::{Extent, extents};
use std::collections::{HashMap, HashSet};

/// Reads a model with weights stored as floats, or as 8-bit integers with scales.
///
/// # Errors
/// If the model does not accept that input shape, already has integer operators, or has nodes with several outputs.
pub(in crate::quantize) fn read(mut model: ModelProto, input_shape: [usize; 4]) -> Result<Graph> {
    let operators = model.opset_import.iter().find(|set| set.domain.is_empty()).map_or(0, |set| set.version);
    ensure!(operators >= 13, "the network uses version {operators} of ONNX's operators; 13 or later is needed");
    let extents = extents(model.clone(), &input_shape)?;
    let mut proto = model.graph.take().context("the network has no graph")?;
    models::onnx::widen_weights(&mut proto)?;
    let (Some(input), [output]) = (proto.input.first(), proto.output.as_slice()) else {
        bail!("the network has {} outputs where an encoder has one", proto.output.len());
    };
    let wiring = Wiring::new(&proto);
    let mut nodes = Nodes { wiring: &wiring, extents: &extents, read: Vec::new() };
    for node in &proto.node {
        nodes.read(node)?;
    }
    let mut graph = Graph {
        nodes: nodes.read,
        input: input.name.clone(),
        input_shape,
        output: output.name.clone(),
        output_shape: extents.get(&output.name).map(|extent| extent.shape.clone()).unwrap_or_default(),
        operators,
    };
    drop_unread(&mut graph);
    ensure!(graph.convolutions().next().is_some(), "the network has no convolution whose weights are constants");
    Ok(graph)
}

struct Nodes<'g> {
    wiring: &'g Wiring<'g>,
    extents: &'g HashMap<String, Extent>,
    read: Vec<Node>,
}

impl<'g> Nodes<'g> {
    fn read(&mut self, node: &'g NodeProto) -> Result<()> {
        let [output] = node.output.as_slice() else {
            bail!("node `{}` ({}) has {} outputs; only one is supported", node.name, node.op_type, node.output.len())
        };
        if let Some((convolution, from)) = self.convolution(node) {
            self.push(Op::Convolution(convolution), vec![from], output);
        } else if let Some((from, slopes)) = activation::slopes(self.wiring, node) {
            self.push(Op::PRelu(slopes), vec![from.to_owned()], output);
        } else if let Some((convolution, from)) = matrix::as_convolution(self.wiring, self.extents, node) {
            let map = format!("{output}_map");
            self.push(Op::Convolution(convolution), vec![from], &map);
            self.push(Op::Plain(onnx_parts::node("Flatten", &[], output), Vec::new()), vec![map], output);
        } else if !self.rectifies_a_convolution(node) {
            self.plain(node, output);
        }
        Ok(())
    }

    fn push(&mut self, op: Op, inputs: Vec<String>, output: &str) {
        self.read.push(Node { op, inputs, output: output.to_owned() });
    }

    fn plain(&mut self, node: &NodeProto, output: &str) {
        let constants = node.input.iter().filter_map(|input| self.wiring.constant(input).cloned()).collect();
        let values = |input: &&String| !input.is_empty() && self.wiring.constant(input).is_none();
        self.push(Op::Plain(node.clone(), constants), node.input.iter().filter(values).cloned().collect(), output);
    }

    fn convolution(&self, node: &NodeProto) -> Option<(Convolution, String)> {
        let (from, weights, bias) = match node.input.as_slice() {
            [from, weights] => (from, weights, None),
            [from, weights, bias] => (from, weights, Some(bias)),
            _ => return None,
        };
        let &[outputs, inputs, height, width] = self.wiring.constant(weights)?.dims.as_slice() else { return None };
        let dims = [outputs, inputs, height, width].map(|length| usize::try_from(length).unwrap_or(0));
        let bias = match bias {
            Some(name) => self.wiring.floats(name)?,
            None => vec![0.0; dims[0]],
        };
        let groups = usize::try_from(integer(node, "group", 1)).ok()?;
        let whole = groups > 0 && dims[0].is_multiple_of(groups) && bias.len() == dims[0] && !dims.contains(&0);
        if node.op_type != "Conv" || !whole {
            return None;
        }
        let convolution = Convolution {
            name: node.name.clone(),
            dims,
            weights: self.wiring.floats(weights)?,
            bias,
            groups,
            attributes: node.attribute.clone(),
            rectified: false,
        };
        Some((convolution, from.clone()))
    }

    /// Merges a rectifier into the convolution before it, if it is the only reader.
    fn rectifies_a_convolution(&mut self, node: &NodeProto) -> bool {
        let ([from], [output]) = (node.input.as_slice(), node.output.as_slice()) else { return false };
        let alone = node.op_type == "Relu" && self.wiring.only_reader(from).is_some();
        let before = self.read.iter_mut().find(|before| alone && before.output == *from);
        let Some(Node { op: Op::Convolution(convolution), output: made, .. }) = before else { return false };
        convolution.rectified = true;
        output.clone_into(made);
        true
    }
}

/// Removes nodes that no output depends on: the parts of operators that were merged.
fn drop_unread(graph: &mut Graph) {
    let mut wanted: HashSet<String> = [graph.output.clone()].into();
    let mut kept: Vec<Node> = Vec::with_capacity(graph.nodes.len());
    for node in graph.nodes.drain(..).rev() {
        if wanted.contains(&node.output) {
            wanted.extend(node.inputs.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.nodes = kept;
}
