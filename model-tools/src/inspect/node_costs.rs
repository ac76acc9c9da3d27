//! The nodes of an ONNX graph and their costs.

use anyhow::{Context, Result};
use models::onnx::attributes::attribute;
use models::onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto};
use models::onnx::tensor::element_count;
use models::planned::{Extent, extents};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// One node. Nodes that only compute weights are counted with the node that reads them.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) operator: String,
    /// Height and width; `None` for a node without a kernel.
    pub(super) kernel: Option<Vec<usize>>,
    pub(super) output: Vec<usize>,
    pub(super) precision: Precision,
    pub(super) macs: u64,
    /// How many of its constants are multiplied with or added to its input.
    pub(super) weights: usize,
    /// Size of its constants in the file.
    pub(super) bytes: usize,
    /// Shape of its output.
    pub(super) output_bytes: usize,
    #[serde(skip)]
    inputs: Vec<String>,
    #[serde(skip)]
    makes: String,
}

/// The number format in which a layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Precision {
    Float,
    Int8,
}

/// Totals of the whole network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Totals {
    pub(super) macs: u64,
    pub(super) int8_macs: u64,
    pub(super) weights: usize,
    pub(super) peak_activation_bytes: usize,
}

/// The layers in the order of execution.
///
/// # Errors
/// If the model does not take an image of that shape.
pub(super) fn layers(model: ModelProto, input: &[usize; 4]) -> Result<Vec<Layer>> {
    let extents = extents(model.clone(), input)?;
    let graph = model.graph.context("there is no graph")?;
    let constants = Constants::new(&graph);
    let real = graph.node.iter().filter(|node| !constants.makes(node));
    real.map(|node| layer(node, &constants, &extents)).collect()
}

fn layer(node: &NodeProto, constants: &Constants<'_>, extents: &HashMap<String, Extent>) -> Result<Layer> {
    let output = node.output.first().context("a node has no output")?;
    let extent = extents.get(output).with_context(|| format!("the size of `{output}` is unknown"))?;
    let kernel = kernel_of(node, constants);
    let weights = node.input.get(weights_place(node)).and_then(|name| constants.dims(name));
    Ok(Layer {
        name: if node.name.is_empty() { output.clone() } else { node.name.clone() },
        operator: node.op_type.clone(),
        kernel,
        output: extent.shape.clone(),
        precision: precision_of(node, extent),
        macs: weights.map_or(0, |dims| macs(node, &dims, &extent.shape)),
        weights: weights_of(node).map(|input| constants.numbers(input)).sum(),
        bytes: node.input.iter().map(|input| constants.bytes(input)).sum(),
        output_bytes: extent.shape.iter().product::<usize>() * extent.number_bytes,
        inputs: node.input.iter().filter(|input| constants.dims(input).is_none()).cloned().collect(),
        makes: output.clone(),
    })
}

/// The constants that a node multiplies with or adds, without scales, zero points and shapes.
fn weights_of(node: &NodeProto) -> impl Iterator<Item = &String> {
    let operator = node.op_type.as_str();
    let counts = move |place: usize| match operator {
        "QLinearConv" => place == 3 || place == 8,
        "QuantizeLinear" | "DequantizeLinear" | "Reshape" => false,
        _ => true,
    };
    node.input.iter().enumerate().filter(move |&(place, _)| counts(place)).map(|(_, input)| input)
}

/// Index of a node's weights among its inputs.
fn weights_place(node: &NodeProto) -> usize {
    if node.op_type == "QLinearConv" { 3 } else { 1 }
}

fn is_convolution(node: &NodeProto) -> bool {
    matches!(node.op_type.as_str(), "Conv" | "ConvInteger" | "QLinearConv")
}

/// In a convolution or a matrix product, every output number costs one row of weights.
fn macs(node: &NodeProto, weights: &[usize], output: &[usize]) -> u64 {
    let numbers = output.iter().product::<usize>() as u64;
    let each = match node.op_type.as_str() {
        _ if is_convolution(node) => weights.iter().skip(1).product::<usize>(),
        "Gemm" | "MatMul" | "MatMulInteger" => {
            weights.iter().product::<usize>() / output.last().copied().unwrap_or(1).max(1)
        }
        _ => 0,
    };
    numbers * each as u64
}

