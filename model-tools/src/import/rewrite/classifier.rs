//! Rewrites the end of a classifier into operators that units run fast: `Flatten` in place of a `Reshape` whose shape the
//! network computes from the size of the batch, and `Gemm` in place of `MatMul`.

use super::graph_queries::{add_floats, constant, constant_floats, maker};
use crate::onnx_parts::{integer_attribute, node};
use models::onnx::attributes::{attribute, integer};
use models::onnx::pb::{GraphProto, NodeProto};
use models::onnx::tensor;

/// Rewrites every such operator.
pub(super) fn rewrite_end(graph: &mut GraphProto) {
    for index in 0..graph.node.len() {
        let changed = flattened(graph, index).or_else(|| multiplied(graph, index));
        if let Some(changed) = changed {
            graph.node[index] = changed;
        }
    }
}

/// `Flatten` for a `Reshape` to one row for each picture.
fn flattened(graph: &GraphProto, index: usize) -> Option<NodeProto> {
    let reshape = graph.node.get(index).filter(|node| node.op_type == "Reshape")?;
    let ([data, shape], [output]) = (reshape.input.as_slice(), reshape.output.as_slice()) else { return None };
    is_row_for_each_picture(graph, shape, data).then(|| {
        let mut flatten = node("Flatten", &[data], output);
        flatten.attribute.push(integer_attribute("axis", 1));
        flatten
    })
}

/// Whether a shape is the first dimension of `data`, followed by -1: what PyTorch's `x.view(x.size(0), -1)` becomes.
fn is_row_for_each_picture(graph: &GraphProto, shape: &str, data: &str) -> bool {
    let made_by = |value: &str, operator: &str| {
        maker(graph, value).map(|index| &graph.node[index]).filter(|node| node.op_type == operator)
    };
    let batch_of_data = |value: &str| {
        let unsqueeze = made_by(value, "Unsqueeze")?;
        let gather = made_by(unsqueeze.input.first()?, "Gather")?;
        let shape = made_by(gather.input.first()?, "Shape")?;
        let first = integers(graph, gather.input.get(1)?)? == [0] && integer(gather, "axis", 0) == 0;
        // From version 15 on, the operator can give a part of the shape.
        (first && shape.attribute.is_empty() && shape.input == [data]).then_some(())
    };
    let Some(concat) = made_by(shape, "Concat") else { return false };
    let [batch, rest] = concat.input.as_slice() else { return false };
    batch_of_data(batch).is_some() && integers(graph, rest).is_some_and(|rest| rest == [-1])
}

/// `Gemm` for a `MatMul` of rows with constant weights. The weights are transposed, as batch norms are folded into them.
fn multiplied(graph: &mut GraphProto, index: usize) -> Option<NodeProto> {
    let product = graph.node.get(index).filter(|node| node.op_type == "MatMul")?;
    let ([rows, weights], [output]) = (product.input.as_slice(), product.output.as_slice()) else { return None };
    let (rows, weights, output) = (rows.clone(), weights.clone(), output.clone());
    let &[inputs, outputs] = constant(graph, &weights)?.dims.as_slice() else { return None };
    let numbers = constant_floats(graph, &weights)?;
    let columns = usize::try_from(outputs).ok().filter(|&columns| columns > 0)?;
    if !are_rows(graph, &rows) {
        return None;
    }
    let turned: Vec<f32> = (0..columns).flat_map(|at| numbers[at..].iter().step_by(columns).copied()).collect();
    let turned = add_floats(graph, &format!("{weights}_rows"), &[outputs, inputs], &turned);
    let mut gemm = node("Gemm", &[&rows, &turned], &output);
    gemm.attribute.push(integer_attribute("transB", 1));
    Some(gemm)
}

/// Whether a value has two dimensions: one row for each picture.
fn are_rows(graph: &GraphProto, value: &str) -> bool {
    let mut value = value;
    // The graph has no cycles.
    while let Some(index) = maker(graph, value) {
        let node = &graph.node[index];
        match (node.op_type.as_str(), node.input.first()) {
            ("Flatten" | "Gemm", _) => return true,
            ("BatchNormalization", Some(from)) => value = from,
            _ => return false,
        }
    }
    false
}

/// The integers of a constant, which the file stores as such or as a node.
fn integers(graph: &GraphProto, name: &str) -> Option<Vec<i64>> {
    let of_node = || {
        let index = maker(graph, name).filter(|&index| graph.node[index].op_type == "Constant")?;
        attribute(&graph.node[index], "value")?.t.as_ref()
    };
    tensor::integers(constant(graph, name).or_else(of_node)?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_rewrite, floats, graph, shape, with};
    use super::*;
    use models::onnx::pb::TensorProto;

    /// `x` as one row for each picture, as PyTorch exports it.
    fn viewed() -> Vec<NodeProto> {
        vec![
            node("Shape", &["x"], "dims"),
            node("Gather", &["dims", "first"], "batch"),
            node("Unsqueeze", &["batch", "front"], "batches"),
            with(node("Concat", &["batches", "rest"], "shape"), &[("axis", 0)]),
            node("Reshape", &["x", "shape"], "row"),
        ]
    }

    fn constants() -> Vec<TensorProto> {
        let scalar = |name: &str, value| TensorProto { dims: vec![], ..shape(name, &[value]) };
        let ramp: Vec<f32> = (0..60).map(|index| (index % 7) as f32 - 2.5).collect();
        let one = |name: &str, value| floats(name, &[5], &[value, 1.0, 0.5, 2.0, 1.5]);
        vec![
            scalar("first", 0),
            scalar("second", 1),
            shape("front", &[0]),
            shape("rest", &[-1]),
            shape("four", &[4]),
            floats("w", &[12, 5], &ramp),
            floats("v", &[5, 2], &ramp[..10]),
            one("gamma", 2.0),
            one("beta", -1.0),
            one("mean", 0.5),
            one("variance", 3.0),
        ]
    }

    fn check(what: &str, nodes: Vec<NodeProto>, left: &[&str]) {
        check_rewrite(what, &graph(nodes, constants(), &["y"]), rewrite_end, left, &[1, 3, 2, 2]);
    }

    #[test]
    fn a_row_for_each_picture_is_flattened_and_multiplied() {
        let before = ["Shape", "Gather", "Unsqueeze", "Concat"];
        let with_norm = || {
            let norm = node("BatchNormalization", &["a", "gamma", "beta", "mean", "variance"], "b");
            [viewed(), vec![node("MatMul", &["row", "w"], "a"), norm, node("MatMul", &["b", "v"], "y")]].concat()
        };
        check("all", with_norm(), &[&before[..], &["Flatten", "Gemm", "BatchNormalization", "Gemm"]].concat());
    }

    #[test]
    fn others_are_kept() {
        let mut second = viewed();
        second[1].input[1] = "second".to_owned();
        second[3].input[1] = "four".to_owned();
        second.push(node("Relu", &["row"], "y"));
        let kept: Vec<String> = second.iter().map(|node| node.op_type.clone()).collect();
        check("another dimension", second, &kept.iter().map(String::as_str).collect::<Vec<&str>>());
        let pictures = vec![node("MatMul", &["x", "small"], "y")];
        let original = graph(pictures, vec![floats("small", &[2, 2], &[1.0, 2.0, 3.0, 4.0])], &["y"]);
        check_rewrite("no rows", &original, rewrite_end, &["MatMul"], &[1, 3, 2, 2]);
    }
}
