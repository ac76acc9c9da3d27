//! An index of an ONNX graph: producers and readers of values, and constants.

use crate::onnx::attributes::{attribute, integer};
use crate::onnx::tensor;
use kernels::Window;
use std::collections::{HashMap, HashSet};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, NodeProto, TensorProto};

/// The stored byte that represents 0 of signed bytes.
pub(super) const SIGNED_ZERO: u8 = 128;

pub(super) struct Graph<'a> {
    pub(super) nodes: &'a [NodeProto],
    constants: HashMap<&'a str, &'a TensorProto>,
    readers: HashMap<&'a str, Vec<usize>>,
    outputs: HashSet<&'a str>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(graph: &'a GraphProto) -> Self {
        let mut readers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, node) in graph.node.iter().enumerate() {
            for input in &node.input {
                readers.entry(input).or_default().push(index);
            }
        }
        Self {
            nodes: &graph.node,
            constants: graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
            readers,
            outputs: graph.output.iter().map(|output| output.name.as_str()).collect(),
        }
    }

    /// The nodes that read a value.
    pub(super) fn readers(&self, value: &str) -> &[usize] {
        self.readers.get(value).map_or(&[], Vec::as_slice)
    }

    /// Whether the value is an output of the network.
    pub(super) fn is_output(&self, value: &str) -> bool {
        self.outputs.contains(value)
    }

    /// The node that reads a value, if it is the only reader and the value is not an output.
    pub(super) fn only_reader(&self, value: &str) -> Option<(usize, &'a NodeProto)> {
        match self.readers(value) {
            [index] if !self.is_output(value) => Some((*index, &self.nodes[*index])),
            _ => None,
        }
    }

    pub(super) fn constant(&self, name: &str) -> Option<&'a TensorProto> {
        self.constants.get(name).copied()
    }

    /// The constant at this input of a node.
    pub(super) fn constant_input(&self, node: &NodeProto, place: usize) -> Option<&'a TensorProto> {
        node.input.get(place).and_then(|name| self.constant(name))
    }

    pub(super) fn floats(&self, node: &NodeProto, place: usize) -> Option<Vec<f32>> {
        tensor::floats(self.constant_input(node, place)?).ok()
    }

    /// The value of a constant with a single number.
    pub(super) fn float(&self, node: &NodeProto, place: usize) -> Option<f32> {
        match self.floats(node, place)?.as_slice() {
            [number] => Some(*number),
            _ => None,
        }
    }

    /// The byte that represents zero, for a zero point with the same value everywhere. Signed bytes are stored with
    /// [`SIGNED_ZERO`] added. Unsigned bytes with exactly that zero point are not supported, to keep the two distinct.
    pub(super) fn zero(&self, node: &NodeProto, place: usize) -> Option<u8> {
        let tensor = self.constant_input(node, place)?;
        let narrow = |number: &i32| number.to_le_bytes()[0];
        let bytes: Vec<u8> = match tensor.raw_data.as_slice() {
            [] => tensor.int32_data.iter().map(narrow).collect(),
            raw => raw.to_vec(),
        };
        let (&first, rest) = bytes.split_first()?;
        match DataType::try_from(tensor.data_type) {
            _ if rest.iter().any(|&byte| byte != first) => None,
            Ok(DataType::Uint8) if first != SIGNED_ZERO => Some(first),
            Ok(DataType::Int8) => Some(first.wrapping_add(SIGNED_ZERO)),
            _ => None,
        }
    }

    /// The numbers of a constant with one number for each of `channels` (shape `[C]`, `[1, C, 1, 1]` or `[C, 1, 1]`),
    /// or with a single number for all.
    pub(super) fn for_channels(&self, node: &NodeProto, place: usize, channels: usize) -> Option<Vec<f32>> {
        let tensor = self.constant_input(node, place)?;
        let numbers = tensor::floats(tensor).ok()?;
        let along_channels = matches!(tensor.dims.as_slice(), [_] | [1, _, 1, 1] | [_, 1, 1]);
        match numbers.len() {
            1 => Some(vec![numbers[0]; channels]),
            length if length == channels && along_channels => Some(numbers),
            _ => None,
        }
    }
}

fn pair<const N: usize>(node: &NodeProto, name: &str, default: [usize; N]) -> Option<[usize; N]> {
    let Some(attribute) = attribute(node, name) else { return Some(default) };
    let numbers: Vec<usize> =
        attribute.ints.iter().map(|&number| usize::try_from(number).ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// The window of a convolution or a pool; `None` if the kernels do not support it. `size` is the size of the kernel.
pub(super) fn window(node: &NodeProto, size: Option<[usize; 2]>) -> Option<Window> {
    let size = pair(node, "kernel_shape", size.unwrap_or([0; 2]))?;
    let stride = pair(node, "strides", [1; 2])?;
    let [top, left, bottom, right] = pair(node, "pads", [0; 4])?;
    let plain = pair(node, "dilations", [1; 2])? == [1, 1]
        && integer(node, "ceil_mode", 0) == 0
        && integer(node, "storage_order", 0) == 0
        && attribute(node, "auto_pad").is_none_or(|how| how.s.is_empty() || how.s == b"NOTSET");
    Window::new(size, stride, [top, left], [bottom, right]).ok().filter(|_| plain)
}
