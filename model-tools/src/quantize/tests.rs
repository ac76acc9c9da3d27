//! Small networks, and properties that must hold for all of them.

use super::equalise::equalised;
use super::graph::onnx::model;
use super::graph::{Convolution, Graph, read};
use super::ranges::Ranges;
use super::settings::{Rule, Settings};
use super::walk::{outputs, walk};
use super::{correct, emit};
use crate::onnx_parts::{dims, floats_value, integer_attribute, integers_attribute, node, shapeless_value};
use models::network::run_once;
use models::onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto};
use models::onnx::tensor::float_tensor;
use std::collections::HashMap;

const SHAPE: [usize; 4] = [1, 3, 8, 8];

/// A convolution with no padding and a bias of zero.
pub(super) fn convolution(dims: [usize; 4], weights: &[f32], groups: usize) -> Convolution {
    Convolution {
        name: "layer".to_owned(),
        dims,
        weights: weights.to_vec(),
        bias: vec![0.0; dims[0]],
        groups,
        attributes: vec![integer_attribute("group", groups as i64)],
        rectified: false,
    }
}

/// Pseudo-random numbers from -1 to 1, fixed by the seed.
fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count).map(|_| random.f32() * 2.0 - 1.0).collect()
}

struct Net {
    nodes: Vec<NodeProto>,
    constants: Vec<TensorProto>,
}

impl Net {
    /// A 3x3 convolution that keeps the size, with channels of very different ranges.
    fn conv(&mut self, from: &str, to: &str, channels: [usize; 2], groups: usize) {
        let [inputs, outputs] = channels;
        let row = inputs / groups * 9;
        let mut weights = noise(outputs * row, self.nodes.len() as u64);
        for (channel, row) in weights.chunks_mut(row).enumerate() {
            row.iter_mut().for_each(|weight| *weight *= [0.05, 0.4, 1.0, 0.2][channel % 4]);
        }
        let (kernel, bias) = (format!("{to}_w"), format!("{to}_b"));
        let dims = [outputs as i64, (inputs / groups) as i64, 3, 3];
        self.constants.push(float_tensor(&kernel, &dims, &weights));
        self.constants.push(float_tensor(&bias, &[outputs as i64], &noise(outputs, 7)));
        let attribute = vec![integers_attribute("pads", &[1, 1, 1, 1]), integer_attribute("group", groups as i64)];
        self.nodes.push(NodeProto { attribute, ..node("Conv", &[from, &kernel, &bias], to) });
    }

    fn add(&mut self, op: &str, inputs: &[&str], to: &str) {
        self.nodes.push(node(op, inputs, to));
    }
}

/// All operators of encoders: rectifiers, slopes, a pool, a join, a sum, a depthwise convolution, and a batch norm
/// before a matrix over a whole map.
fn everything() -> ModelProto {
    let mut net = Net { nodes: Vec::new(), constants: Vec::new() };
    net.conv("x", "a", [3, 4], 1);
    net.add("Relu", &["a"], "a_relu");
    net.conv("a_relu", "b", [4, 4], 4);
    net.constants.push(float_tensor("slope", &[4, 1, 1], &[0.25, 0.5, 0.0, 0.1]));
    net.constants.push(float_tensor("zero", &[1], &[0.0]));
    net.add("Max", &["b", "zero"], "b_above");
    net.add("Min", &["b", "zero"], "b_below");
    net.add("Mul", &["b_below", "slope"], "b_lower");
    net.add("Add", &["b_above", "b_lower"], "b_slope");
    net.conv("b_slope", "c", [4, 4], 1);
    net.add("Relu", &["c"], "c_relu");
    net.conv("b_slope", "d", [4, 2], 1);
    net.add("Relu", &["d"], "d_relu");
    net.nodes.push(NodeProto {
        attribute: vec![integer_attribute("axis", 1)],
        ..node("Concat", &["c_relu", "d_relu"], "e")
    });
    net.conv("e", "f", [6, 4], 1);
    net.add("Add", &["f", "b_slope"], "g");
    net.add("Relu", &["g"], "g_relu");
    let attribute = vec![integers_attribute("kernel_shape", &[2, 2]), integers_attribute("strides", &[2, 2])];
    net.nodes.push(NodeProto { attribute, ..node("MaxPool", &["g_relu"], "h") });
    net.conv("h", "i", [4, 4], 1);
    let norm = ["gamma", "beta", "mean", "variance"];
    for (name, values) in
        norm.iter().zip([[1.0, -2.0, 0.5, 3.0], [0.5, 1.0, 0.0, -1.0], [0.1; 4], [1.0, 0.5, 2.0, 4.0]])
    {
        net.constants.push(float_tensor(name, &[4], &values));
    }
    net.add("BatchNormalization", &["i", norm[0], norm[1], norm[2], norm[3]], "i_norm");
    net.add("Flatten", &["i_norm"], "row");
    net.constants.push(float_tensor("matrix", &[16, 64], &noise(16 * 64, 3)));
    net.constants.push(float_tensor("shift", &[16], &noise(16, 4)));
    let attribute = vec![integer_attribute("transB", 1)];
    net.nodes.push(NodeProto { attribute, ..node("Gemm", &["row", "matrix", "shift"], "y") });
    let graph = GraphProto {
        node: net.nodes,
        initializer: net.constants,
        input: vec![floats_value("x", &dims(&SHAPE))],
        output: vec![shapeless_value("y")],
        ..GraphProto::default()
    };
    model(graph, 21)
}

