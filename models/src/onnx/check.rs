//! Validates a decoded graph. `bounds` checks the size of values; tract checks shapes.
//!
//! Every rewrite of the graph looks up values by name, so this module refuses names that are defined twice, never, or
//! by a cycle of nodes. The limits bound the time and memory of all loops over the graph, for any file.

use super::{bounds, tensor};
use crate::ModelError;
use std::collections::HashSet;
use tract_onnx::pb::tensor_proto::DataLocation;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto};

/// Face networks have a few hundred nodes; the largest of common networks have a few thousand.
const MAX_NODES: usize = 10_000;
/// The most names that all nodes together read and define.
const MAX_NAMES: usize = 100_000;

/// Refuses a model with an invalid graph, and drops dead inputs and trailing empty names.
pub(super) fn sound(model: &mut ModelProto) -> Result<(), ModelError> {
    if !model.functions.is_empty() {
        return Err(wrong("it defines operators of its own"));
    }
    let graph = model.graph.as_mut().filter(|graph| !graph.node.is_empty());
    let graph = graph.ok_or_else(|| wrong("not an ONNX file: it has no graph"))?;
    require_small(graph)?;
    graph.initializer.iter().try_for_each(require_held)?;
    graph.node.iter().flat_map(|node| &node.attribute).try_for_each(require_plain)?;
    drop_dead_inputs(graph);
    graph.node.iter_mut().for_each(drop_trailing_blanks);
    if graph.input.len() != 1 {
        return Err(wrong(format!("it has {} inputs; the picture must be the only one", graph.input.len())));
    }
    require_order(graph)?;
    bounds::require_bounded(graph)
}

fn require_small(graph: &GraphProto) -> Result<(), ModelError> {
    let (nodes, constants) = (graph.node.len(), graph.initializer.len());
    if nodes > MAX_NODES || constants > MAX_NODES {
        return Err(wrong(format!("{nodes} nodes and {constants} constants; the limit is {MAX_NODES} of each")));
    }
    let names: usize = graph.node.iter().map(|node| node.input.len() + node.output.len()).sum();
    if names > MAX_NAMES || graph.output.len() > MAX_NAMES {
        return Err(wrong(format!("its nodes read and make {names} values; the limit is {MAX_NAMES}")));
    }
    let numbers = graph.initializer.iter().try_fold(0, |sum, tensor| Ok(sum + tensor::element_count(tensor)?))?;
    if numbers > tensor::MAX_NUMBERS {
        return Err(wrong(format!("{numbers} weights; the limit is {}", tensor::MAX_NUMBERS)));
    }
    if !graph.sparse_initializer.is_empty() {
        return Err(wrong("it has sparse weights"));
    }
    Ok(())
}

/// Checks that the tensor's values are in this file, not in an external one.
fn require_held(tensor: &TensorProto) -> Result<(), ModelError> {
    tensor::element_count(tensor)?;
    match tensor.data_location {
        Some(place) if place == DataLocation::External as i32 => {
            Err(wrong(format!("the weights `{}` are in another file; save the network as one file", tensor.name)))
        }
        _ => Ok(()),
    }
}

fn require_plain(attribute: &AttributeProto) -> Result<(), ModelError> {
    let sparse = attribute.sparse_tensor.is_some() || !attribute.sparse_tensors.is_empty();
    if sparse || attribute.g.is_some() || !attribute.graphs.is_empty() {
        return Err(wrong(format!("the attribute `{}` contains a graph or a sparse tensor", attribute.name)));
    }
    attribute.t.iter().chain(&attribute.tensors).try_for_each(require_held)
}

fn drop_dead_inputs(graph: &mut GraphProto) {
    let read: HashSet<&String> = graph.node.iter().flat_map(|node| &node.input).collect();
    let constants: HashSet<&String> = graph.initializer.iter().map(|tensor| &tensor.name).collect();
    graph.input.retain(|input| read.contains(&input.name) && !constants.contains(&input.name));
}

/// Drops empty names at the end of the inputs. ONNX allows them for omitted inputs, but tract does not.
fn drop_trailing_blanks(node: &mut NodeProto) {
    while node.input.pop_if(|name| name.is_empty()).is_some() {}
}

/// Checks that every value has a unique name and is defined before it is read.
fn require_order(graph: &GraphProto) -> Result<(), ModelError> {
    let mut made: HashSet<&str> = HashSet::new();
    let given = graph.initializer.iter().map(|tensor| &tensor.name).chain(graph.input.iter().map(|input| &input.name));
    for name in given {
        if name.is_empty() || !made.insert(name) {
            return Err(wrong(format!("two constants or inputs have the name `{name}`, or one has none")));
        }
    }
    for node in &graph.node {
        for input in node.input.iter().filter(|input| !input.is_empty()) {
            if !made.contains(input.as_str()) {
                return Err(wrong(format!("{} reads `{input}` before anything makes it", described(node))));
            }
        }
        let mut named = node.output.iter().filter(|output| !output.is_empty()).peekable();
        if named.peek().is_none() {
            return Err(wrong(format!("{} makes nothing", described(node))));
        }
        for output in named {
            if !made.insert(output) {
                return Err(wrong(format!("{} makes `{output}` a second time", described(node))));
            }
        }
    }
    let mut outputs = HashSet::new();
    for output in &graph.output {
        if !made.contains(output.name.as_str()) || !outputs.insert(&output.name) {
            return Err(wrong(format!("the output `{}` is made by nothing, or listed twice", output.name)));
        }
    }
    if outputs.is_empty() { Err(wrong("it has no output")) } else { Ok(()) }
}

