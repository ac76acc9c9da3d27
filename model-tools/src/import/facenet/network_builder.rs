//! Builds the network as an ONNX graph, layer by layer.

use super::layer_names::{Block, Layer, Name, Stem};
use super::named_weights::{Norm, Weights};
use crate::import::arrays::Array;
use crate::onnx_parts::{float_attribute, floats_value, integer_attribute, integers_attribute, node};
use anyhow::{Result, ensure};
use models::onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto};
use models::onnx::tensor::float_tensor;

/// Height and width of the image.
pub(crate) const SIDE: u32 = 160;

/// The epsilon of every batch norm.
const EPSILON: f32 = 0.001;

/// Version of ONNX's operator set.
const OPERATORS_VERSION: i64 = 17;

/// A value of the graph.
pub(super) struct Value {
    name: String,
    channels: usize,
}

/// A graph to which layers are appended.
pub(super) struct Chain<'w> {
    graph: GraphProto,
    weights: &'w mut Weights,
}

impl<'w> Chain<'w> {
    pub(super) fn new(weights: &'w mut Weights) -> Self {
        Self { graph: GraphProto { name: "facenet".to_owned(), ..GraphProto::default() }, weights }
    }

    /// The input image, in the order red, green, blue.
    pub(super) fn input(&mut self) -> Value {
        let side = i64::from(SIDE);
        self.graph.input.push(floats_value("input", &[1, 3, side, side]));
        Value { name: "input".to_owned(), channels: 3 }
    }

    pub(super) fn stem(&mut self, from: &Value, step: &Stem) -> Result<Value> {
        match step {
            Stem::Layer(layer, torch) => {
                let name = Name::followed_by_norm(layer.name.to_owned(), torch);
                self.layer(from, layer, &name)
            }
            Stem::Pool(name) => Ok(self.pool(from, (*name).to_owned())),
        }
    }

    /// A block whose branches are joined with a pool of its input.
    pub(super) fn reduction(&mut self, from: &Value, block: &Block) -> Result<Value> {
        let mut joined = self.branches(from, block)?;
        joined.push(self.pool(from, format!("{}_MaxPool", block.keras)));
        Ok(self.concatenated(&joined, &block.keras))
    }

    /// The block's input, plus `scale` times the output of its branches.
    pub(super) fn residual(&mut self, from: &Value, block: &Block, scale: f32) -> Result<Value> {
        let branches = self.branches(from, block)?;
        let found = self.concatenated(&branches, &block.keras);
        let name = block.widening();
        let mut kernel = self.weights.factors(&name, found.channels, &[1, 1])?;
        let outputs = kernel.dims[0];
        let came = from.channels;
        ensure!(outputs == came, "`{}` has {outputs} outputs where {came} are needed", name.keras);
        let mut bias = self.weights.bias(&name, outputs)?;
        kernel.values.iter_mut().chain(&mut bias).for_each(|weight| *weight *= scale);
        let point = Layer { name: "", kernel: [1, 1], stride: 1, padded: false };
        let widened = self.convolved(&found, &point, &name.keras, &kernel, Some(&bias));
        Ok(self.node("Add", &[from, &widened], format!("{}_Add", block.keras), from.channels, vec![]))
    }

    pub(super) fn rectified(&mut self, from: &Value) -> Value {
        self.node("Relu", &[from], format!("{}_Relu", from.name), from.channels, vec![])
    }

    /// The end of the network: the mean of each channel, a matrix and a batch norm.
    pub(super) fn encoding(mut self, from: &Value) -> Result<ModelProto> {
        let name = Name::bottleneck();
        let pooled = self.node("GlobalAveragePool", &[from], "AvgPool".to_owned(), from.channels, vec![]);
        let row = self.node("Flatten", &[&pooled], "PreLogitsFlatten".to_owned(), from.channels, vec![]);
        let matrix = self.weights.factors(&name, row.channels, &[])?;
        let dimensions = matrix.dims[0];
        let matrix = self.constant(format!("{}_kernel", name.keras), &matrix);
        let transposed = vec![integer_attribute("transB", 1)];
        let product = self.node("Gemm", &[&row, &matrix], name.keras.clone(), dimensions, transposed);
        let norm = self.weights.norm(&name, dimensions)?;
        self.normed(&product, norm, "encoding");
        self.graph.output.push(floats_value("encoding", &[1, dimensions as i64]));
        let operators = OperatorSetIdProto { domain: String::new(), version: OPERATORS_VERSION };
        Ok(ModelProto {
            ir_version: 8,
            opset_import: vec![operators],
            graph: Some(self.graph),
            ..ModelProto::default()
        })
    }

