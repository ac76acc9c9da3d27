//! Converts a network that takes its image pixel by pixel (NHWC) to one that takes it plane by plane (NCHW), as in all
//! bundles.

use super::graph_queries::{free_name, is_output, only_reader, redirect};
use crate::onnx_parts::{integers_attribute, node};
use models::onnx::attributes::attribute;
use models::onnx::pb::{GraphProto, NodeProto};

const PLANES_TO_PIXELS: [i64; 4] = [0, 2, 3, 1];
const PIXELS_TO_PLANES: [i64; 4] = [0, 3, 1, 2];

/// Changes the input, which keeps its name. If the network starts with a transposition to planes, that is removed.
pub(super) fn take_planes(graph: &mut GraphProto) {
    let Some(input) = graph.input.first().map(|input| input.name.clone()) else { return };
    if let Some(index) = only_reader(graph, &input).filter(|&index| turns(&graph.node[index], PIXELS_TO_PLANES)) {
        let planes = graph.node[index].output[0].clone();
        if !is_output(graph, &planes) {
            graph.node.remove(index);
            return redirect(graph, &planes, &input);
        }
    }
    let pixels = free_name(graph, &format!("{input}_nhwc"));
    redirect(graph, &input, &pixels);
    let mut turned = node("Transpose", &[&input], &pixels);
    turned.attribute.push(integers_attribute("perm", &PLANES_TO_PIXELS));
    graph.node.insert(0, turned);
}

fn turns(node: &NodeProto, order: [i64; 4]) -> bool {
    node.op_type == "Transpose"
        && node.output.len() == 1
        && attribute(node, "perm").is_some_and(|perm| perm.ints == order)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{floats, graph, outputs_of, test_input, with};
    use super::*;

    /// Checks that the rewritten network computes the same from planes as the original from pixels.
    fn check(what: &str, nodes: Vec<NodeProto>, output: &str, left: &[&str]) {
        let weights = floats("w", &[2, 3, 1, 1], &[1.0, 2.0, 3.0, -1.0, 0.5, 4.0]);
        let original = graph(nodes, vec![weights, floats("each", &[3], &[1.0, 2.0, 3.0])], &[output]);
        let mut rewritten = original.clone();
        take_planes(&mut rewritten);
        let operators: Vec<&str> = rewritten.node.iter().map(|node| node.op_type.as_str()).collect();
        assert_eq!(operators, left, "{what}");
        let pixels = test_input(&[1, 4, 4, 3]);
        let planes: Vec<f32> = (0..48).map(|at| pixels[at % 16 * 3 + at / 16]).collect();
        let expected = outputs_of(original, &[1, 4, 4, 3], &pixels);
        assert_eq!(outputs_of(rewritten, &[1, 3, 4, 4], &planes), expected, "{what}");
    }

    #[test]
    fn planes_become_the_pixels_that_the_network_takes() {
        let turn = |from: &str, order: &[i64]| {
            let mut turn = node("Transpose", &[from], "t");
            turn.attribute.push(integers_attribute("perm", order));
            turn
        };
        let to_planes = || turn("x", &PIXELS_TO_PLANES);
        check("turned first", vec![to_planes(), node("Conv", &["t", "w"], "y")], "y", &["Conv"]);
        check("turned, and that is all", vec![to_planes()], "t", &["Transpose", "Transpose"]);
        let before =
            vec![node("Sub", &["x", "each"], "s"), turn("s", &PIXELS_TO_PLANES), node("Conv", &["t", "w"], "y")];
        check("something before", before, "y", &["Transpose", "Sub", "Transpose", "Conv"]);
        let twice =
            vec![to_planes(), node("Conv", &["t", "w"], "c"), with(node("ReduceSum", &["x"], "r"), &[("keepdims", 0)])];
        let twice = [twice, vec![node("Add", &["c", "r"], "y")]].concat();
        check("read twice", twice, "y", &["Transpose", "Transpose", "Conv", "ReduceSum", "Add"]);
        let mirrored = vec![turn("x", &[0, 3, 2, 1]), node("Conv", &["t", "w"], "y")];
        check("turned otherwise", mirrored, "y", &["Transpose", "Transpose", "Conv"]);
    }
}
