//! Writes a network of floats and integers as ONNX, with standard operators only.
//!
//! `QuantizeLinear`, `QLinearConv`, and pools and joins of bytes produce bytes. A convolution with a float result is a
//! `ConvInteger`, whose sums are converted by `Cast`, `Mul` and `Add`.

use super::graph::onnx::{model, signed_bytes, unsigned_bytes, words};
use super::graph::{Convolution, Graph, Node, Op, taken_apart};
use super::integers::Sign;
use super::settings::Settings;
use super::weight_bytes::ByteWeights;
use crate::onnx_parts::{dims, floats_value, integer_attribute, node};
use models::onnx::pb::tensor_proto::DataType;
use models::onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto};
use models::onnx::tensor::float_tensor;
use std::collections::HashSet;

const ZERO_SIGNED: &str = "zero_int8";
/// Zero points of signed bytes are higher by this in [`Settings`] than in ONNX.
const SIGNED: u8 = 128;
const ZERO_UNSIGNED: &str = "zero_uint8";

/// The ONNX model of a graph with these settings.
pub(super) fn emitted(graph: &Graph, settings: &Settings) -> ModelProto {
    let mut emission = Emission { settings, proto: GraphProto::default(), scales: HashSet::new() };
    let shape = graph.input_shape;
    emission.proto.name = "encoder".to_owned();
    emission.proto.input.push(floats_value(&graph.input, &dims(&shape)));
    emission.proto.output.push(floats_value(&graph.output, &dims(&graph.output_shape)));
    emission.quantize(&graph.input);
    graph.nodes.iter().for_each(|node| emission.node(node));
    model(emission.proto, graph.operators)
}

struct Emission<'s> {
    settings: &'s Settings,
    proto: GraphProto,
    /// Groups whose scale has already been written.
    scales: HashSet<usize>,
}

