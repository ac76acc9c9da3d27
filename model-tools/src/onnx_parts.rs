//! Builders for the parts of an ONNX graph.

use models::onnx::pb::attribute_proto::AttributeType;
use models::onnx::pb::tensor_proto::DataType;
use models::onnx::pb::tensor_shape_proto::{Dimension, dimension};
use models::onnx::pb::type_proto::{Tensor, Value};
use models::onnx::pb::{AttributeProto, NodeProto, TensorShapeProto, TypeProto, ValueInfoProto};

/// A node without attributes. Its name is that of its output.
pub(super) fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        op_type: op.to_owned(),
        name: output.to_owned(),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    }
}

pub(super) fn integer_attribute(name: &str, i: i64) -> AttributeProto {
    AttributeProto { i, ..attribute(name, AttributeType::Int) }
}

pub(super) fn integers_attribute(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { ints: values.to_vec(), ..attribute(name, AttributeType::Ints) }
}

pub(super) fn float_attribute(name: &str, f: f32) -> AttributeProto {
    AttributeProto { f, ..attribute(name, AttributeType::Float) }
}

fn attribute(name: &str, kind: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: kind.into(), ..AttributeProto::default() }
}

/// Dimensions as ONNX integers.
pub(super) fn dims(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&length| length as i64).collect()
}

/// An input or output of 32-bit floats with these dimensions.
pub(super) fn floats_value(name: &str, dims: &[i64]) -> ValueInfoProto {
    let dim = |&dim: &i64| Dimension { value: Some(dimension::Value::DimValue(dim)), ..Dimension::default() };
    floats(name, Some(TensorShapeProto { dim: dims.iter().map(dim).collect() }))
}

/// An input or output of 32-bit floats, of any shape.
pub(super) fn shapeless_value(name: &str) -> ValueInfoProto {
    floats(name, None)
}

fn floats(name: &str, shape: Option<TensorShapeProto>) -> ValueInfoProto {
    let tensor = Tensor { elem_type: DataType::Float.into(), shape };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { value: Some(Value::TensorType(tensor)), ..TypeProto::default() }),
        ..ValueInfoProto::default()
    }
}
