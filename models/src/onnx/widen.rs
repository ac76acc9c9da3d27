//! Widens 8-bit weights to 32-bit floats: folds `DequantizeLinear` of constants, as ONNX defines it since opset 21.
//!
//! `y = (x - zero point) * scale`, with one scale for the tensor, one for each slice along an axis, or one for each
//! block of `block_size` elements along it. A `Reshape` of the result is folded too.

use super::attributes::integer;
use super::tensor::{MAX_NUMBERS, bytes, element_count, float_tensor, floats, integers};
use crate::ModelError;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// Replaces every constant `DequantizeLinear` of 8-bit weights, and every `Reshape` of constants, by a constant.
/// Drops constants that nothing reads afterwards.
///
/// # Errors
/// If a scale, a zero point or a shape does not fit the weights, or there would be too many weights.
pub fn widen_weights(graph: &mut GraphProto) -> Result<(), ModelError> {
    let mut constants: HashMap<String, TensorProto> =
        graph.initializer.drain(..).map(|tensor| (tensor.name.clone(), tensor)).collect();
    let order: Vec<String> = graph.node.iter().flat_map(|node| node.output.iter().cloned()).collect();
    let mut readers = readers_of(graph);
    let mut left = MAX_NUMBERS;
    let mut kept = Vec::with_capacity(graph.node.len());
    for node in graph.node.drain(..) {
        let folded = match node.op_type.as_str() {
            "DequantizeLinear" => dequantized(&node, &constants)?,
            "Reshape" => reshaped(&node, &constants)?,
            _ => None,
        };
        let Some(tensor) = folded else {
            kept.push(node);
            continue;
        };
        let too_many = || ModelError::Network(format!("more than {MAX_NUMBERS} weights"));
        left = left.checked_sub(element_count(&tensor)?).ok_or_else(too_many)?;
        constants.insert(tensor.name.clone(), tensor);
        for input in &node.input {
            forget_after_last_reader(input, &mut readers, &mut constants);
        }
    }
    graph.node = kept;
    graph.initializer = still_used(constants, graph, &order);
    Ok(())
}

fn readers_of(graph: &GraphProto) -> HashMap<String, usize> {
    let mut readers = HashMap::new();
    let read = graph.node.iter().flat_map(|node| &node.input).chain(graph.output.iter().map(|output| &output.name));
    read.for_each(|name| *readers.entry(name.clone()).or_default() += 1);
    readers
}

/// Drops a constant after its last reader, so that weights are not kept in memory twice.
fn forget_after_last_reader(
    name: &str,
    readers: &mut HashMap<String, usize>,
    constants: &mut HashMap<String, TensorProto>,
) {
    let Some(left) = readers.get_mut(name) else { return };
    *left = left.saturating_sub(1);
    if *left == 0 {
        constants.remove(name);
    }
}

fn dequantized(node: &NodeProto, constants: &HashMap<String, TensorProto>) -> Result<Option<TensorProto>, ModelError> {
    let constant = |index: usize| node.input.get(index).and_then(|name| constants.get(name));
    let (Some(weights), Some(scales), Some(name)) = (constant(0), constant(1), node.output.first()) else {
        return Ok(None);
    };
    let zeros = constant(2);
    if zeros.is_none() && node.input.get(2).is_some_and(|name| !name.is_empty()) {
        return Ok(None);
    }
    let blocks = Blocks::new(weights, scales, integer(node, "axis", 1), integer(node, "block_size", 0))?;
    let scale = floats(scales)?;
    let zero = match zeros {
        Some(zeros) if zeros.dims != scales.dims => {
            let laid = format!("scales of {:?} and zero points of {:?}", scales.dims, zeros.dims);
            return Err(ModelError::Network(format!("`{name}` has {laid}")));
        }
        Some(zeros) => bytes(zeros)?,
        None => vec![0; scale.len()],
    };
    let narrow = bytes(weights)?;
    let mut values = Vec::with_capacity(narrow.len());
    blocks.runs(narrow.len(), |run, at| {
        let (scale, zero) = (scale[at], i32::from(zero[at]));
        values.extend(narrow[run].iter().map(|&weight| (i32::from(weight) - zero) as f32 * scale));
    });
    Ok(Some(float_tensor(name, &weights.dims, &values)))
}

/// Folds a `Reshape` of a constant. `None` if the shape contains 0 or -1, or does not fit: this is left to the network.
fn reshaped(node: &NodeProto, constants: &HashMap<String, TensorProto>) -> Result<Option<TensorProto>, ModelError> {
    let [data, shape] = node.input.as_slice() else { return Ok(None) };
    let (Some(name), Some(values), Some(shape)) = (node.output.first(), constants.get(data), constants.get(shape))
    else {
        return Ok(None);
    };
    let folded = TensorProto { name: name.clone(), dims: integers(shape)?, ..TensorProto::default() };
    let plain = folded.dims.iter().all(|&dim| dim > 0);
    if !plain || element_count(&folded).ok() != element_count(values).ok() {
        return Ok(None);
    }
    Ok(Some(TensorProto { name: folded.name, dims: folded.dims, ..values.clone() }))
}

