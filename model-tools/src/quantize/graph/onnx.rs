//! Builders and queries for ONNX graphs.

use models::onnx::pb::tensor_proto::DataType;
use models::onnx::pb::{GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto};
use std::collections::HashMap;

/// Version of ONNX's file format in the output.
const IR_VERSION: i64 = 10;

/// A constant of signed bytes.
pub(crate) fn signed_bytes(name: &str, dims: &[i64], values: &[i8]) -> TensorProto {
    raw(name, dims, DataType::Int8, values.iter().map(|value| value.cast_unsigned()).collect())
}

/// A constant of unsigned bytes.
pub(crate) fn unsigned_bytes(name: &str, dims: &[i64], values: &[u8]) -> TensorProto {
    raw(name, dims, DataType::Uint8, values.to_vec())
}

/// A constant of 32-bit integers.
pub(crate) fn words(name: &str, values: &[i32]) -> TensorProto {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    raw(name, &[values.len() as i64], DataType::Int32, bytes)
}

fn raw(name: &str, dims: &[i64], data_type: DataType, raw_data: Vec<u8>) -> TensorProto {
    TensorProto {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: data_type.into(),
        raw_data,
        ..TensorProto::default()
    }
}

/// A model with that graph.
pub(crate) fn model(graph: GraphProto, operators: i64) -> ModelProto {
    let operators = OperatorSetIdProto { domain: String::new(), version: operators };
    ModelProto {
        ir_version: IR_VERSION,
        producer_name: "encoder-tool model quantize".to_owned(),
        opset_import: vec![operators],
        graph: Some(graph),
        ..ModelProto::default()
    }
}

/// Makers and readers of the values of a graph.
pub(super) struct Wiring<'g> {
    graph: &'g GraphProto,
    makers: HashMap<&'g str, &'g NodeProto>,
    readers: HashMap<&'g str, usize>,
    constants: HashMap<&'g str, &'g TensorProto>,
}

impl<'g> Wiring<'g> {
    pub(super) fn new(graph: &'g GraphProto) -> Self {
        let mut readers: HashMap<&str, usize> = HashMap::new();
        let outputs = graph.output.iter().map(|output| &output.name);
        for name in graph.node.iter().flat_map(|node| &node.input).chain(outputs) {
            *readers.entry(name).or_default() += 1;
        }
        let makers = graph.node.iter().flat_map(|node| node.output.iter().map(move |name| (name.as_str(), node)));
        let constants = graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor));
        Self { graph, makers: makers.collect(), readers, constants: constants.collect() }
    }

    pub(super) fn maker(&self, value: &str) -> Option<&'g NodeProto> {
        self.makers.get(value).copied()
    }

    /// The maker of a value that has exactly one reader and is not an output.
    pub(super) fn private_maker(&self, value: &str) -> Option<&'g NodeProto> {
        self.maker(value).filter(|_| self.readers.get(value) == Some(&1))
    }

    /// The only reader of a value; `None` if there are several.
    pub(super) fn only_reader(&self, value: &str) -> Option<&'g NodeProto> {
        if self.readers.get(value) != Some(&1) {
            return None;
        }
        self.graph.node.iter().find(|node| node.input.iter().any(|input| input == value))
    }

    pub(super) fn constant(&self, name: &str) -> Option<&'g TensorProto> {
        self.constants.get(name).copied()
    }

    /// The floats of a constant.
    pub(super) fn floats(&self, name: &str) -> Option<Vec<f32>> {
        models::onnx::tensor::floats(self.constant(name)?).ok()
    }
}
