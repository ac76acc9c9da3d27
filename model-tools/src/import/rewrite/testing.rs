//! Small graphs for tests, and a check that a rewrite does not change the outputs: tract runs both graphs.

use models::network::run_once;
use models::onnx::pb::tensor_proto::DataType;
use models::onnx::pb::type_proto::{Tensor, Value};
use models::onnx::pb::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TypeProto, ValueInfoProto};

pub(crate) use crate::onnx_parts::node;
pub(super) use crate::onnx_parts::{float_attribute, integer_attribute};
pub(crate) use models::onnx::tensor::float_tensor as floats;

/// A graph with the input `x`.
pub(crate) fn graph(nodes: Vec<NodeProto>, constants: Vec<TensorProto>, outputs: &[&str]) -> GraphProto {
    let floats = Tensor { elem_type: DataType::Float.into(), shape: None };
    let value = |name: &str| ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { value: Some(Value::TensorType(floats.clone())), ..TypeProto::default() }),
        ..ValueInfoProto::default()
    };
    GraphProto {
        node: nodes,
        initializer: constants,
        input: vec![value("x")],
        output: outputs.iter().map(|name| value(name)).collect(),
        ..GraphProto::default()
    }
}

/// A model with that graph.
pub(crate) fn model(graph: GraphProto) -> ModelProto {
    let operators = OperatorSetIdProto { domain: String::new(), version: 21 };
    ModelProto { ir_version: 10, opset_import: vec![operators], graph: Some(graph), ..ModelProto::default() }
}

/// The node with additional integer attributes.
pub(crate) fn with(mut node: NodeProto, attributes: &[(&str, i64)]) -> NodeProto {
    node.attribute.extend(attributes.iter().map(|&(name, i)| integer_attribute(name, i)));
    node
}

/// A constant of 8-bit integers.
pub(crate) fn bytes(name: &str, dims: &[i64], values: &[i8]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: DataType::Int8.into(),
        raw_data: values.iter().map(|value| value.cast_unsigned()).collect(),
        ..TensorProto::default()
    }
}

/// A constant shape.
pub(crate) fn shape(name: &str, dims: &[i64]) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: vec![dims.len() as i64],
        data_type: DataType::Int64.into(),
        int64_data: dims.to_vec(),
        ..TensorProto::default()
    }
}

/// Numbers below and above zero.
pub(super) fn test_input(shape: &[usize]) -> Vec<f32> {
    (0..shape.iter().product()).map(|index: usize| (index * 37 % 19) as f32 - 8.0).collect()
}

/// The outputs of the model, run by tract.
pub(super) fn outputs_of(graph: GraphProto, shape: &[usize], input: &[f32]) -> Vec<Vec<f32>> {
    run_once(model(graph), shape, input).unwrap()
}

/// Checks that both graphs give the same numbers, except for rounding.
pub(super) fn check_same(what: &str, original: GraphProto, rewritten: GraphProto, shape: &[usize]) {
    let input = test_input(shape);
    let (expected, found) = (outputs_of(original, shape, &input), outputs_of(rewritten, shape, &input));
    assert_eq!(expected.len(), found.len(), "{what}");
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected.len(), found.len(), "{what}");
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-4 * (1.0 + a.abs());
        assert!(expected.iter().zip(found).all(close), "{what}: {expected:?} became {found:?}");
    }
}

/// Rewrites a graph, and checks that the new one has these operators and gives the same numbers.
pub(super) fn check_rewrite(
    what: &str,
    original: &GraphProto,
    rewrite: impl Fn(&mut GraphProto),
    operators: &[&str],
    shape: &[usize],
) -> GraphProto {
    let mut rewritten = original.clone();
    rewrite(&mut rewritten);
    let left: Vec<&str> = rewritten.node.iter().map(|node| node.op_type.as_str()).collect();
    assert_eq!(left, operators, "{what}");
    check_same(what, original.clone(), rewritten.clone(), shape);
    rewritten
}
