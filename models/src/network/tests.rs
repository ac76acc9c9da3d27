//! Compares the project's operators with tract's own on small networks of every kind that is lowered, and checks that
//! integer convolutions stay integer.

use super::*;
use crate::onnx::tensor::float_tensor;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{
    AttributeProto, GraphProto, NodeProto, OperatorSetIdProto, TensorProto, TypeProto, ValueInfoProto, type_proto,
};

/// A network under construction. The input is `x`, the output `y`.
#[derive(Default)]
struct Built {
    graph: GraphProto,
    random: u32,
}

impl Built {
    fn node(mut self, operator: &str, inputs: &str, output: &str, attributes: &[(&str, &[i64])]) -> Self {
        let attribute = |(name, values): &(&str, &[i64])| match values {
            [single] if !matches!(*name, "perm" | "axes") => AttributeProto {
                name: (*name).to_owned(),
                r#type: AttributeType::Int as i32,
                i: *single,
                ..AttributeProto::default()
            },
            many => AttributeProto {
                name: (*name).to_owned(),
                r#type: AttributeType::Ints as i32,
                ints: many.to_vec(),
                ..AttributeProto::default()
            },
        };
        self.graph.node.push(NodeProto {
            op_type: operator.to_owned(),
            name: output.to_owned(),
            input: inputs.split(' ').map(str::to_owned).collect(),
            output: vec![output.to_owned()],
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::default()
        });
        self
    }

    /// Pseudo-random numbers between -1 and 1.
    fn floats(mut self, name: &str, dims: &[i64]) -> Self {
        let numbers: Vec<f32> = (0..dims.iter().product()).map(|_| self.next() as f32 / 127.5 - 1.0).collect();
        self.graph.initializer.push(float_tensor(name, dims, &numbers));
        self
    }

    fn constant(mut self, name: &str, dims: &[i64], numbers: &[f32]) -> Self {
        self.graph.initializer.push(float_tensor(name, dims, numbers));
        self
    }

    fn raw(mut self, name: &str, dims: &[i64], data_type: DataType, raw_data: Vec<u8>) -> Self {
        let (name, dims, data_type) = (name.to_owned(), dims.to_vec(), data_type as i32);
        self.graph.initializer.push(TensorProto { name, dims, data_type, raw_data, ..TensorProto::default() });
        self
    }

    /// Weights of 8 bits, -127 to 127.
    fn bytes(mut self, name: &str, dims: &[i64]) -> Self {
        let bytes = (0..dims.iter().product()).map(|_| (self.next() as u8).max(1).wrapping_sub(128)).collect();
        self.raw(name, dims, DataType::Int8, bytes)
    }

    fn next(&mut self) -> u32 {
        self.random = self.random.wrapping_add(1);
        self.random.wrapping_mul(2_654_435_761) >> 24
    }