pub(super) fn everything_read() -> Graph {
    read(everything(), SHAPE).unwrap()
}

pub(super) fn pictures(count: u64) -> Vec<Vec<f32>> {
    (0..count).map(|seed| noise(SHAPE.iter().product(), 100 + seed)).collect()
}

fn ranges_of(graph: &Graph, pictures: &[Vec<f32>]) -> HashMap<String, Ranges> {
    let mut ranges: HashMap<String, Ranges> = HashMap::new();
    let see = |name: &str, batch: &super::walk::Batch| {
        let seen = ranges.entry(name.to_owned()).or_default();
        batch.crops.iter().for_each(|numbers| seen.see(numbers, batch.channels()));
    };
    walk(graph, None, pictures, see).unwrap();
    ranges
}

/// The largest difference, relative to the largest number.
fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let largest = a.iter().fold(f32::MIN_POSITIVE, |largest, number| largest.max(number.abs()));
    a.iter().zip(b).fold(0.0, |most, (a, b)| f32::max(most, (a - b).abs() / largest))
}

fn check_function(what: &str, expected: &ModelProto, found: &Graph, within: f32) {
    for picture in &pictures(3) {
        let expected = run_once(expected.clone(), &SHAPE, picture).unwrap().swap_remove(0);
        let walked = outputs(found, None, std::slice::from_ref(picture)).unwrap().swap_remove(0);
        let differs = difference(&expected, &walked);
        assert!(differs <= within, "{what}: {differs}");
    }
}

#[test]
fn the_read_graph_computes_the_same_as_the_file() {
    let graph = read(everything(), SHAPE).unwrap();
    check_function("read", &everything(), &graph, 1e-4);
    let kinds: Vec<&str> = graph.nodes.iter().map(super::graph::Node::kind).collect();
    let expected = [
        "Conv", "Conv", "PRelu", "Conv", "Conv", "Concat", "Conv", "Add", "Relu", "MaxPool", "Conv", "Conv", "Flatten",
    ];
    assert_eq!(kinds, expected, "rectifiers, slopes, the norm and the matrix are parts of others");
}

#[test]
fn equalisation_keeps_the_function() {
    let graph = read(everything(), SHAPE).unwrap();
    let ranges = ranges_of(&graph, &pictures(8));
    for exponent in [0.0, 0.5, 1.0] {
        let (equal, _) = equalised(&graph, &ranges, exponent);
        check_function(&format!("exponent {exponent}"), &everything(), &equal, 1e-3);
        let moved = graph.convolutions().zip(equal.convolutions()).any(|((_, a), (_, b))| a.weights != b.weights);
        assert!(moved, "exponent {exponent}");
    }
    // Channels that only a depthwise convolution reads are fully equalised.
    let (equal, divided) = equalised(&graph, &ranges, 0.5);
    let seen = ranges_of(&equal, &pictures(8));
    for (value, seen) in &seen {
        let pairs = seen.channels().into_iter().zip(divided[value].channels());
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() <= a.abs() * 1e-3), "{value}");
    }
    let (least, most) = seen["a_relu"].channels().iter().fold((f32::MAX, 0.0_f32), |(a, b), &c| (a.min(c), b.max(c)));
    assert!(most / least < 1.01, "{least} {most}");
    let before =
        ranges["a_relu"].channels().iter().copied().fold((f32::MAX, 0.0_f32), |(a, b), c| (a.min(c), b.max(c)));
    assert!(before.1 / before.0 > 2.0, "{before:?}");
}

