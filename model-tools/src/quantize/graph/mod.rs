//! The graph that quantisation works on: convolutions with their weights, and other operators, of which only a few
//! properties matter. [`read`] builds it from an ONNX graph.

mod activation;
mod matrix;
pub(crate) mod onnx;
mod read;

pub(super) use activation::taken_apart;
pub(super) use read::read;

use models::onnx::pb::{AttributeProto, NodeProto, TensorProto};

/// Nodes in the order of execution.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// Name of the input, whose shape is 1, channels, height, width.
    pub(super) input: String,
    pub(super) input_shape: [usize; 4],
    /// Name of the output.
    pub(super) output: String,
    pub(super) output_shape: Vec<usize>,
    /// Version of ONNX's operator set.
    pub(super) operators: i64,
}

/// A node with exactly one output, whose name it has.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Convolution(Convolution),
    /// Multiplies negative numbers by a slope per channel.
    PRelu(Vec<f32>),
    /// Any other operator, with the constants that it reads.
    Plain(NodeProto, Vec<TensorProto>),
}

/// A convolution, with the rectifier after it, if any.
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    /// Name in the file.
    pub(super) name: String,
    /// Output channels, input channels per group, height, width.
    pub(super) dims: [usize; 4],
    /// Weights in row-major order: as many as the product of the dimensions.
    pub(super) weights: Vec<f32>,
    /// One number per output channel.
    pub(super) bias: Vec<f32>,
    pub(super) groups: usize,
    /// Pads, strides and so on, as in the file.
    pub(super) attributes: Vec<AttributeProto>,
    pub(super) rectified: bool,
}

impl Graph {
    /// The convolutions, with their nodes.
    pub(super) fn convolutions(&self) -> impl Iterator<Item = (&Node, &Convolution)> {
        self.nodes.iter().filter_map(|node| match &node.op {
            Op::Convolution(convolution) => Some((node, convolution)),
            _ => None,
        })
    }

    /// The nodes up to the last convolution. Those after it do not affect any convolution.
    pub(super) fn up_to_last_convolution(&self) -> &[Node] {
        let last = self.nodes.iter().rposition(|node| matches!(node.op, Op::Convolution(_)));
        &self.nodes[..last.map_or(0, |last| last + 1)]
    }
}

impl Node {
    /// The ONNX name of the operator.
    pub(super) fn kind(&self) -> &str {
        match &self.op {
            Op::Convolution(_) => "Conv",
            Op::PRelu(_) => "PRelu",
            Op::Plain(node, _) => &node.op_type,
        }
    }

    /// True if inputs without negative numbers give outputs without negative numbers.
    pub(super) fn keeps_sign(&self) -> bool {
        matches!(self.kind(), "MaxPool" | "Concat" | "GlobalAveragePool" | "AveragePool" | "Flatten" | "Add" | "PRelu")
    }

    /// True if the output is never negative, for any input.
    pub(super) fn rectifies(&self) -> bool {
        match &self.op {
            Op::Convolution(convolution) => convolution.rectified,
            _ => self.kind() == "Relu",
        }
    }

    /// True if no constant is added or multiplied.
    pub(super) fn reads_only_values(&self) -> bool {
        matches!(&self.op, Op::Plain(_, constants) if constants.is_empty())
    }
}

impl Convolution {
    /// Number of weights per output channel.
    pub(super) fn row(&self) -> usize {
        self.dims[1..].iter().product()
    }

    /// True if every output channel depends on one input channel of its own.
    pub(super) fn is_depthwise(&self) -> bool {
        self.dims[1] == 1 && self.groups == self.dims[0]
    }

    /// The input channel that a weight is applied to. `place` is the index of the weight in the row of the output
    /// channel.
    pub(super) fn input_channel(&self, output: usize, place: usize) -> usize {
        let group = output / (self.dims[0] / self.groups).max(1);
        group * self.dims[1] + place / (self.dims[2] * self.dims[3])
    }
}