/// The mapping of scales to weights, with the weights viewed as `outer x axis x inner`.
struct Blocks {
    axis_len: usize,
    inner: usize,
    block: usize,
    blocks_per_axis: usize,
}

impl Blocks {
    fn new(weights: &TensorProto, scales: &TensorProto, axis: i64, block_size: i64) -> Result<Self, ModelError> {
        let dims = &weights.dims;
        let unsupported = || {
            let laid = format!("scales of {:?} over weights of {dims:?}", scales.dims);
            ModelError::Network(format!("`{}`: {laid}, axis {axis}, block size {block_size}", scales.name))
        };
        let size = usize::try_from(block_size).map_err(|_| unsupported())?;
        let total = element_count(weights)?;
        if total == 0 {
            return Err(unsupported());
        }
        if size == 0 && element_count(scales)? == 1 {
            return Ok(Self { axis_len: total, inner: 1, block: total, blocks_per_axis: 1 });
        }
        let from_end = if axis < 0 { dims.len() } else { 0 };
        let axis = usize::try_from(axis.saturating_add_unsigned(from_end as u64)).map_err(|_| unsupported())?;
        let lengths: Vec<usize> = dims.iter().flat_map(|&dim| usize::try_from(dim)).collect();
        let axis_len = *lengths.get(axis).ok_or_else(unsupported)?;
        let inner: usize = lengths[axis + 1..].iter().product();
        let (laid, blocks) = match size {
            // One scale for each slice along the axis, the same for every outer index.
            0 => (vec![axis_len], Self { axis_len, inner, block: 1, blocks_per_axis: 0 }),
            _ if inner != 1 => return Err(unsupported()),
            _ => {
                let blocks_per_axis = axis_len.div_ceil(size);
                let mut laid = lengths;
                laid[axis] = blocks_per_axis;
                (laid, Self { axis_len, inner, block: size, blocks_per_axis })
            }
        };
        let fits = laid.iter().map(|&length| length as i64).eq(scales.dims.iter().copied());
        if fits { Ok(blocks) } else { Err(unsupported()) }
    }

    /// Calls `each` with every run of weights that share a scale, in order, and with the index of the scale.
    fn runs(&self, total: usize, mut each: impl FnMut(std::ops::Range<usize>, usize)) {
        let row = self.axis_len * self.inner;
        for start in (0..total).step_by(row.max(1)) {
            let first = start / row * self.blocks_per_axis;
            for (index, from) in (0..self.axis_len).step_by(self.block).enumerate() {
                let until = from.saturating_add(self.block).min(self.axis_len);
                each(start + from * self.inner..start + until * self.inner, first + index);
            }
        }
    }
}