#[test]
fn the_emitted_network_computes_what_was_walked_in_integers() {
    let graph = read(everything(), SHAPE).unwrap();
    let ranges = ranges_of(&graph, &pictures(8));
    for (rule, kept) in
        [(Rule::Largest, vec![]), (Rule::LeastError, vec![]), (Rule::LeastError, vec!["a_relu".to_owned()])]
    {
        let settings = Settings::choose(&graph, &ranges, rule, &kept);
        let emitted = emit::emitted(&graph, &settings);
        for picture in &pictures(3) {
            let walked = outputs(&graph, Some(&settings), std::slice::from_ref(picture)).unwrap().swap_remove(0);
            let found = run_once(emitted.clone(), &SHAPE, picture).unwrap().swap_remove(0);
            // A value halfway between two integers may be rounded either way, and the difference propagates from layer
            // to layer.
            let differs = difference(&walked, &found);
            assert!(differs < 0.02, "{rule:?} {kept:?}: {differs}");
            let exact = run_once(everything(), &SHAPE, picture).unwrap().swap_remove(0);
            let lost = difference(&exact, &found);
            assert!(lost > 1e-4 && lost < 0.1, "{rule:?} {kept:?}: {lost}");
        }
    }
}

#[test]
fn the_emitted_network_has_only_the_expected_operators() {
    let graph = read(everything(), SHAPE).unwrap();
    let ranges = ranges_of(&graph, &pictures(2));
    let of = |kept: &[String]| {
        let emitted = emit::emitted(&graph, &Settings::choose(&graph, &ranges, Rule::LeastError, kept));
        let operators = emitted.graph.unwrap().node.into_iter().map(|node| node.op_type);
        operators.collect::<Vec<String>>().join(" ")
    };
    let sums = "ConvInteger Cast Mul Add";
    let slopes = "Max Min Mul Add";
    assert_eq!(
        of(&[]),
        format!(
            "QuantizeLinear QLinearConv {sums} {slopes} QuantizeLinear QLinearConv QLinearConv Concat {sums} Add Relu \
             QuantizeLinear MaxPool QLinearConv {sums} Flatten"
        )
    );
    assert!(of(&["a_relu".to_owned()]).starts_with(&format!("Conv Relu QuantizeLinear {sums}")));
}

#[test]
fn joined_values_share_a_scale_and_non_negative_ones_are_unsigned() {
    let graph = read(everything(), SHAPE).unwrap();
    let ranges = ranges_of(&graph, &pictures(2));
    let settings = Settings::choose(&graph, &ranges, Rule::LeastError, &[]);
    let scale = |value: &str| settings.steps(value).unwrap();
    assert!(scale("c_relu") == scale("d_relu") && scale("d_relu") == scale("e") && scale("g_relu") == scale("h"));
    assert!(scale("a_relu") != scale("e"));
    use super::integers::Sign::{Signed, Unsigned};
    for (value, sign) in [
        ("x", Some(Signed)),
        ("a_relu", Some(Unsigned)),
        ("b_slope", Some(Signed)),
        ("e", Some(Unsigned)),
        ("h", Some(Unsigned)),
        ("i", Some(Signed)),
        ("b", None),
    ] {
        assert_eq!(settings.integers.sign(value), sign, "{value}");
    }
}

#[test]
fn corrected_biases_restore_the_means() {
    let graph = read(everything(), SHAPE).unwrap();
    let pictures = pictures(24);
    let settings = Settings::choose(&graph, &ranges_of(&graph, &pictures), Rule::LeastError, &[]);
    let corrected = correct::corrected(&graph, &settings, &pictures, || ()).unwrap();
    let means = |graph: &Graph, settings: Option<&Settings>| {
        let made = outputs(graph, settings, &pictures).unwrap();
        (0..16).map(|at| made.iter().map(|row| f64::from(row[at])).sum::<f64>() / 24.0).collect::<Vec<f64>>()
    };
    let exact = means(&graph, None);
    let off = |found: Vec<f64>| exact.iter().zip(found).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let (before, after) = (off(means(&graph, Some(&settings))), off(means(&corrected, Some(&settings))));
    assert!(after < before * 1e-3, "{before} became {after}");
}

#[test]
fn unsupported_networks_are_refused_with_the_node_name() {
    let refused = |change: &dyn Fn(&mut ModelProto)| {
        let mut model = everything();
        change(&mut model);
        format!("{:#}", read(model, SHAPE).unwrap_err())
    };
    assert!(refused(&|model| model.opset_import[0].version = 9).contains("version 9"));
    assert!(refused(&|model| model.graph.as_mut().unwrap().output.push(shapeless_value("a"))).contains("2 outputs"));
    let without = refused(&|model| {
        let graph = model.graph.as_mut().unwrap();
        graph.node = vec![node("Relu", &["x"], "y")];
    });
    assert!(without.contains("no convolution"), "{without}");
}

#[test]
fn a_grouped_convolution_reads_the_channels_of_its_group() {
    let layer = convolution([4, 2, 1, 2], &[0.0; 16], 2);
    let read: Vec<usize> =
        (0..4).flat_map(|output| [0, 1, 2, 3].map(|place| layer.input_channel(output, place))).collect();
    assert_eq!(read, [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]);
}