fn kernel_of(node: &NodeProto, constants: &Constants<'_>) -> Option<Vec<usize>> {
    let given = attribute(node, "kernel_shape");
    let given = given.map(|attribute| attribute.ints.iter().map(|&side| usize::try_from(side).unwrap_or(0)).collect());
    let of_weights =
        || constants.dims(node.input.get(weights_place(node))?).map(|dims| dims[2.min(dims.len())..].to_vec());
    given.or_else(|| of_weights().filter(|_| is_convolution(node)))
}

/// A layer counts as integer if its output is bytes, or sums of products of bytes.
fn precision_of(node: &NodeProto, made: &Extent) -> Precision {
    let integers = matches!(node.op_type.as_str(), "ConvInteger" | "MatMulInteger" | "QLinearConv" | "QuantizeLinear");
    if integers || made.number_bytes == 1 { Precision::Int8 } else { Precision::Float }
}

/// Totals of all layers, and the peak size of the values that are needed at the same time.
pub(super) fn totals(layers: &[Layer], input: &[usize; 4]) -> Totals {
    let last_reader: HashMap<&String, usize> = layers
        .iter()
        .enumerate()
        .flat_map(|(place, layer)| layer.inputs.iter().map(move |name| (name, place)))
        .collect();
    let sizes: HashMap<&String, usize> = layers.iter().map(|layer| (&layer.makes, layer.output_bytes)).collect();
    let picture = input.iter().product::<usize>() * size_of::<f32>();
    let (mut live, mut peak) = (picture, picture);
    for (place, layer) in layers.iter().enumerate() {
        live += layer.output_bytes;
        peak = peak.max(live);
        let read: HashSet<&String> = layer.inputs.iter().collect();
        let done = read.into_iter().filter(|name| last_reader.get(name) == Some(&place));
        live -= done.map(|name| sizes.get(name).copied().unwrap_or(picture)).sum::<usize>();
    }
    Totals {
        macs: layers.iter().map(|layer| layer.macs).sum(),
        int8_macs: layers.iter().filter(|layer| layer.precision == Precision::Int8).map(|layer| layer.macs).sum(),
        weights: layers.iter().map(|layer| layer.weights).sum(),
        peak_activation_bytes: peak,
    }
}

/// Constants of a graph, including what nodes compute from constants alone.
struct Constants<'g> {
    stored: HashMap<&'g str, &'g TensorProto>,
    made: HashMap<&'g str, &'g NodeProto>,
    /// Dimensions of values computed from constants, if they differ from those of the first constant.
    reshaped: HashMap<&'g str, Vec<usize>>,
}

impl<'g> Constants<'g> {
    fn new(graph: &'g GraphProto) -> Self {
        let stored: HashMap<&str, &TensorProto> =
            graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        let mut constants = Self { stored, made: HashMap::new(), reshaped: HashMap::new() };
        for node in &graph.node {
            let known = |name: &String| {
                constants.stored.contains_key(name.as_str()) || constants.made.contains_key(name.as_str())
            };
            if !node.input.iter().all(known) {
                continue;
            }
            let shape = node
                .input
                .get(1)
                .filter(|_| node.op_type == "Reshape")
                .and_then(|name| constants.stored.get(name.as_str()));
            let dims = shape.and_then(|shape| models::onnx::tensor::integers(shape).ok());
            for output in &node.output {
                constants.made.insert(output, node);
                if let Some(dims) = &dims {
                    let dims = dims.iter().map(|&dim| usize::try_from(dim).unwrap_or(0)).collect();
                    constants.reshaped.insert(output, dims);
                }
            }
        }
        constants
    }

    fn makes(&self, node: &NodeProto) -> bool {
        node.output.first().is_some_and(|output| self.made.contains_key(output.as_str()))
    }