impl Emission<'_> {
    fn node(&mut self, from: &Node) {
        let integers = &self.settings.integers;
        let to = &from.output;
        match &from.op {
            Op::Convolution(convolution) if integers.writes_bytes(from) => {
                self.bytes_convolution(convolution, &from.inputs[0], to);
            }
            Op::Convolution(convolution) if integers.has(from) => {
                self.sums_convolution(convolution, &from.inputs[0], to);
                self.quantize(to);
            }
            Op::Plain(plain, _) if integers.has(from) => self.bytes_plain(plain, from),
            _ => {
                let (constants, nodes) = in_proto(from);
                constants.into_iter().for_each(|constant| self.constant(constant));
                self.proto.node.extend(nodes);
                self.quantize(to);
            }
        }
    }

    /// Quantises a float value, if a reader needs bytes.
    fn quantize(&mut self, from: &str) {
        if let Some((scale, zero)) = self.scale(from) {
            let made = node("QuantizeLinear", &[from, &scale, &zero], &as_bytes(from));
            self.proto.node.push(made);
        }
    }

    fn bytes_plain(&mut self, plain: &NodeProto, from: &Node) {
        let input: Vec<String> = from.inputs.iter().map(|input| as_bytes(input)).collect();
        let made = as_bytes(&from.output);
        self.proto.node.push(NodeProto { input, output: vec![made.clone()], name: made.clone(), ..plain.clone() });
        if self.settings.integers.wants_floats(&from.output)
            && let Some((scale, zero)) = self.scale(&from.output)
        {
            self.proto.node.push(node("DequantizeLinear", &[&made, &scale, &zero], &from.output));
        }
    }

    fn bytes_convolution(&mut self, convolution: &Convolution, from: &str, to: &str) {
        let weights = ByteWeights::new(convolution, self.settings.weights);
        let bias = self.integer_bias(convolution, &weights, from);
        let (Some((x_scale, x_zero)), Some((y_scale, y_zero))) = (self.scale(from), self.scale(to)) else { return };
        let (bytes, scales, sums) = (format!("{to}_weights"), format!("{to}_scales"), format!("{to}_bias"));
        let inputs = [&as_bytes(from), &x_scale, &x_zero, &bytes, &scales, ZERO_SIGNED, &y_scale, &y_zero, &sums];
        let attribute = convolution.attributes.clone();
        self.proto.node.push(NodeProto { attribute, ..node("QLinearConv", &inputs, &as_bytes(to)) });
        self.constant(signed_bytes(&bytes, &dims_of(convolution), &weights.values));
        self.constant(float_tensor(&scales, &[weights.scales.len() as i64], &weights.scales));
        self.constant(signed_bytes(ZERO_SIGNED, &[], &[0]));
        self.constant(words(&sums, &bias));
    }

    /// The bias in units of the product of input step and weight scale.
    fn integer_bias(&self, convolution: &Convolution, weights: &ByteWeights, from: &str) -> Vec<i32> {
        let scale = f64::from(self.settings.steps(from).map_or(1.0, |steps| steps.scale));
        let pairs = convolution.bias.iter().zip(&weights.scales);
        // A float outside the range of i32 becomes the nearest i32.
        pairs.map(|(&bias, &each)| (f64::from(bias) / (scale * f64::from(each))).round_ties_even() as i32).collect()
    }

    fn sums_convolution(&mut self, convolution: &Convolution, from: &str, to: &str) {
        let weights = ByteWeights::new(convolution, self.settings.weights);
        let Some((_, zero)) = self.scale(from) else { return };
        let scale = self.settings.steps(from).map_or(1.0, |steps| steps.scale);
        let name = |part: &str| format!("{to}_{part}");
        let (bytes, sums, numbers, scaled) = (name("weights"), name("sums"), name("numbers"), name("scaled"));
        let (factors, bias) = (name("factors"), name("bias"));
        let attribute = convolution.attributes.clone();
        let to_floats = vec![integer_attribute("to", i64::from(i32::from(DataType::Float)))];
        let shifted = if convolution.rectified { name("shifted") } else { to.to_owned() };
        self.proto.node.extend([
            NodeProto { attribute, ..node("ConvInteger", &[&as_bytes(from), &bytes, &zero], &sums) },
            NodeProto { attribute: to_floats, ..node("Cast", &[&sums], &numbers) },
            node("Mul", &[&numbers, &factors], &scaled),
            node("Add", &[&scaled, &bias], &shifted),
        ]);
        if convolution.rectified {
            self.proto.node.push(node("Relu", &[&shifted], to));
        }
        let channels = [1, convolution.dims[0] as i64, 1, 1];
        let products: Vec<f32> = weights.scales.iter().map(|each| each * scale).collect();
        self.constant(signed_bytes(&bytes, &dims_of(convolution), &weights.values));
        self.constant(float_tensor(&factors, &channels, &products));
        self.constant(float_tensor(&bias, &channels, &convolution.bias));
    }

    /// Names of a value's scale and zero point, if it is read as bytes.
    fn scale(&mut self, of: &str) -> Option<(String, String)> {
        let integers = &self.settings.integers;
        let (group, sign) = (integers.group(of)?, integers.sign(of)?);
        let steps = self.settings.steps(of)?;
        let (name, own_zero) = (format!("scale_{group}"), format!("zero_{group}"));
        if self.scales.insert(group) {
            self.constant(float_tensor(&name, &[], &[steps.scale]));
        }
        let zero = if sign == Sign::Unsigned { ZERO_UNSIGNED.to_owned() } else { own_zero };
        self.constant(match sign {
            Sign::Unsigned => unsigned_bytes(&zero, &[], &[steps.zero]),
            Sign::Signed => signed_bytes(&zero, &[], &[steps.zero.wrapping_sub(SIGNED).cast_signed()]),
        });
        Some((name, zero))
    }

    fn constant(&mut self, constant: TensorProto) {
        if !self.proto.initializer.iter().any(|there| there.name == constant.name) {
            self.proto.initializer.push(constant);
        }
    }
}

/// Name of the byte version of a value.
fn as_bytes(value: &str) -> String {
    format!("{value}_bytes")
}

pub(super) fn dims_of(convolution: &Convolution) -> [i64; 4] {
    convolution.dims.map(|length| length as i64)
}

/// A float node as ONNX.
pub(super) fn in_proto(node: &Node) -> (Vec<TensorProto>, Vec<NodeProto>) {
    match &node.op {
        Op::Convolution(convolution) => in_floats(convolution, &convolution.weights, &node.inputs[0], &node.output),
        Op::PRelu(slopes) => taken_apart(&node.inputs[0], slopes, &node.output),
        Op::Plain(plain, constants) => {
            let input = if plain.input.is_empty() { node.inputs.clone() } else { plain.input.clone() };
            (constants.clone(), vec![NodeProto { input, ..plain.clone() }])
        }
    }
}

/// A float convolution as ONNX, with its rectifier.
pub(super) fn in_floats(
    convolution: &Convolution,
    weights: &[f32],
    from: &str,
    to: &str,
) -> (Vec<TensorProto>, Vec<NodeProto>) {
    let (kernel, bias) = (format!("{to}_weights"), format!("{to}_bias"));
    let shifted = if convolution.rectified { format!("{to}_shifted") } else { to.to_owned() };
    let attribute = convolution.attributes.clone();
    let mut nodes = vec![NodeProto { attribute, ..node("Conv", &[from, &kernel, &bias], &shifted) }];
    if convolution.rectified {
        nodes.push(node("Relu", &[&shifted], to));
    }
    let constants = vec![
        float_tensor(&kernel, &dims_of(convolution), weights),
        float_tensor(&bias, &[convolution.bias.len() as i64], &convolution.bias),
    ];
    (constants, nodes)
}
