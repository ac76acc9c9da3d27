//! Limits on the size of the values that a network computes from constants.
//!
//! tract evaluates constant expressions while it loads a network, before their size can be checked. A small file could
//! therefore request huge allocations. This module refuses operators that make values of any size, windows with invalid
//! parameters, and constants that grow. Values that depend on the picture are checked when the network is planned.

use super::attributes::{attribute, integer};
use super::tensor;
use crate::ModelError;
use std::collections::HashMap;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// Operators that no face network needs: they run subgraphs, make values from numbers alone, or use random numbers.
const UNWANTED: [&str; 21] = [
    "Loop",
    "Scan",
    "If",
    "SequenceMap",
    "Range",
    "OneHot",
    "EyeLike",
    "NonZero",
    "Unique",
    "Multinomial",
    "Bernoulli",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "HannWindow",
    "HammingWindow",
    "BlackmanWindow",
    "MelWeightMatrix",
    "DFT",
    "STFT",
];

/// Operators with a window that moves over a picture.
const WINDOWED: [&str; 8] =
    ["Conv", "ConvInteger", "QLinearConv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "MaxUnpool"];

/// Operators whose result has as many numbers as their first input.
const SHAPED_AS_FIRST: [&str; 12] = [
    "DequantizeLinear",
    "QuantizeLinear",
    "BatchNormalization",
    "PRelu",
    "Clip",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Transpose",
    "Cast",
    "Identity",
];

/// Operators that pair the numbers of their inputs.
const PAIRING: [&str; 8] = ["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Where"];

/// The largest window side, stride or dilation.
const LONGEST: i64 = 1024;
/// The assumed reach of a window whose size is not known yet.
const UNKNOWN_REACH: i64 = 64;
/// The most positions in a window.
const MOST_PLACES: i64 = 1 << 16;
/// The largest enlargement of a picture along one axis.
const LARGEST_SCALE: f32 = 64.0;

/// Bounds on a constant: the largest number of elements, and the dimensions if known.
#[derive(Clone)]
struct Known {
    count: usize,
    dims: Option<Vec<i64>>,
}

/// Refuses graphs whose constant expressions could become too large.
///
/// # Errors
/// [`ModelError::Network`] names the node and the reason.
pub(super) fn require_bounded(graph: &GraphProto) -> Result<(), ModelError> {
    let held = held(graph);
    let mut known: HashMap<&str, Known> = HashMap::new();
    let mut all = 0_usize;
    for (name, constant) in &held {
        known.insert(name, Known { count: tensor::element_count(constant)?, dims: Some(constant.dims.clone()) });
    }
    for node in &graph.node {
        let refused = |what: String| ModelError::Network(format!("node `{}` ({}) {what}", node.name, node.op_type));
        if UNWANTED.contains(&node.op_type.as_str()) {
            return Err(refused("is an unsupported operator".to_owned()));
        }
        if WINDOWED.contains(&node.op_type.as_str()) {
            require_window(node, &held).map_err(refused)?;
        }
        let times = enlargement(node, &held).map_err(refused)?;
        let Some(made) = of_constants(node, &known, times) else { continue };
        all = all.saturating_add(made.count);
        if all > tensor::MAX_NUMBERS {
            return Err(refused(format!("makes constants grow to more than {} numbers", tensor::MAX_NUMBERS)));
        }
        node.output.iter().for_each(|output| {
            known.insert(output, made.clone());
        });
    }
    Ok(())
}

/// The constants whose values are stored in the file.
fn held(graph: &GraphProto) -> HashMap<&str, &TensorProto> {
    let constants = graph.node.iter().filter(|node| node.op_type == "Constant");
    let of_nodes =
        constants.filter_map(|node| Some((node.output.first()?.as_str(), attribute(node, "value")?.t.as_ref()?)));
    graph.initializer.iter().map(|constant| (constant.name.as_str(), constant)).chain(of_nodes).collect()
}

/// Checks that a window has at least one position, moves, and always overlaps the picture.
fn require_window(node: &NodeProto, held: &HashMap<&str, &TensorProto>) -> Result<(), String> {
    let numbers = |name: &str| attribute(node, name).map_or(&[][..], |attribute| &attribute.ints);
    let within =
        |name: &str, least: i64, most: i64| match numbers(name).iter().find(|number| !(least..=most).contains(*number))
        {
            Some(number) => Err(format!("has {number} among its {name}; valid values are {least} to {most}")),
            None => Ok(()),
        };
    within("kernel_shape", 1, LONGEST)?;
    within("strides", 1, LONGEST)?;
    within("dilations", 1, LONGEST)?;
    within("pads", 0, LONGEST)?;
    within("output_padding", 0, LONGEST)?;
    within("output_shape", 1, LONGEST)?;
    if integer(node, "group", 1) < 1 {
        return Err("has less than one group".to_owned());
    }
    let place = if node.op_type == "QLinearConv" { 3 } else { 1 };
    let weights = node.input.get(place).and_then(|name| held.get(name.as_str()));
    let size = match (numbers("kernel_shape"), weights) {
        ([], Some(weights)) => weights.dims.get(2..).unwrap_or_default(),
        (size, _) => size,
    };
    if size.iter().fold(1, |product: i64, length| product.saturating_mul(*length)) > MOST_PLACES {
        return Err(format!("has a window of {size:?}, more than {MOST_PLACES} positions"));
    }
    let (pads, dilations) = (numbers("pads"), numbers("dilations"));
    for (axis, &padding) in pads.iter().enumerate() {
        let axis = axis % (pads.len() / 2).max(1);
        let reach = size.get(axis).map(|length| (length - 1) * dilations.get(axis).unwrap_or(&1) + 1);
        // The size of weights that are widened later is not known yet.
        if padding > 0 && padding >= reach.unwrap_or(UNKNOWN_REACH) {
            return Err(format!("has {padding} among its pads, so its window does not overlap the picture"));
        }
    }
    Ok(())
}

/// The largest factor by which a node that takes a size enlarges its first input. The size must be a constant in the
/// file. 1 for all other nodes.
fn enlargement(node: &NodeProto, held: &HashMap<&str, &TensorProto>) -> Result<usize, String> {
    let given = |place: usize| node.input.get(place).filter(|name| !name.is_empty());
    let told = |place: usize| -> Result<Vec<f32>, String> {
        let Some(name) = given(place) else { return Ok(Vec::new()) };
        let constant = held.get(name.as_str()).ok_or_else(|| {
            format!("takes its size from `{name}`, which is computed; export the network for a fixed picture size")
        })?;
        numbers(constant).map_err(|error| error.to_string())
    };
    let lengths: Vec<f32> = match node.op_type.as_str() {
        "ConstantOfShape" => told(0)?,
        "Expand" | "Tile" => told(1)?,
        "Resize" => [told(2)?, told(3)?].concat(),
        "Upsample" => told(1)?,
        "Pad" => return require_padding(node, told(1)?),
        _ => return Ok(1),
    };
    let of_numbers = matches!(node.op_type.as_str(), "ConstantOfShape" | "Expand" | "Tile");
    let is_size = |&length: &f32| if of_numbers { length >= 0.0 } else { length > 0.0 };
    if let Some(wrong) = lengths.iter().find(|length| !is_size(length) || !length.is_finite()) {
        return Err(format!("has an invalid size of {wrong}"));
    }
    let scales = node.op_type == "Upsample" || (node.op_type == "Resize" && given(3).is_none());
    if let Some(scale) = lengths.iter().find(|scale| scales && **scale > LARGEST_SCALE) {
        return Err(format!("enlarges its input {scale} times; the limit is {LARGEST_SCALE}"));
    }
    let product = lengths.iter().fold(1.0, |product: f64, &length| product * f64::from(length.max(1.0)));
    if product > tensor::MAX_NUMBERS as f64 {
        return Err(format!("would make {product:e} numbers, more than {}", tensor::MAX_NUMBERS));
    }
    Ok(product as usize)
}

fn require_padding(node: &NodeProto, told: Vec<f32>) -> Result<usize, String> {
    let attribute = attribute(node, "pads").map_or(&[][..], |attribute| &attribute.ints);
    let pads = attribute.iter().map(|&padding| padding as f32).chain(told);
    match pads.into_iter().find(|padding| padding.abs() > LONGEST as f32) {
        Some(padding) => Err(format!("pads its input by {padding}; the limit is {LONGEST}")),
        // Enough for four sides of a small constant. The size of padded pictures is checked with the planned shape.
        None => Ok(1 << 12),
    }
}

/// A bound on the output of a node that reads only constants, or nothing; `None` if it reads anything else.
fn of_constants(node: &NodeProto, known: &HashMap<&str, Known>, times: usize) -> Option<Known> {
    if matches!(node.op_type.as_str(), "Shape" | "Size" | "Constant") {
        // No value has more than 16 dimensions; a constant is already known.
        return Some(Known { count: 16, dims: None }).filter(|_| node.op_type != "Constant");
    }
    let inputs = node.input.iter().filter(|name| !name.is_empty()).map(|name| known.get(name.as_str()));
    let inputs: Vec<&Known> = inputs.collect::<Option<_>>()?;
    let first = inputs.first()?;
    let product = || inputs.iter().fold(1_usize, |product, input| product.saturating_mul(input.count.max(1)));
    Some(match node.op_type.as_str() {
        "ConstantOfShape" => Known { count: times, dims: None },
        "Expand" | "Tile" | "Pad" | "Resize" | "Upsample" => {
            Known { count: first.count.saturating_mul(times), dims: None }
        }
        "Concat" => Known { count: inputs.iter().map(|input| input.count).sum(), dims: None },
        "Slice" | "Split" => Known { count: first.count, dims: None },
        operator if SHAPED_AS_FIRST.contains(&operator) || inputs.len() == 1 => {
            let keeps =
                matches!(operator, "DequantizeLinear" | "QuantizeLinear" | "Cast" | "Identity" | "PRelu" | "Clip");
            Known { count: first.count, dims: first.dims.clone().filter(|_| keeps) }
        }
        operator if PAIRING.contains(&operator) => match paired(&inputs) {
            Some(dims) => {
                let count = dims.iter().fold(1_usize, |product, &length| product.saturating_mul(length as usize));
                Known { count, dims: Some(dims) }
            }
            None => Known { count: product(), dims: None },
        },
        _ => Known { count: product(), dims: None },
    })
}

/// The broadcast dimensions of values: those of length 1 are repeated.
fn paired(inputs: &[&Known]) -> Option<Vec<i64>> {
    let all = inputs.iter().map(|input| input.dims.as_deref()).collect::<Option<Vec<&[i64]>>>()?;
    let rank = all.iter().map(|dims| dims.len()).max()?;
    let length = |at: usize| all.iter().filter_map(|dims| dims.len().checked_sub(rank - at).map(|at| dims[at])).max();
    (0..rank).map(length).collect()
}

/// The numbers of a constant of any type.
fn numbers(constant: &TensorProto) -> Result<Vec<f32>, ModelError> {
    match DataType::try_from(constant.data_type) {
        Ok(DataType::Int64) => Ok(tensor::integers(constant)?.into_iter().map(|number| number as f32).collect()),
        Ok(DataType::Int32) => Ok(tensor::words(constant)?.into_iter().map(|number| number as f32).collect()),
        _ => tensor::floats(constant),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::pb::{AttributeProto, ValueInfoProto};

    fn node(operator: &str, inputs: &[&str], output: &str) -> NodeProto {
        NodeProto {
            op_type: operator.to_owned(),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            ..NodeProto::default()
        }
    }

    fn with(mut node: NodeProto, name: &str, ints: &[i64]) -> NodeProto {
        node.attribute.push(AttributeProto { name: name.to_owned(), ints: ints.to_vec(), ..AttributeProto::default() });
        node
    }

    fn sizes(name: &str, numbers: &[i64]) -> TensorProto {
        TensorProto {
            name: name.to_owned(),
            dims: vec![numbers.len() as i64],
            data_type: DataType::Int64.into(),
            int64_data: numbers.to_vec(),
            ..TensorProto::default()
        }
    }

    fn judged(constants: Vec<TensorProto>, nodes: Vec<NodeProto>) -> Result<(), String> {
        let input = vec![ValueInfoProto { name: "x".to_owned(), ..ValueInfoProto::default() }];
        let graph = GraphProto { initializer: constants, node: nodes, input, ..GraphProto::default() };
        require_bounded(&graph).map_err(|error| error.to_string())
    }

    fn kernel() -> TensorProto {
        tensor::float_tensor("w", &[4, 3, 3, 3], &[0.5; 108])
    }

    /// A regression: files of 250 bytes requested 68 GB, or ran forever.
    #[test]
    fn operators_with_unbounded_outputs_are_refused() {
        for operator in UNWANTED {
            let refused = judged(vec![], vec![node(operator, &["x"], "y")]).unwrap_err();
            assert!(refused.contains(operator) && refused.contains("unsupported operator"), "{refused}");
        }
        for (operator, told, accepted) in [
            ("ConstantOfShape", &[1, 64][..], true),
            ("ConstantOfShape", &[1 << 34], false),
            ("ConstantOfShape", &[1 << 20, 1 << 20], false),
            ("ConstantOfShape", &[-1], false),
            ("Expand", &[4, 64], true),
            ("Expand", &[1 << 15, 1 << 15], false),
            ("Tile", &[1, 2], true),
            ("Tile", &[1 << 30, 1], false),
            ("Tile", &[-1, 1], false),
            ("Pad", &[0, 1, 0, 1], true),
            ("Pad", &[0, 1 << 30, 0, 0], false),
            ("Pad", &[0, 0, 0, -(1 << 30)], false),
        ] {
            let inputs = if operator == "ConstantOfShape" { vec!["size"] } else { vec!["x", "size"] };
            let found = judged(vec![sizes("size", told)], vec![node(operator, &inputs, "y")]);
            assert_eq!(found.is_ok(), accepted, "{operator} {told:?}: {found:?}");
            let computed = judged(
                vec![sizes("size", told)],
                vec![node("Neg", &["size"], "other"), node(operator, &[inputs[0], "other"][2 - inputs.len()..], "y")],
            );
            assert!(computed.unwrap_err().contains("computed"), "{operator}");
        }
        for (scales, accepted) in
            [([1.0, 1.0, 2.0, 2.0], true), ([1.0, 1.0, 1e4, 1.0], false), ([1.0, 1.0, f32::NAN, 1.0], false)]
        {
            let scales = tensor::float_tensor("scales", &[4], &scales);
            assert_eq!(judged(vec![scales], vec![node("Resize", &["x", "", "scales"], "y")]).is_ok(), accepted);
        }
    }

    #[test]
    fn invalid_windows_are_refused() {
        for (attribute, numbers, accepted) in [
            ("strides", &[2, 2][..], true),
            ("strides", &[0, 1], false),
            ("strides", &[1, 1 << 40], false),
            ("dilations", &[2, 2], true),
            ("dilations", &[1, 1 << 30], false),
            ("dilations", &[0, 1], false),
            ("pads", &[1, 2, 1, 2], true),
            ("pads", &[3, 0, 0, 0], false),
            ("pads", &[0, 0, 0, 1 << 30], false),
            ("pads", &[-1, 0, 0, 0], false),
            ("kernel_shape", &[0, 3], false),
            ("kernel_shape", &[512, 512], false),
            ("output_padding", &[1 << 30, 0], false),
        ] {
            let found = judged(vec![kernel()], vec![with(node("Conv", &["x", "w"], "y"), attribute, numbers)]);
            assert_eq!(found.is_ok(), accepted, "{attribute} {numbers:?}: {found:?}");
        }
        let pool = |size| judged(vec![], vec![with(node("MaxPool", &["x"], "y"), "kernel_shape", size)]);
        assert_eq!([pool(&[2, 2]).is_ok(), pool(&[0, 0]).is_ok(), pool(&[0, 1]).is_ok()], [true, false, false]);
    }

    #[test]
    fn constants_that_grow_are_refused() {
        let doubled = |times: usize| -> Vec<NodeProto> {
            let name = |at: usize| if at == 0 { "w".to_owned() } else { format!("w{at}") };
            (0..times).map(|at| node("Concat", &[&name(at), &name(at)], &name(at + 1))).collect()
        };
        assert!(judged(vec![kernel()], doubled(3)).is_ok());
        assert!(judged(vec![kernel()], doubled(60)).unwrap_err().contains("grow"));
        let column = tensor::float_tensor("column", &[1 << 15, 1], &vec![0.0; 1 << 15]);
        let row = tensor::float_tensor("row", &[1, 1 << 15], &vec![0.0; 1 << 15]);
        assert!(judged(vec![column.clone(), row.clone()], vec![node("Add", &["column", "row"], "y")]).is_err());
        assert!(judged(vec![column.clone(), row], vec![node("MatMul", &["column", "row"], "y")]).is_err());
        // Many weights with a factor for each row do not grow.
        let scales = tensor::float_tensor("scales", &[1 << 15, 1], &vec![0.0; 1 << 15]);
        assert!(judged(vec![column, scales], vec![node("Mul", &["column", "scales"], "y")]).is_ok());
    }
}