fn still_used(mut constants: HashMap<String, TensorProto>, graph: &GraphProto, order: &[String]) -> Vec<TensorProto> {
    let read = graph.node.iter().flat_map(|node| &node.input).chain(graph.output.iter().map(|output| &output.name));
    let used: HashSet<&String> = read.collect();
    constants.retain(|name, _| used.contains(name));
    let mut kept: Vec<TensorProto> = order.iter().filter_map(|name| constants.remove(name)).collect();
    let mut rest: Vec<TensorProto> = constants.into_values().collect();
    rest.sort_by(|a, b| a.name.cmp(&b.name));
    kept.append(&mut rest);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::pb::AttributeProto;
    use tract_onnx::pb::tensor_proto::DataType;

    fn byte_tensor(name: &str, dims: &[i64], values: &[i8]) -> TensorProto {
        TensorProto {
            name: name.to_owned(),
            dims: dims.to_vec(),
            data_type: DataType::Int8.into(),
            raw_data: values.iter().map(|value| value.cast_unsigned()).collect(),
            ..TensorProto::default()
        }
    }

    fn node(op: &str, input: &[&str], output: &str, attributes: &[(&str, i64)]) -> NodeProto {
        let attribute = |&(name, i): &(&str, i64)| AttributeProto { name: name.to_owned(), i, ..Default::default() };
        NodeProto {
            op_type: op.to_owned(),
            input: input.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        }
    }

    /// A graph with a convolution of `x` by the weights `q`, which have scales `s` and zero points `z`, to `y`.
    fn graph(weights: TensorProto, scales: TensorProto, zeros: TensorProto, axis: i64, block: i64) -> GraphProto {
        GraphProto {
            initializer: vec![weights, scales, zeros],
            node: vec![
                node("DequantizeLinear", &["q", "s", "z"], "w", &[("axis", axis), ("block_size", block)]),
                node("Conv", &["x", "w"], "y", &[]),
            ],
            ..GraphProto::default()
        }
    }

    fn weights() -> TensorProto {
        byte_tensor("q", &[2, 3], &[1, 2, 3, 4, 5, 6])
    }

    fn only_constant(mut graph: GraphProto) -> TensorProto {
        widen_weights(&mut graph).unwrap();
        let [constant] = graph.initializer.as_slice() else { panic!("{:?}", graph.initializer) };
        constant.clone()
    }

    #[test]
    fn each_weight_has_its_scale_and_zero_point() {
        for (what, dims, scales, zeros, axis, block, expected) in [
            (
                "blocks of two, the last of one",
                vec![2, 2],
                vec![1.0, 10.0, 2.0, 20.0],
                vec![0, 1, 0, -1],
                1,
                2,
                [1.0, 2.0, 20.0, 8.0, 10.0, 140.0],
            ),
            (
                "one for a column",
                vec![3],
                vec![1.0, 10.0, 100.0],
                vec![0; 3],
                1,
                0,
                [1.0, 20.0, 300.0, 4.0, 50.0, 600.0],
            ),
            (
                "one for a column, from the end",
                vec![3],
                vec![1.0, 2.0, 3.0],
                vec![1; 3],
                -1,
                0,
                [0.0, 2.0, 6.0, 3.0, 8.0, 15.0],
            ),
            ("one for a row", vec![2], vec![1.0, 10.0], vec![0, 3], 0, 0, [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]),
            ("one for all", vec![], vec![2.0], vec![-1], 1, 0, [4.0, 6.0, 8.0, 10.0, 12.0, 14.0]),
        ] {
            let widened = only_constant(graph(
                weights(),
                float_tensor("s", &dims, &scales),
                byte_tensor("z", &dims, &zeros),
                axis,
                block,
            ));
            assert_eq!((widened.name.as_str(), widened.dims.as_slice()), ("w", &[2, 3][..]), "{what}");
            assert_eq!(floats(&widened).unwrap(), expected, "{what}");
        }
    }

    #[test]
    fn scales_that_do_not_fit_are_refused() {
        for (dims, axis, block) in [
            (vec![3, 1], 1, 2),
            (vec![4], 1, 2),
            (vec![2, 2], 1, -1),
            (vec![2, 2], 2, 2),
            (vec![2, 2], -3, 2),
            (vec![2, 2], 0, 2),
            (vec![2, 2], i64::MIN, 2),
            (vec![4], 1, 0),
            (vec![2, 2], 1, i64::MAX),
            (vec![0], 1, 0),
        ] {
            let count = usize::try_from(dims.iter().product::<i64>()).unwrap();
            let (scales, zeros) =
                (float_tensor("s", &dims, &vec![1.0; count]), byte_tensor("z", &dims, &vec![0; count]));
            let mut graph = graph(weights(), scales, zeros, axis, block);
            assert!(widen_weights(&mut graph).is_err(), "{dims:?}, axis {axis}, block {block}");
        }
        let (scales, zeros) = (float_tensor("s", &[3], &[1.0; 3]), byte_tensor("z", &[2], &[0; 2]));
        assert!(widen_weights(&mut graph(weights(), scales, zeros, 1, 0)).is_err(), "too few zero points");
        let (scales, zeros) = (float_tensor("s", &[], &[1.0]), byte_tensor("z", &[], &[0]));
        let empty = byte_tensor("q", &[0, 3], &[]);
        assert!(widen_weights(&mut graph(empty, scales, zeros, 1, 0)).is_err(), "no weights");
    }

    #[test]
    fn a_zero_point_that_the_network_makes_is_left_to_it() {
        let mut graph = graph(weights(), float_tensor("s", &[], &[1.0]), byte_tensor("other", &[], &[0]), 1, 0);
        widen_weights(&mut graph).unwrap();
        assert_eq!(graph.node.len(), 2);
    }

    #[test]
    fn a_plain_reshape_is_folded_too() {
        for (shape, folded) in
            [(vec![6], true), (vec![3, 2], true), (vec![-1, 2], false), (vec![0, 3], false), (vec![4], false)]
        {
            let mut graph = graph(weights(), float_tensor("s", &[], &[1.0]), byte_tensor("z", &[], &[0]), 1, 0);
            graph.node[1].input[1] = "r".to_owned();
            graph.node.insert(1, node("Reshape", &["w", "shape"], "r", &[]));
            graph.initializer.push(TensorProto {
                name: "shape".to_owned(),
                dims: vec![shape.len() as i64],
                data_type: DataType::Int64.into(),
                int64_data: shape.clone(),
                ..TensorProto::default()
            });
            widen_weights(&mut graph).unwrap();
            assert_eq!(graph.node.len() == 1, folded, "{shape:?}");
            assert_eq!(graph.initializer[0].dims == shape, folded, "{shape:?}");
        }
    }

    #[test]
    fn a_constant_with_several_readers_or_among_the_outputs_stays() {
        let mut graph = graph(weights(), float_tensor("s", &[], &[2.0]), byte_tensor("z", &[], &[0]), 1, 0);
        graph.node.push(node("DequantizeLinear", &["q", "s"], "v", &[]));
        graph.output.push(tract_onnx::pb::ValueInfoProto { name: "v".to_owned(), ..Default::default() });
        widen_weights(&mut graph).unwrap();
        let names: Vec<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, ["w", "v"]);
    }
}
