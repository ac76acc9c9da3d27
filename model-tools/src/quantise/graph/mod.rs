//! A network as quantising sees it: convolutions with their numbers at hand, and between them operators of which only a
//! few properties matter. [`read`] makes it of an ONNX graph.

mod activation;
mod matrix;
pub(crate) mod onnx;
mod read;

pub(super) use activation::taken_apart;
pub(super) use read::read;

use models::onnx::pb::{AttributeProto, NodeProto, TensorProto};

/// Nodes in the order in which they run.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// The value that comes in: 1, channels, height, width.
    pub(super) input: String,
    pub(super) input_shape: [usize; 4],
    /// The value that goes out.
    pub(super) output: String,
    pub(super) output_shape: Vec<usize>,
    /// Version of ONNX's operators.
    pub(super) operators: i64,
}

/// One step, named as the one value that it makes.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Convolution(Convolution),
    /// Below zero, each channel is multiplied by its own slope.
    PRelu(Vec<f32>),
    /// Anything else, with the constants that it reads.
    Plain(NodeProto, Vec<TensorProto>),
}

/// A convolution and the rectifier that follows it, if one does.
#[derive(Clone, Debug)]
pub(super) struct Convolution {
    /// What it is called in the file.
    pub(super) name: String,
    /// Output channels, input channels of a group, height, width.
    pub(super) dims: [usize; 4],
    /// Row by row: as many as the product of the dimensions.
    pub(super) weights: Vec<f32>,
    /// One for each output channel.
    pub(super) bias: Vec<f32>,
    pub(super) groups: usize,
    /// Pads, strides and so on, as in the file.
    pub(super) attributes: Vec<AttributeProto>,
    pub(super) rectified: bool,
}

impl Graph {
    /// The convolutions with the names of what they make.
    pub(super) fn convolutions(&self) -> impl Iterator<Item = (&Node, &Convolution)> {
        self.nodes.iter().filter_map(|node| match &node.op {
            Op::Convolution(convolution) => Some((node, convolution)),
            _ => None,
        })
    }

    /// The nodes up to the last convolution: what comes after it never reaches another.
    pub(super) fn up_to_last_convolution(&self) -> &[Node] {
        let last = self.nodes.iter().rposition(|node| matches!(node.op, Op::Convolution(_)));
        &self.nodes[..last.map_or(0, |last| last + 1)]
    }
}

impl Node {
    /// What ONNX calls the operator.
    pub(super) fn kind(&self) -> &str {
        match &self.op {
            Op::Convolution(_) => "Conv",
            Op::PRelu(_) => "PRelu",
            Op::Plain(node, _) => &node.op_type,
        }
    }

    /// What it makes of values without negative numbers has none either.
    pub(super) fn keeps_sign(&self) -> bool {
        matches!(self.kind(), "MaxPool" | "Concat" | "GlobalAveragePool" | "AveragePool" | "Flatten" | "Add" | "PRelu")
    }

    /// It makes no negative numbers, whatever it reads.
    pub(super) fn rectifies(&self) -> bool {
        match &self.op {
            Op::Convolution(convolution) => convolution.rectified,
            _ => self.kind() == "Relu",
        }
    }

    /// Whether it reads nothing but values: no constant is added or multiplied.
    pub(super) fn reads_only_values(&self) -> bool {
        matches!(&self.op, Op::Plain(_, constants) if constants.is_empty())
    }
}

impl Convolution {
    /// How many weights make one output channel.
    pub(super) fn row(&self) -> usize {
        self.dims[1..].iter().product()
    }

    /// Every output channel is made of one input channel of its own.
    pub(super) fn is_depthwise(&self) -> bool {
        self.dims[1] == 1 && self.groups == self.dims[0]
    }

    /// The input channel that a weight is applied to, by the weight's place in a row of that output channel.
    pub(super) fn input_channel(&self, output: usize, place: usize) -> usize {
        let group = output / (self.dims[0] / self.groups).max(1);
        group * self.dims[1] + place / (self.dims[2] * self.dims[3])
    }
}
