//! Import of a PAD network: a small one with all kinds of operators of the published one, and the published one if it is
//! available.

use super::super::rewrite::testing::{floats, graph, node, shape, with};
use super::super::{BundleFiles, Options, Source, bundle_of};
use super::imported;
use crate::onnx_parts::{floats_value, integers_attribute};
use models::bundle::{Bundle, CropGeometry, Manifest, PadBundle, PadCalibration, PadManifest};
use models::onnx::pb::{GraphProto, NodeProto, TensorProto};
use models::pad::Pad;
use models::{Crop, Face, FaceBox, Frame, Point};
use std::borrow::Cow;
use std::path::Path;

/// Numbers of both signs, most of them small.
fn ramp(count: usize) -> Vec<f32> {
    (0..count).map(|index| (index % 13) as f32 / 26.0 - 0.2).collect()
}

fn convolution(inputs: &[&str], output: &str, stride: i64, pads: i64, group: i64) -> NodeProto {
    let mut node = with(node("Conv", inputs, output), &[("group", group)]);
    node.attribute.push(integers_attribute("strides", &[stride, stride]));
    node.attribute.push(integers_attribute("pads", &[pads; 4]));
    node
}

/// A network of 128x128 pixels to that many classes.
pub(super) fn small_pad_network(classes: usize) -> GraphProto {
    let nodes = vec![
        convolution(&["x", "first", "eight"], "a", 4, 1, 1),
        node("PRelu", &["a", "slopes"], "b"),
        convolution(&["b", "depth", "eight"], "c", 2, 1, 8),
        node("PRelu", &["c", "slopes"], "d"),
        convolution(&["d", "pixel"], "e", 1, 0, 1),
        node("GlobalAveragePool", &["e"], "pooled"),
        convolution(&["pooled", "squeeze"], "f", 1, 0, 1),
        node("Relu", &["f"], "g"),
        convolution(&["g", "excite"], "h", 1, 0, 1),
        node("Sigmoid", &["h"], "factors"),
        node("Mul", &["e", "factors"], "scaled"),
        node("Add", &["d", "scaled"], "sum"),
        convolution(&["sum", "whole"], "last", 1, 0, 8),
        node("Shape", &["last"], "dims"),
        node("Gather", &["dims", "zero"], "batch"),
        node("Unsqueeze", &["batch", "front"], "batches"),
        with(node("Concat", &["batches", "rest"], "to"), &[("axis", 0)]),
        node("Reshape", &["last", "to"], "row"),
        node("MatMul", &["row", "matrix"], "embedded"),
        node("BatchNormalization", &["embedded", "gamma", "beta", "mean", "variance"], "normed"),
        node("MatMul", &["normed", "ends"], "output"),
    ];
    let four = |name: &str, value: f32| floats(name, &[4], &[value, 1.0, 0.5, 2.0]);
    let constants = vec![
        floats("first", &[8, 3, 3, 3], &ramp(216)),
        floats("eight", &[8], &ramp(8)),
        floats("slopes", &[8, 1, 1], &ramp(8)),
        floats("depth", &[8, 1, 3, 3], &ramp(72)),
        floats("pixel", &[8, 8, 1, 1], &ramp(64)),
        floats("squeeze", &[2, 8, 1, 1], &ramp(16)),
        floats("excite", &[8, 2, 1, 1], &ramp(16)),
        floats("whole", &[8, 1, 16, 16], &ramp(2048)),
        TensorProto { dims: vec![], ..shape("zero", &[0]) },
        shape("front", &[0]),
        shape("rest", &[-1]),
        floats("matrix", &[8, 4], &ramp(32)),
        four("gamma", 0.01),
        four("beta", -0.1),
        four("mean", 0.3),
        four("variance", 2.0),
        floats("ends", &[4, classes as i64], &ramp(4 * classes)),
    ];
    let mut graph = graph(nodes, constants, &["output"]);
    graph.input = vec![floats_value("x", &[1, 3, 128, 128])];
    graph
}

fn opened(files: &BundleFiles) -> PadBundle {
    let folder = tempfile::tempdir().unwrap();
    files.write(folder.path()).unwrap();
    let Bundle::Pad(bundle) = Bundle::open(folder.path()).unwrap() else { panic!("a PAD network is expected") };
    bundle
}