    fn dims(&self, name: &str) -> Option<Vec<usize>> {
        if let Some(dims) = self.reshaped.get(name) {
            return Some(dims.clone());
        }
        if let Some(tensor) = self.stored.get(name) {
            return Some(tensor.dims.iter().map(|&dim| usize::try_from(dim).unwrap_or(0)).collect());
        }
        self.dims(self.made.get(name)?.input.first()?)
    }

    /// Number of weights that a constant holds or stands for; 0 for scales and zero points.
    fn numbers(&self, name: &str) -> usize {
        match self.made.get(name).and_then(|node| node.input.first()) {
            Some(first) => self.numbers(first),
            None => self.stored.get(name).map_or(0, |tensor| element_count(tensor).unwrap_or(0)),
        }
    }

    fn bytes(&self, name: &str) -> usize {
        match self.made.get(name) {
            Some(node) => node.input.iter().map(|input| self.bytes(input)).sum(),
            None => self.stored.get(name).map_or(0, |tensor| {
                let lists = 4 * (tensor.float_data.len() + tensor.int32_data.len()) + 8 * tensor.int64_data.len();
                tensor.raw_data.len() + lists
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx_parts::{dims, floats_value, integer_attribute, integers_attribute, node, shapeless_value};
    use crate::quantize::graph::onnx::{model, signed_bytes};
    use models::onnx::tensor::float_tensor;

    const INPUT: [usize; 4] = [1, 3, 8, 8];

    /// A convolution whose weights are stored as bytes, a rectifier, a depthwise convolution, a matrix.
    fn network() -> ModelProto {
        let conv = |inputs: &[&str], output: &str, group: i64| NodeProto {
            attribute: vec![
                integers_attribute("strides", &[2, 2]),
                integers_attribute("pads", &[1, 1, 1, 1]),
                integer_attribute("group", group),
            ],
            ..node("Conv", inputs, output)
        };
        let graph = GraphProto {
            node: vec![
                node("DequantizeLinear", &["bytes", "scale"], "weights"),
                conv(&["x", "weights", "bias"], "a", 1),
                node("Relu", &["a"], "b"),
                conv(&["b", "depthwise"], "c", 4),
                node("Flatten", &["c"], "d"),
                node("Gemm", &["d", "matrix"], "y"),
            ],
            initializer: vec![
                signed_bytes("bytes", &[4, 3, 3, 3], &[1; 108]),
                float_tensor("scale", &[], &[0.5]),
                float_tensor("bias", &[4], &[0.0; 4]),
                float_tensor("depthwise", &[4, 1, 3, 3], &[1.0; 36]),
                float_tensor("matrix", &[16, 5], &[1.0; 80]),
            ],
            input: vec![floats_value("x", &dims(&INPUT))],
            output: vec![shapeless_value("y")],
            ..GraphProto::default()
        };
        model(graph, 21)
    }

    #[test]
    fn costs_of_layers_by_hand() {
        let layers = layers(network(), &INPUT).unwrap();
        let costs: Vec<_> = layers.iter().map(|l| (l.operator.as_str(), l.macs, l.weights, l.bytes)).collect();
        let expected = [
            ("Conv", 4 * 4 * 4 * 27, 112, 108 + 4 + 16),
            ("Relu", 0, 0, 0),
            ("Conv", 4 * 2 * 2 * 9, 36, 144),
            ("Flatten", 0, 0, 0),
            ("Gemm", 80, 80, 320),
        ];
        assert_eq!(costs, expected);
        assert_eq!((layers[0].kernel.as_deref(), &layers[0].output), (Some(&[3, 3][..]), &vec![1, 4, 4, 4]));
        let totals = totals(&layers, &INPUT);
        assert_eq!((totals.macs, totals.int8_macs, totals.weights), (1728 + 144 + 80, 0, 228));
        assert_eq!(totals.peak_activation_bytes, 4 * (192 + 64), "the picture and what the first layer makes");
    }
}
