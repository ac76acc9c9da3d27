//! Encodes ONNX files with explicit zeros.
//!
//! Strict ONNX readers (OpenCV) distinguish an attribute with the value 0 from one without a value. tract's message
//! types cannot, and omit zeros. This module therefore encodes the messages around attributes itself, and adds the zero
//! for an attribute of that type.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use std::mem::take;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto};

/// Field numbers of `onnx.proto`.
const MODEL_GRAPH: u32 = 7;
const GRAPH_NODE: u32 = 1;
const NODE_ATTRIBUTE: u32 = 5;
const ATTRIBUTE_FLOAT: u32 = 2;
const ATTRIBUTE_INTEGER: u32 = 3;
const ATTRIBUTE_STRING: u32 = 4;

/// Encodes an ONNX file; the same model always gives the same bytes.
pub fn encode(mut model: ModelProto) -> Vec<u8> {
    let graph = model.graph.take();
    let mut bytes = model.encode_to_vec();
    if let Some(graph) = graph {
        append(&mut bytes, MODEL_GRAPH, &graph_bytes(graph));
    }
    bytes
}

fn graph_bytes(mut graph: GraphProto) -> Vec<u8> {
    let mut bytes = Vec::new();
    for node in take(&mut graph.node) {
        append(&mut bytes, GRAPH_NODE, &node_bytes(node));
    }
    bytes.append(&mut graph.encode_to_vec());
    bytes
}

fn node_bytes(mut node: NodeProto) -> Vec<u8> {
    let attributes = take(&mut node.attribute);
    let mut bytes = node.encode_to_vec();
    for attribute in &attributes {
        append(&mut bytes, NODE_ATTRIBUTE, &attribute_bytes(attribute));
    }
    bytes
}

fn attribute_bytes(attribute: &AttributeProto) -> Vec<u8> {
    let mut bytes = attribute.encode_to_vec();
    match AttributeType::try_from(attribute.r#type) {
        Ok(AttributeType::Float) if attribute.f == 0.0 => {
            encode_key(ATTRIBUTE_FLOAT, WireType::ThirtyTwoBit, &mut bytes);
            bytes.extend(attribute.f.to_le_bytes());
        }
        Ok(AttributeType::Int) if attribute.i == 0 => {
            encode_key(ATTRIBUTE_INTEGER, WireType::Varint, &mut bytes);
            encode_varint(0, &mut bytes);
        }
        Ok(AttributeType::String) if attribute.s.is_empty() => append(&mut bytes, ATTRIBUTE_STRING, &[]),
        _ => {}
    }
    bytes
}

fn append(bytes: &mut Vec<u8>, field: u32, message: &[u8]) {
    encode_key(field, WireType::LengthDelimited, bytes);
    encode_varint(message.len() as u64, bytes);
    bytes.extend_from_slice(message);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tract_onnx::pb::ValueInfoProto;

    /// A regression: `--onnx-out` wrote SFace without `transA = 0`, and OpenCV refused the file: "unsupported attribute
    /// format".
    #[test]
    fn zeros_are_written() {
        for (attribute, field) in [
            (AttributeProto { r#type: AttributeType::Int as i32, ..AttributeProto::default() }, &[3 << 3, 0][..]),
            (AttributeProto { r#type: AttributeType::Float as i32, ..Default::default() }, &[2 << 3 | 5, 0, 0, 0, 0]),
            (AttributeProto { r#type: AttributeType::String as i32, ..Default::default() }, &[4 << 3 | 2, 0]),
            (AttributeProto { r#type: AttributeType::Int as i32, i: 1, ..Default::default() }, &[]),
            (AttributeProto { r#type: AttributeType::Ints as i32, ..Default::default() }, &[]),
        ] {
            assert_eq!(attribute_bytes(&attribute), [attribute.encode_to_vec().as_slice(), field].concat());
        }
    }

    #[test]
    fn what_is_encoded_is_decoded_again() {
        let attribute = |name: &str, i| AttributeProto {
            name: name.to_owned(),
            r#type: AttributeType::Int as i32,
            i,
            ..AttributeProto::default()
        };
        let node = |name: &str| NodeProto {
            name: name.to_owned(),
            input: vec!["x".to_owned(), String::new(), "z".to_owned()],
            attribute: vec![attribute("axis", 0), attribute("group", 3)],
            ..NodeProto::default()
        };
        let output = ValueInfoProto { name: "y".to_owned(), ..ValueInfoProto::default() };
        let graph = GraphProto {
            name: "g".to_owned(),
            node: vec![node("a"), node("b")],
            output: vec![output],
            ..Default::default()
        };
        let model = ModelProto { ir_version: 10, graph: Some(graph), ..ModelProto::default() };
        assert_eq!(ModelProto::decode(encode(model.clone()).as_slice()).unwrap(), model);
    }
}