    fn model(mut self) -> ModelProto {
        let value = |name: &str| ValueInfoProto { name: name.to_owned(), ..ValueInfoProto::default() };
        let floats = type_proto::Tensor { elem_type: DataType::Float as i32, ..type_proto::Tensor::default() };
        let floats = TypeProto { value: Some(type_proto::Value::TensorType(floats)), ..TypeProto::default() };
        self.graph.input.push(ValueInfoProto { r#type: Some(floats), ..value("x") });
        self.graph.output.push(value("y"));
        let opset = OperatorSetIdProto { version: 17, ..OperatorSetIdProto::default() };
        ModelProto { ir_version: 8, opset_import: vec![opset], graph: Some(self.graph), ..ModelProto::default() }
    }
}

fn input(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>() as u32;
    let numbers: Vec<f32> =
        (0..count).map(|place| (place.wrapping_mul(2_246_822_519) >> 24) as f32 / 127.5 - 1.0).collect();
    Tensor::from_shape(shape, &numbers).unwrap()
}

fn numbers(plan: Plan, shape: &[usize]) -> Vec<f32> {
    let mut runner = Runner { plan, state: None };
    let outputs = runner.run(input(shape)).unwrap();
    floats(&outputs[0]).unwrap().to_vec()
}

fn lowered(network: &Network, shape: &[usize]) -> TypedModel {
    let graph = network.proto.graph.as_ref().unwrap();
    lower::lowered(graph, shape, 1).expect("a network of known layers")
}

/// The lowered network gives the same results as tract's own operators.
#[track_caller]
fn same(built: Built, shape: &[usize], tolerance: f32) {
    let network = Network::new(built.model()).unwrap();
    let expected = numbers(network.plan_of_tract(shape).unwrap(), shape);
    let found = numbers(lowered(&network, shape).into_runnable().unwrap(), shape);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{found}, tract: {expected}");
    }
}

const SHAPE: [usize; 4] = [1, 4, 9, 8];

#[test]
fn convolutions_of_every_kind() {
    let convolution = |dims: &[i64], attributes: &[(&str, &[i64])]| {
        Built::default().floats("w", dims).floats("b", &[dims[0]]).node("Conv", "x w b", "y", attributes)
    };
    same(convolution(&[6, 4, 1, 1], &[]), &SHAPE, 1e-5);
    same(convolution(&[20, 4, 3, 3], &[("pads", &[1, 1, 1, 1]), ("strides", &[2, 2])]), &SHAPE, 1e-5);
    same(convolution(&[5, 4, 1, 7], &[("pads", &[0, 3, 0, 3])]), &SHAPE, 1e-5);
    same(convolution(&[4, 1, 3, 3], &[("pads", &[1, 1, 1, 1]), ("group", &[4])]), &SHAPE, 1e-5);
    same(Built::default().floats("w", &[3, 4, 2, 2]).node("Conv", "x w", "y", &[]), &SHAPE, 1e-5);
}

#[test]
fn what_follows_a_convolution() {
    let convolution = || Built::default().floats("w", &[4, 4, 1, 1]).floats("b", &[4]).node("Conv", "x w b", "c", &[]);
    same(convolution().node("Relu", "c", "y", &[]), &SHAPE, 1e-5);
    same(convolution().floats("s", &[4, 1, 1]).node("PRelu", "c s", "y", &[]), &SHAPE, 1e-5);
    same(convolution().node("Add", "x c", "y", &[]), &SHAPE, 1e-5);
    same(convolution().node("Add", "c x", "a", &[]).node("Relu", "a", "y", &[]), &SHAPE, 1e-5);
    // The sum of a value with itself has no residual.
    same(convolution().node("Add", "c c", "y", &[]), &SHAPE, 1e-5);
    // Another node reads the value before the activation.
    same(convolution().node("Relu", "c", "r", &[]).node("Add", "r c", "y", &[]), &SHAPE, 1e-5);
    let written_out = convolution()
        .constant("zero", &[], &[0.0])
        .floats("s", &[1, 4, 1, 1])
        .node("Max", "c zero", "above", &[])
        .node("Min", "c zero", "below", &[])
        .node("Mul", "below s", "lower", &[])
        .node("Add", "above lower", "y", &[]);
    same(written_out, &SHAPE, 1e-5);
}

#[test]
fn layers_without_weights() {
    let window: &[(&str, &[i64])] = &[("kernel_shape", &[3, 3]), ("strides", &[2, 2])];
    same(Built::default().node("MaxPool", "x", "y", window), &SHAPE, 0.0);
    same(Built::default().node("GlobalAveragePool", "x", "y", &[]), &SHAPE, 1e-6);
    same(Built::default().node("Relu", "x", "r", &[]).node("Concat", "x r", "y", &[("axis", &[1])]), &SHAPE, 0.0);
    same(Built::default().node("Sigmoid", "x", "y", &[]), &SHAPE, 1e-5);
    same(Built::default().node("Transpose", "x", "y", &[("perm", &[0, 2, 3, 1])]), &SHAPE, 0.0);
    let batch_norm = Built::default().floats("gamma", &[4]).floats("beta", &[4]).floats("mean", &[4]).constant(
        "variance",
        &[4],
        &[0.5, 1.0, 2.0, 3.0],
    );
    same(batch_norm.node("BatchNormalization", "x gamma beta mean variance", "y", &[]), &SHAPE, 1e-5);
    let dense = || Built::default().node("Flatten", "x", "f", &[]).floats("b", &[5]);
    same(dense().floats("w", &[5, 288]).node("Gemm", "f w b", "y", &[("transB", &[1])]), &SHAPE, 1e-4);
    same(dense().floats("w", &[288, 5]).node("Gemm", "f w b", "y", &[]), &SHAPE, 1e-4);
}

#[test]
fn channels_are_scaled_by_what_is_learnt_from_their_means() {
    let squeezed = |product: &str| {
        let built = Built::default().node("GlobalAveragePool", "x", "means", &[]).floats("w", &[4, 4, 1, 1]);
        let built = built.node("Conv", "means w", "c", &[]).node("Sigmoid", "c", "factors", &[]);
        built.node("Mul", product, "s", &[]).node("Add", "x s", "y", &[])
    };
    same(squeezed("x factors"), &SHAPE, 1e-5);
    same(squeezed("factors x"), &SHAPE, 1e-5);
    // The product of two pictures is no scale.
    let network = Network::new(Built::default().node("Mul", "x x", "y", &[]).model()).unwrap();
    assert!(lower::lowered(network.proto.graph.as_ref().unwrap(), &SHAPE, 1).is_none());
}

/// Three pixel convolutions of one picture, to 1, 4 and 2 channels, and what follows each of them.
fn siblings(follow: impl Fn(Built, &str, &str, i64) -> Built) -> Built {
    let heads = [("one", 1), ("four", 4), ("two", 2)];
    let all = heads.into_iter().fold(Built::default(), |built, (name, channels)| {
        let built = built.floats(&format!("w{name}"), &[channels, 4, 1, 1]).floats(&format!("b{name}"), &[channels]);
        let head = format!("h{name}");
        let built = built.node("Conv", &format!("x w{name} b{name}"), &head, &[]);
        follow(built, &head, name, channels)
    });
    all.node("Concat", "one four two", "y", &[("axis", &[1])])
}

#[test]
fn narrow_convolutions_of_one_picture_are_computed_together() {
    let window = |built: Built, head: &str, name: &str, channels: i64, padding: i64| {
        let attributes: [(&str, &[i64]); 2] = [("pads", &[padding; 4]), ("group", &[channels])];
        let weights = format!("v{name}");
        built.floats(&weights, &[channels, 1, 3, 3]).node("Conv", &format!("{head} {weights}"), name, &attributes)
    };
    let with_windows = || siblings(|built, head, name, channels| window(built, head, name, channels, 1));
    let without = || siblings(|built, head, name, _| built.node("Identity", head, name, &[]));
    let with_others = || siblings(|built, head, name, _| built.node("Sigmoid", head, name, &[]));
    for (built, convolutions, depthwise) in [(with_windows(), 1, 1), (without(), 1, 0), (with_others(), 1, 0)] {
        let network = Network::new(built.model()).unwrap();
        let model = lowered(&network, &SHAPE);
        let count = |name: &str| model.nodes().iter().filter(|node| node.op.name() == name).count();
        assert_eq!((count("FloatConvolution"), count("FloatDepthwise")), (convolutions, depthwise));
    }
    same(with_windows(), &SHAPE, 1e-5);
    same(without(), &SHAPE, 1e-5);
    same(with_others(), &SHAPE, 1e-5);
    // A ReLU can be fused into one of them; the others are still merged.
    let relu = siblings(|built, head, name, channels| match channels {
        4 => built.node("Relu", head, name, &[]),
        _ => built.node("Identity", head, name, &[]),
    });
    same(relu, &SHAPE, 1e-5);
}

#[test]
fn large_pictures_between_layers_are_never_whole() {
    let built = Built::default()
        .floats("w", &[16, 3, 3, 3])
        .node("Conv", "x w", "c", &[("pads", &[1, 1, 1, 1])])
        .node("Relu", "c", "r", &[])
        .floats("v", &[16, 1, 3, 3])
        .node("Conv", "r v", "d", &[("pads", &[1, 1, 1, 1]), ("group", &[16])])
        .node("MaxPool", "d", "y", &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
    let network = Network::new(built.model()).unwrap();
    let shape = [1, 3, 90, 100];
    let names: Vec<String> = lowered(&network, &shape).nodes().iter().map(|node| node.op.name().to_string()).collect();
    assert_eq!(names, ["Source", "Enter", "FloatChain", "Leave"]);
    let expected = numbers(network.plan_of_tract(&shape).unwrap(), &shape);
    let found = numbers(lowered(&network, &shape).into_runnable().unwrap(), &shape);
    assert!(found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() <= 1e-5));
    assert_eq!(found.len(), expected.len());
}

/// `x` quantised to signed bytes `q` with the scale 0.01, and the zero points.
fn quantized() -> Built {
    Built::default()
        .constant("xs", &[], &[0.01])
        .raw("i0", &[], DataType::Int8, vec![0])
        .raw("u0", &[], DataType::Uint8, vec![0])
        .node("QuantizeLinear", "x xs i0", "q", &[])
}

/// Integer sums of `q` converted to floats `a`, with a residual, a ReLU and a quantised copy `aq`.
fn of_integer_sums() -> Built {
    quantized()
        .bytes("w", &[4, 4, 3, 3])
        .node("ConvInteger", "q w", "sums", &[("pads", &[1, 1, 1, 1])])
        .node("Cast", "sums", "cast", &[("to", &[1])])
        .constant("s", &[1, 4, 1, 1], &[1e-4, 2e-4, 3e-4, 4e-4])
        .floats("b", &[1, 4, 1, 1])
        .node("Mul", "cast s", "scaled", &[])
        .node("Add", "scaled b", "a", &[])
        .node("Add", "a x", "r", &[])
        .node("Relu", "r", "stream", &[])
        .constant("as", &[], &[0.02])
        .node("QuantizeLinear", "stream as u0", "aq", &[])
}

/// [`of_integer_sums`], followed by a convolution from bytes to bytes, a parallel one, and a conversion to floats.
fn all_kinds_of_integers() -> Built {
    let bias: Vec<u8> = [-300i32, 0, 77, 1000, 3].iter().flat_map(|number| number.to_le_bytes()).collect();
    of_integer_sums()
        .bytes("w2", &[5, 4, 1, 1])
        .raw("w0", &[5], DataType::Int8, vec![0; 5])
        .constant("ws", &[5], &[0.01, 0.02, 0.005, 0.01, 0.03])
        .constant("ys", &[], &[0.05])
        .raw("b2", &[5], DataType::Int32, bias)
        .node("QLinearConv", "aq as u0 w2 ws w0 ys u0 b2", "q2", &[])
        .node("MaxPool", "q2", "q3", &[("kernel_shape", &[3, 3]), ("strides", &[1, 1]), ("pads", &[1, 1, 1, 1])])
        .node("Concat", "q2 q3", "q4", &[("axis", &[1])])
        .node("DequantizeLinear", "q4 ys u0", "y", &[])
}

#[test]
fn integer_layers_give_the_result_of_the_graph() {
    same(of_integer_sums().node("DequantizeLinear", "aq as u0", "y", &[]), &SHAPE, 0.0201);
    // The kernels round halves to even, tract rounds them away from zero: a difference of one step is allowed.
    same(all_kinds_of_integers(), &SHAPE, 0.0501);
}

/// Guards against upgrades that make the convolutions fall back to floats, which would only be slower.
#[test]
fn convolutions_of_integers_are_integer() {
    let network = Network::new(all_kinds_of_integers().model()).unwrap();
    let plan = lowered(&network, &SHAPE).into_runnable().unwrap();
    let model = plan.model();
    let operators: Vec<String> = model.nodes().iter().map(|node| node.op().name().into_owned()).collect();
    assert_eq!(
        operators,
        [
            "Source",
            "Enter",
            "Quantize",
            "ByteConvolution",
            "ByteConvolution",
            "MaxPool",
            "SideBySide",
            "Dequantize",
            "Leave"
        ]
    );
    for node in model.nodes().iter().filter(|node| node.op().name() == "ByteConvolution") {
        let picture = model.outlet_fact(node.inputs[0]).unwrap();
        assert_eq!(picture.datum_type, u8::datum_type(), "{node}");
    }
}

#[test]
fn unknown_operators_are_left_to_tract() {
    for built in [
        Built::default().node("Softmax", "x", "y", &[]),
        Built::default().floats("w", &[4, 4, 3, 3]).node("Conv", "x w", "y", &[("dilations", &[2, 2])]),
        Built::default().floats("w", &[4, 2, 1, 1]).node("Conv", "x w", "y", &[("group", &[2])]),
        Built::default().node("MaxPool", "x", "y", &[("kernel_shape", &[2, 2]), ("ceil_mode", &[1])]),
    ] {
        let network = Network::new(built.model()).unwrap();
        assert!(lower::lowered(network.proto.graph.as_ref().unwrap(), &SHAPE, 1).is_none());
        network.plan(&SHAPE, 1).unwrap();
    }
}
