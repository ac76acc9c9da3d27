//! Removes nodes that have no effect at inference: `Identity`, and `Dropout` outside training.

use super::graph_queries::{is_output, maker, redirect};
use models::onnx::pb::{GraphProto, NodeProto};

/// Removes idle nodes, and redirects their readers to their inputs.
pub(super) fn drop_idle(graph: &mut GraphProto) {
    let mut index = 0;
    while index < graph.node.len() {
        if !drop_if_idle(graph, index) {
            index += 1;
        }
    }
}

fn drop_if_idle(graph: &mut GraphProto, index: usize) -> bool {
    let Some((from, to)) = passed_on(&graph.node[index]) else { return false };
    if !is_output(graph, &to) {
        graph.node.remove(index);
        redirect(graph, &to, &from);
        return true;
    }
    // A graph output keeps its name: the maker of the value gets that name, unless the value must keep its own.
    let Some(maker) = maker(graph, &from).filter(|_| !is_output(graph, &from)) else { return false };
    graph.node.remove(index);
    graph.node[maker].output.iter_mut().filter(|output| **output == from).for_each(|output| output.clone_from(&to));
    redirect(graph, &from, &to);
    true
}

/// The input and the output of an idle node.
fn passed_on(node: &NodeProto) -> Option<(String, String)> {
    let idle = match node.op_type.as_str() {
        "Identity" => true,
        // The third input can enable training; the second output is the mask.
        "Dropout" => node.input.len() <= 2,
        _ => false,
    };
    let named = |names: &[String]| names.iter().filter(|name| !name.is_empty()).count();
    let (from, to) = (node.input.first()?, node.output.first()?);
    let plain = idle && named(&node.output) == 1 && !from.is_empty() && !to.is_empty();
    plain.then(|| (from.clone(), to.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_same, graph, node};
    use super::*;

    #[test]
    fn idle_nodes_are_removed_and_outputs_keep_their_names() {
        let dropout = |output: &str| node("Dropout", &["a"], output);
        let training = |output: &str| NodeProto { input: vec!["a".into(), "".into(), "on".into()], ..dropout(output) };
        let masked = |output: &str| NodeProto { output: vec![output.into(), "mask".into()], ..dropout(output) };
        let relu = || node("Relu", &["x"], "a");
        type Case<'a> = (&'a str, Vec<NodeProto>, &'a [&'a str], &'a [&'a str]);
        let cases: [Case<'_>; 9] = [
            ("in the middle", vec![relu(), dropout("b"), node("Neg", &["b"], "y")], &["y"], &["Relu", "Neg"]),
            ("at the end", vec![relu(), dropout("y")], &["y"], &["Relu"]),
            ("at the start", vec![node("Identity", &["x"], "a"), node("Neg", &["a"], "y")], &["y"], &["Neg"]),
            (
                "several in a row",
                vec![relu(), dropout("b"), node("Identity", &["b"], "c"), node("Neg", &["c"], "y")],
                &["y"],
                &["Relu", "Neg"],
            ),
            (
                "an output read before",
                vec![relu(), node("Neg", &["a"], "z"), dropout("y")],
                &["y", "z"],
                &["Relu", "Neg"],
            ),
            ("two names for one value", vec![relu(), dropout("y")], &["a", "y"], &["Relu", "Dropout"]),
            ("the input as output", vec![node("Identity", &["x"], "y")], &["y"], &["Identity"]),
            ("a mask that is read", vec![relu(), masked("y")], &["y"], &["Relu", "Dropout"]),
            ("perhaps in training", vec![relu(), training("y")], &["y"], &["Relu", "Dropout"]),
        ];
        for (what, nodes, outputs, left) in cases {
            check_left(what, graph(nodes, vec![], outputs), left);
        }
    }

    /// Checks the remaining nodes by name, and that they compute the same, if tract runs the original.
    fn check_left(what: &str, original: GraphProto, left: &[&str]) {
        let mut rewritten = original.clone();
        drop_idle(&mut rewritten);
        let ops: Vec<&str> = rewritten.node.iter().map(|node| node.op_type.as_str()).collect();
        assert_eq!(ops, left, "{what}");
        if original.node.len() != rewritten.node.len() {
            check_same(what, original, rewritten, &[1, 3, 2, 2]);
        }
    }
}
