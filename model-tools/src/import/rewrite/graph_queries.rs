//! Queries of an ONNX graph, and the basic changes that all rewrites use.

use crate::onnx_parts::floats_value;
use models::onnx::pb::tensor_shape_proto::dimension::Value as Dimension;
use models::onnx::pb::type_proto::Value as Type;
use models::onnx::pb::{GraphProto, NodeProto, TensorProto};
use models::onnx::tensor;
use std::collections::{HashMap, HashSet};

/// The constant tensor of that name.
pub(super) fn constant<'g>(graph: &'g GraphProto, name: &str) -> Option<&'g TensorProto> {
    graph.initializer.iter().find(|tensor| tensor.name == name)
}

/// The floats of the constant tensor of that name, if it contains floats.
pub(super) fn constant_floats(graph: &GraphProto, name: &str) -> Option<Vec<f32>> {
    constant(graph, name).and_then(|found| tensor::floats(found).ok())
}

/// Index of the node that makes a value.
pub(super) fn maker(graph: &GraphProto, value: &str) -> Option<usize> {
    graph.node.iter().position(|node| node.output.iter().any(|output| output == value))
}

/// Whether a value is one of the network's outputs.
pub(super) fn is_output(graph: &GraphProto, value: &str) -> bool {
    graph.output.iter().any(|output| output.name == value)
}

/// Index of the only node that reads a value. `None` if the value is read more than once or is an output of the graph.
pub(super) fn only_reader(graph: &GraphProto, value: &str) -> Option<usize> {
    let reads = |node: &NodeProto| node.input.iter().filter(|input| *input == value).count();
    let mut readers = graph.node.iter().enumerate().filter(|(_, node)| reads(node) > 0);
    match (readers.next(), readers.next()) {
        (Some((index, node)), None) if reads(node) == 1 && !is_output(graph, value) => Some(index),
        _ => None,
    }
}

/// Replaces `from` by `to` in the inputs of all nodes.
pub(super) fn redirect(graph: &mut GraphProto, from: &str, to: &str) {
    let inputs = graph.node.iter_mut().flat_map(|node| node.input.iter_mut());
    inputs.filter(|input| *input == from).for_each(|input| to.clone_into(input));
}

/// Adds a constant of 32-bit floats and returns its name: `wanted`, or a longer one if that name is taken.
pub(super) fn add_floats(graph: &mut GraphProto, wanted: &str, dims: &[i64], values: &[f32]) -> String {
    let name = free_name(graph, wanted);
    graph.initializer.push(tensor::float_tensor(&name, dims, values));
    name
}

/// Replaces the values of a constant of 32-bit floats.
pub(super) fn set_floats(graph: &mut GraphProto, name: &str, values: &[f32]) {
    for tensor in graph.initializer.iter_mut().filter(|tensor| tensor.name == name) {
        *tensor = tensor::float_tensor(name, &tensor.dims, values);
    }
}

/// An unused name: `wanted`, or a longer one if that name is taken.
pub(super) fn free_name(graph: &GraphProto, wanted: &str) -> String {
    let inputs = graph.input.iter().map(|input| &input.name);
    let constants = graph.initializer.iter().map(|tensor| &tensor.name);
    let made = graph.node.iter().flat_map(|node| &node.output);
    let taken: HashSet<&str> = inputs.chain(constants).chain(made).map(String::as_str).collect();
    let mut name = wanted.to_owned();
    while taken.contains(name.as_str()) {
        name.push('_');
    }
    name
}

/// Removes nodes that no output depends on, unused constants and inputs, and purely descriptive fields. Sorts the
/// constants into the order in which they are read.
pub(super) fn prune(graph: &mut GraphProto) {
    let mut wanted: HashSet<String> = graph.output.iter().map(|output| output.name.clone()).collect();
    let mut kept = Vec::with_capacity(graph.node.len());
    for node in graph.node.drain(..).rev() {
        if node.output.iter().any(|output| wanted.contains(output)) {
            wanted.extend(node.input.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (place, name) in graph.node.iter().flat_map(|node| &node.input).enumerate() {
        places.entry(name).or_insert(place);
    }
    graph.initializer.retain(|tensor| wanted.contains(&tensor.name));
    graph.initializer.sort_by_key(|tensor| places.get(tensor.name.as_str()).copied());
    graph.input.retain(|input| wanted.contains(&input.name));
    graph.value_info.clear();
    graph.doc_string.clear();
    graph.node.iter_mut().for_each(|node| node.doc_string.clear());
}

/// Removes the declared shapes of the outputs.
pub(super) fn forget_output_shapes(graph: &mut GraphProto) {
    for output in &mut graph.output {
        if let Some(Type::TensorType(tensor)) = output.r#type.as_mut().and_then(|known| known.value.as_mut()) {
            tensor.shape = None;
        }
    }
}

/// Removes the declared height and width of the input.
pub(super) fn open_input_size(graph: &mut GraphProto) {
    let Some(input) = graph.input.first_mut() else { return };
    if let Some(Type::TensorType(tensor)) = input.r#type.as_mut().and_then(|known| known.value.as_mut()) {
        let dims = tensor.shape.iter_mut().flat_map(|shape| shape.dim.iter_mut().skip(2));
        for (dim, name) in dims.zip(["height", "width"]) {
            dim.value = Some(Dimension::DimParam(name.to_owned()));
        }
    }
}

/// Declares the input as 32-bit floats of that shape.
pub(super) fn fix_input_shape(graph: &mut GraphProto, shape: [usize; 4]) {
    let shape = shape.map(|length| length as i64);
    graph.input.iter_mut().for_each(|input| *input = floats_value(&input.name, &shape));
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_same, floats, graph, node};
    use super::*;

    #[test]
    fn only_what_leads_to_an_output_is_kept() {
        let nodes = vec![
            node("Relu", &["x"], "a"),
            node("Neg", &["a"], "unread"),
            node("Mul", &["a", "late"], "b"),
            node("Add", &["b", "early"], "y"),
            node("Add", &["unread", "dead"], "nowhere"),
        ];
        let constants = vec![floats("early", &[1], &[2.0]), floats("dead", &[1], &[3.0]), floats("late", &[1], &[4.0])];
        let original = graph(nodes, constants, &["y"]);
        let mut pruned = original.clone();
        prune(&mut pruned);
        let names = |names: &[&NodeProto]| names.iter().map(|node| node.output[0].clone()).collect::<Vec<_>>();
        assert_eq!(names(&pruned.node.iter().collect::<Vec<_>>()), ["a", "b", "y"]);
        let constants: Vec<&str> = pruned.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(constants, ["late", "early"], "in the order in which they are read");
        check_same("pruned", original, pruned, &[1, 3, 2, 2]);
    }

    #[test]
    fn readers_are_counted_with_outputs_and_repeats() {
        let original = graph(
            vec![node("Relu", &["x"], "a"), node("Add", &["a", "a"], "b"), node("Neg", &["b"], "y")],
            vec![],
            &["y"],
        );
        for (value, reader) in [("x", Some(0)), ("a", None), ("b", Some(2)), ("y", None), ("none", None)] {
            assert_eq!(only_reader(&original, value), reader, "{value}");
        }
    }

    #[test]
    fn free_names_are_unique() {
        let mut graph = graph(vec![node("Relu", &["x"], "y")], vec![floats("c", &[1], &[1.0])], &["y"]);
        for (wanted, given) in [("x", "x_"), ("y", "y_"), ("c", "c_"), ("new", "new"), ("new", "new_")] {
            assert_eq!(add_floats(&mut graph, wanted, &[1], &[0.0]), given);
        }
    }
}
