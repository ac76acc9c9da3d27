//! The weights of a convolution or matrix, stored as floats or as 8-bit integers with scales.

use super::graph_queries::{constant, constant_floats, maker, only_reader, set_floats};
use models::onnx::attributes::integer;
use models::onnx::pb::{GraphProto, NodeProto, TensorProto, ValueInfoProto};
use models::onnx::widen_weights;

/// Floats that scale the weights, row by row: the weights themselves, or the scales of 8-bit weights, whose integers do
/// not change.
pub(super) struct Rows {
    name: String,
    values: Vec<f32>,
}

impl Rows {
    /// Multiplies each row by its factor.
    pub(super) fn scale(mut self, graph: &mut GraphProto, factors: &[f64]) {
        let row = self.values.len() / factors.len().max(1);
        for (row, factor) in self.values.chunks_exact_mut(row.max(1)).zip(factors) {
            row.iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
        }
        set_floats(graph, &self.name, &self.values);
    }
}

/// The rows of weights whose first dimension is `count`. `None` if the weights are not constants, have another layout,
/// or have other readers.
pub(super) fn rows_of(graph: &GraphProto, weights: &str, count: usize) -> Option<Rows> {
    only_reader(graph, weights)?;
    let name = match maker(graph, weights).map(|index| &graph.node[index]) {
        None => weights,
        Some(node) if node.op_type == "Reshape" => {
            let [flat, shape] = node.input.as_slice() else { return None };
            let rows = models::onnx::tensor::integers(constant(graph, shape)?).ok()?;
            only_reader(graph, flat).filter(|_| rows.first() == Some(&(count as i64)))?;
            scales_of(graph, &graph.node[maker(graph, flat)?], count)?
        }
        Some(node) => scales_of(graph, node, count)?,
    };
    let has_rows = constant(graph, name)?.dims.first() == Some(&(count as i64));
    let values = constant_floats(graph, name).filter(|values| has_rows && !values.is_empty())?;
    Some(Rows { name: name.to_owned(), values })
}

/// The scales of a `DequantizeLinear` with `count` rows, each with its own scales.
fn scales_of<'g>(graph: &'g GraphProto, node: &'g NodeProto, count: usize) -> Option<&'g str> {
    let [weights, scales, ..] = node.input.as_slice() else { return None };
    let narrow = constant(graph, weights).filter(|_| node.op_type == "DequantizeLinear")?;
    only_reader(graph, scales)?;
    let along_rows = match integer(node, "axis", 1) {
        0 => true,
        axis => axis.checked_neg() == i64::try_from(narrow.dims.len()).ok(),
    };
    let in_blocks = integer(node, "block_size", 0) != 0;
    (along_rows != in_blocks && narrow.dims.first() == Some(&(count as i64))).then_some(scales)
}

/// A constant as floats, whether it is stored as floats or as 8-bit integers. `None` if it is not a constant.
pub(super) fn widened(graph: &GraphProto, name: &str) -> Option<TensorProto> {
    if let Some(stored) = constant(graph, name) {
        return Some(stored.clone());
    }
    let dequantize = &graph.node[maker(graph, name)?];
    let read = dequantize.input.iter().filter_map(|input| constant(graph, input).cloned());
    let mut alone = GraphProto {
        initializer: read.collect(),
        node: vec![dequantize.clone()],
        output: vec![ValueInfoProto { name: name.to_owned(), ..ValueInfoProto::default() }],
        ..GraphProto::default()
    };
    widen_weights(&mut alone).ok()?;
    constant(&alone, name).cloned()
}
