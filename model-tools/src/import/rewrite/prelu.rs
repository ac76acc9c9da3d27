//! Rewrites `PRelu` as `max(x, 0) + slope * min(x, 0)`, which tract runs faster.

use super::graph_queries::{add_floats, free_name};
use crate::onnx_parts::node;
use models::onnx::pb::GraphProto;

/// Rewrites every `PRelu`.
pub(super) fn take_apart(graph: &mut GraphProto) {
    let mut zero = None;
    let mut index = 0;
    while index < graph.node.len() {
        if graph.node[index].op_type == "PRelu" {
            take_one_apart(graph, index, &mut zero);
        }
        index += 1;
    }
}

fn take_one_apart(graph: &mut GraphProto, index: usize, zero: &mut Option<String>) -> Option<()> {
    let prelu = graph.node.get(index)?;
    let ([from, slope], [to]) = (prelu.input.as_slice(), prelu.output.as_slice()) else { return None };
    let (from, slope, to) = (from.clone(), slope.clone(), to.clone());
    let zero = zero.get_or_insert_with(|| add_floats(graph, "activation_zero", &[1], &[0.0]));
    let name = |part: &str| free_name(graph, &format!("{to}_{part}"));
    let (above, below, lower) = (name("above"), name("below"), name("lower"));
    let parts = [
        node("Max", &[&from, zero], &above),
        node("Min", &[&from, zero], &below),
        node("Mul", &[&below, &slope], &lower),
        node("Add", &[&above, &lower], &to),
    ];
    graph.node.splice(index..=index, parts);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_rewrite, floats, graph, node};
    use super::*;
    use models::onnx::pb::TensorProto;

    #[test]
    fn slopes_below_zero_and_nothing_above() {
        let slopes: [(&str, TensorProto); 4] = [
            ("one for each channel", floats("s", &[3, 1, 1], &[0.25, -0.5, 2.0])),
            ("one for all", floats("s", &[1], &[0.1])),
            ("one for each column", floats("s", &[2], &[0.1, 0.0])),
            ("as many dimensions as the value", floats("s", &[1, 3, 1, 1], &[0.25, -0.5, 2.0])),
        ];
        for (what, slope) in slopes {
            let original = graph(vec![node("PRelu", &["x", "s"], "y")], vec![slope], &["y"]);
            check_rewrite(what, &original, take_apart, &["Max", "Min", "Mul", "Add"], &[1, 3, 2, 2]);
        }
    }

    #[test]
    fn slopes_may_be_made_by_the_network() {
        let nodes = vec![node("Neg", &["s"], "made"), node("PRelu", &["x", "made"], "y")];
        let original = graph(nodes, vec![floats("s", &[1], &[0.5])], &["y"]);
        check_rewrite("made", &original, take_apart, &["Neg", "Max", "Min", "Mul", "Add"], &[1, 3, 2, 2]);
    }

    #[test]
    fn several_share_the_zero_and_names_stay_free() {
        let nodes = vec![
            node("Neg", &["x"], "y_above"),
            node("PRelu", &["y_above", "activation_zero"], "a"),
            node("PRelu", &["a", "activation_zero"], "y"),
        ];
        let original = graph(nodes, vec![floats("activation_zero", &[3, 1, 1], &[0.5, 1.0, -1.0])], &["y"]);
        let left = ["Neg", "Max", "Min", "Mul", "Add", "Max", "Min", "Mul", "Add"];
        let rewritten = check_rewrite("two", &original, take_apart, &left, &[1, 3, 2, 2]);
        assert_eq!(rewritten.initializer.len(), 2);
    }
}