#[test]
fn a_small_pad_network_becomes_a_bundle() {
    let files = imported(small_pad_network(3), "--profile minifasnet").unwrap();
    let operators = super::operators(&files.network).join(" ");
    assert!(operators.ends_with("Conv Flatten Gemm Gemm"), "{operators}");
    let bundle = opened(&files);
    let PadBundle { manifest, calibration, .. } = &bundle;
    assert_eq!((manifest.classes, manifest.live_class), (3, 0));
    assert_eq!((manifest.input.subtract, manifest.input.divide), (0.0, 1.0));
    assert_eq!(manifest.crop, CropGeometry::BoxInFrame { side: 128, enlarge: 2.7 });
    assert_eq!(manifest.provenance.licence, "NOASSERTION");
    assert!(calibration.threshold_from.contains("not measured with this file"), "{calibration:?}");
    let live = Pad::new(&bundle).unwrap().assess_crop(&Crop::from_rgb(128, vec![90; 49152]).unwrap()).unwrap();
    assert!((0.0..=1.0).contains(&live), "{live}");
}

#[test]
fn other_networks_and_options_are_refused() {
    let with_side = |side: i64| {
        let mut graph = small_pad_network(3);
        graph.input = vec![floats_value("x", &[1, 3, side, side])];
        graph
    };
    for (what, graph, line, named) in [
        ("another size", with_side(80), "--profile minifasnet", "80x80 pixels, expected 128x128"),
        ("two classes", small_pad_network(2), "--profile minifasnet", "2 numbers, expected 3"),
        ("an encoder", super::small_encoder(128), "--profile minifasnet", "is not a MiniFASNet"),
        ("options of an encoder", small_pad_network(3), "--profile minifasnet --side 128", "determines its input"),
    ] {
        let message = format!("{:#}", imported(graph, line).err().unwrap());
        assert!(message.contains(named), "{what}: {message}");
    }
}

/// A file that was put in place of the network, with a manifest to match: the program must refuse it, like any other.
#[test]
fn a_bundle_that_promises_other_outputs_is_refused() {
    let files = imported(small_pad_network(3), "--profile minifasnet").unwrap();
    let Manifest::Pad(manifest) = Manifest::parse(&files.manifest).unwrap() else { panic!("a PAD network") };
    let bundle = |classes: usize, side: u32| PadBundle {
        manifest: PadManifest { classes, crop: CropGeometry::BoxInFrame { side, enlarge: 2.7 }, ..manifest.clone() },
        calibration: PadCalibration { threshold: 0.5, threshold_from: "a test".to_owned() },
        network: Cow::Owned(files.network.clone()),
    };
    assert!(Pad::new(&bundle(3, 128)).is_ok());
    let four = Pad::new(&bundle(4, 128)).err().unwrap().to_string();
    assert!(four.contains("3 numbers, but the manifest specifies 4 classes"), "{four}");
    assert!(Pad::new(&bundle(3, 64)).is_err());
}

/// The published network gives the probabilities that onnxruntime 1.32 gives for the same input in blue, green and red: a
/// uniform grey frame, and gradients in a different direction in each colour. `cargo xtask bench` fetches the file.
#[test]
fn the_published_network_gives_the_reference_probabilities() {
    let path = Path::new("../target/pad-network/fr_liveness.onnx");
    let Ok(file) = std::fs::read(path) else { return };
    let source = Source::from_file("fr_liveness.onnx".to_owned(), &file).unwrap();
    let options = Options::of_profile(Some(super::Profile::Minifasnet));
    let bundle = opened(&bundle_of(&source, &options).unwrap());
    assert_eq!(bundle.manifest.provenance.licence, "MIT");
    let mut pad = Pad::new(&bundle).unwrap();
    let bounds = FaceBox { x: 40.0, y: 40.0, width: 48.0, height: 48.0 };
    let face = Face { bounds, landmarks: [Point { x: 0.0, y: 0.0 }; 5], confidence: 1.0 };
    let grey = Frame::from_rgb(128, 128, vec![128; 3 * 128 * 128]).unwrap();
    let gradient = (0..128_u32).flat_map(|y| (0..128_u32).flat_map(move |x| [x, y, (x + y) / 2].map(|v| v as u8 * 2)));
    let gradient = Frame::from_rgb(128, 128, gradient.collect()).unwrap();
    for (frame, expected) in [(grey, 0.009_458_8), (gradient, 0.231_868_8)] {
        let live = pad.assess(&frame, &face).unwrap();
        assert!((live - expected).abs() < 1e-4, "{live}, onnxruntime: {expected}");
    }
}