fn described(node: &NodeProto) -> String {
    format!("node `{}` ({})", node.name, node.op_type)
}

fn wrong(what: impl Into<String>) -> ModelError {
    ModelError::Network(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::pb::{SparseTensorProto, ValueInfoProto};

    fn value(name: &str) -> ValueInfoProto {
        ValueInfoProto { name: name.to_owned(), ..ValueInfoProto::default() }
    }

    fn node(inputs: &[&str], outputs: &[&str]) -> NodeProto {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        NodeProto { op_type: "Add".to_owned(), input: names(inputs), output: names(outputs), ..NodeProto::default() }
    }

    /// `y = (x + c) + c`, with the constant and an unused value among the inputs.
    fn model() -> ModelProto {
        let graph = GraphProto {
            initializer: vec![tensor::float_tensor("c", &[2], &[1.0, 2.0])],
            input: vec![value("c"), value("dead"), value("x")],
            node: vec![node(&["x", "c"], &["t"]), node(&["t", "c"], &["y"])],
            output: vec![value("y")],
            ..GraphProto::default()
        };
        ModelProto { graph: Some(graph), ..ModelProto::default() }
    }

    fn changed(change: impl FnOnce(&mut GraphProto)) -> Result<GraphProto, String> {
        let mut model = model();
        change(model.graph.as_mut().unwrap());
        sound(&mut model).map_err(|error| error.to_string())?;
        Ok(model.graph.unwrap())
    }

    #[test]
    fn dead_inputs_and_trailing_blanks_go() {
        let graph = changed(|graph| graph.node[1].input.extend([String::new(), String::new()])).unwrap();
        assert_eq!((graph.input, graph.node[1].input.len()), (vec![value("x")], 2));
        let between = changed(|graph| graph.node[1].input.insert(1, String::new())).unwrap();
        assert_eq!(between.node[1].input.len(), 3);
    }

    #[test]
    fn invalid_models_are_named() {
        type Change = fn(&mut GraphProto);
        let cases: [(Change, &str); 19] = [
            (|graph| graph.node.clear(), "no graph"),
            (|graph| graph.input.clear(), "0 inputs"),
            (|graph| graph.node[1].input.push("dead".to_owned()), "2 inputs"),
            (|graph| graph.node[1].output[0] = "t".to_owned(), "`t` a second time"),
            (|graph| graph.node[0].output[0] = "x".to_owned(), "`x` a second time"),
            (|graph| graph.node[0].output.clear(), "makes nothing"),
            (|graph| graph.node[0].output[0].clear(), "makes nothing"),
            (|graph| graph.node.swap(0, 1), "reads `t`"),
            (|graph| graph.node[0].input[1] = "y".to_owned(), "reads `y`"),
            (|graph| graph.output.clear(), "no output"),
            (|graph| graph.output[0].name = "z".to_owned(), "`z`"),
            (|graph| graph.output.push(value("y")), "`y`"),
            (|graph| graph.initializer.push(graph.initializer[0].clone()), "`c`"),
            (|graph| graph.initializer.push(tensor::float_tensor("", &[0], &[])), "has none"),
            (|graph| graph.initializer[0].dims = vec![-2], "[-2]"),
            (|graph| graph.initializer[0].dims = vec![1 << 20, 1 << 20], "dimensions"),
            (|graph| graph.initializer[0].data_location = Some(1), "another file"),
            (|graph| graph.sparse_initializer.push(SparseTensorProto::default()), "sparse"),
            (|graph| graph.node = vec![graph.node[0].clone(); MAX_NODES + 1], "10001 nodes"),
        ];
        for (change, named) in cases {
            let message = changed(change).unwrap_err();
            assert!(message.contains(named), "{named}: {message}");
        }
    }

    #[test]
    fn attributes_hold_bounded_tensors_and_no_graphs() {
        let huge = TensorProto { dims: vec![i64::MAX], ..TensorProto::default() };
        for (attribute, accepted) in [
            (AttributeProto { i: 7, ..AttributeProto::default() }, true),
            (AttributeProto { t: Some(tensor::float_tensor("", &[1], &[1.0])), ..AttributeProto::default() }, true),
            (AttributeProto { g: Some(GraphProto::default()), ..AttributeProto::default() }, false),
            (AttributeProto { tensors: vec![huge], ..AttributeProto::default() }, false),
        ] {
            assert_eq!(changed(|graph| graph.node[0].attribute.push(attribute)).is_ok(), accepted);
        }
    }
}