    fn branches(&mut self, from: &Value, block: &Block) -> Result<Vec<Value>> {
        let mut ends = Vec::new();
        for branch in block.branches() {
            let mut end = None;
            for (layer, name) in branch {
                end = Some(self.layer(end.as_ref().unwrap_or(from), &layer, &name)?);
            }
            ends.extend(end);
        }
        Ok(ends)
    }

    fn layer(&mut self, from: &Value, layer: &Layer, name: &Name) -> Result<Value> {
        let kernel = self.weights.factors(name, from.channels, &layer.kernel)?;
        let convolved = self.convolved(from, layer, &name.keras, &kernel, None);
        let norm = self.weights.norm(name, convolved.channels)?;
        let normed = self.normed(&convolved, norm, &format!("{}_BatchNorm", name.keras));
        Ok(self.rectified(&normed))
    }

    fn convolved(&mut self, from: &Value, layer: &Layer, name: &str, kernel: &Array, bias: Option<&[f32]>) -> Value {
        let [height, width] = layer.kernel.map(|length| length as i64);
        let [top, left] = if layer.padded { [height / 2, width / 2] } else { [0, 0] };
        let stride = layer.stride as i64;
        let attributes = vec![
            integers_attribute("kernel_shape", &[height, width]),
            integers_attribute("strides", &[stride, stride]),
            integers_attribute("pads", &[top, left, top, left]),
        ];
        let outputs = kernel.dims[0];
        let kernel = self.constant(format!("{name}_kernel"), kernel);
        let bias = bias.map(|bias| self.channels(format!("{name}_bias"), bias));
        let inputs: Vec<&Value> = [from, &kernel].into_iter().chain(bias.as_ref()).collect();
        self.node("Conv", &inputs, name.to_owned(), outputs, attributes)
    }

    fn normed(&mut self, from: &Value, norm: Norm, name: &str) -> Value {
        let Norm { gamma, beta, mean, variance } = norm;
        let parts = [("gamma", gamma), ("beta", beta), ("moving_mean", mean), ("moving_variance", variance)];
        let parts = parts.map(|(part, values)| self.channels(format!("{name}_{part}"), &values));
        let inputs: Vec<&Value> = [from].into_iter().chain(&parts).collect();
        let epsilon = vec![float_attribute("epsilon", EPSILON)];
        self.node("BatchNormalization", &inputs, name.to_owned(), from.channels, epsilon)
    }

    fn pool(&mut self, from: &Value, name: String) -> Value {
        let attributes = vec![integers_attribute("kernel_shape", &[3, 3]), integers_attribute("strides", &[2, 2])];
        self.node("MaxPool", &[from], name, from.channels, attributes)
    }

    fn concatenated(&mut self, parts: &[Value], block: &str) -> Value {
        let channels = parts.iter().map(|part| part.channels).sum();
        let parts: Vec<&Value> = parts.iter().collect();
        self.node("Concat", &parts, format!("{block}_Concatenate"), channels, vec![integer_attribute("axis", 1)])
    }

    fn constant(&mut self, name: String, array: &Array) -> Value {
        let dims: Vec<i64> = array.dims.iter().map(|&dim| dim as i64).collect();
        self.graph.initializer.push(float_tensor(&name, &dims, &array.values));
        Value { name, channels: 0 }
    }

    fn channels(&mut self, name: String, values: &[f32]) -> Value {
        self.graph.initializer.push(float_tensor(&name, &[values.len() as i64], values));
        Value { name, channels: 0 }
    }

    fn node(
        &mut self,
        op: &str,
        inputs: &[&Value],
        name: String,
        channels: usize,
        attribute: Vec<AttributeProto>,
    ) -> Value {
        let inputs: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        self.graph.node.push(NodeProto { attribute, ..node(op, &inputs, &name) });
        Value { name, channels }
    }
}
