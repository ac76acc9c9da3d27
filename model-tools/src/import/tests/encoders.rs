//! Imports ONNX encoders in the forms that other exporters write: one small network in many forms must give one
//! encoding.

use super::*;
use crate::onnx_parts::{float_attribute, floats_value, integers_attribute};
use models::Crop;
use models::bundle::{ChannelOrder, CropGeometry, EncoderManifest};
use models::encode::Encoder;
use models::onnx::pb::{ModelProto, OperatorSetIdProto};

/// A convolution with the usual operators after it, and a matrix, for images in planes.
fn nodes() -> Vec<NodeProto> {
    let norm = ["convolved", "gamma", "beta", "mean", "variance"];
    vec![
        with_integers(node("Conv", &["x", "kernels"], "convolved"), "strides", &[2, 2]),
        node("BatchNormalization", &norm, "normed"),
        node("PRelu", &["normed", "slopes"], "activated"),
        node("GlobalAveragePool", &["activated"], "pooled"),
        node("Flatten", &["pooled"], "row"),
        with(node("Gemm", &["row", "matrix"], "encoding"), &[("transB", 1)]),
    ]
}

fn constants() -> Vec<TensorProto> {
    let ramp = |count: usize| -> Vec<f32> { (0..count).map(|index| (index % 11) as f32 / 11.0 - 0.45).collect() };
    let channels = |name: &str, value: f32| floats(name, &[4], &[value, 0.5, -value, 1.0]);
    vec![
        floats("kernels", &[4, 3, 3, 3], &ramp(108)),
        channels("gamma", 2.0),
        channels("beta", 0.3),
        channels("mean", -0.3),
        floats("variance", &[4], &[1.0, 2.0, 0.5, 0.1]),
        floats("slopes", &[4, 1, 1], &[0.1, 0.2, -0.3, 0.4]),
        floats("matrix", &[24, 4], &ramp(96)),
        floats("half", &[1], &[127.5]),
        floats("share", &[1], &[1.0 / 128.0]),
        shape("last_axis", &[1]),
        floats("tiny", &[], &[1e-12]),
    ]
}

fn with_integers(mut node: NodeProto, name: &str, values: &[i64]) -> NodeProto {
    node.attribute.push(integers_attribute(name, values));
    node
}

/// A dimension below 1 is left open.
fn encoder(nodes: Vec<NodeProto>, input: &[i64], operators: i64) -> ModelProto {
    let output = nodes.last().unwrap().output[0].clone();
    let mut graph = graph(nodes, constants(), &[&output]);
    graph.input = vec![floats_value("x", input)];
    let opset = OperatorSetIdProto { domain: String::new(), version: operators };
    ModelProto { opset_import: vec![opset], ..model(graph) }
}

fn import(model: ModelProto, line: &str) -> Result<BundleFiles> {
    bundle_of(&Source::from_file("their.onnx".to_owned(), &onnx::encode(model))?, &Options::said(line))
}

fn opened(files: &BundleFiles) -> EncoderBundle {
    let folder = tempfile::tempdir().unwrap();
    files.write(folder.path()).unwrap();
    let Bundle::Encoder(bundle) = Bundle::open(folder.path()).unwrap() else { panic!("an encoder is expected") };
    bundle
}

fn crop(side: u32) -> Crop {
    let pixels = (0..3 * side * side).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Crop::from_rgb(side, pixels).unwrap()
}

/// The encoding of one crop by an imported network, as a user of the bundle gets it.
fn encoding(files: &BundleFiles) -> (EncoderManifest, Vec<f32>) {
    let bundle = opened(files);
    let mut encoder = Encoder::new(&bundle).unwrap();
    let numbers = encoder.encode(&crop(bundle.manifest.crop.side())).unwrap().numbers().to_vec();
    (bundle.manifest, numbers)
}

fn check_same(what: &str, model: ModelProto, line: &str) {
    let plain = import(encoder(nodes(), &[1, 3, 112, 112], 17), "--profile arcface").unwrap();
    let (manifest, expected) = encoding(&plain);
    let (other, found) = encoding(&import(model, line).unwrap_or_else(|error| panic!("{what}: {error:#}")));
    assert_eq!((manifest.dimensions, &manifest.crop), (other.dimensions, &other.crop), "{what}");
    let apart = expected.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-5, "{what}: {apart}");
}

#[test]
fn every_version_of_the_operators_is_read() {
    for version in 9..=21 {
        check_same(&format!("opset {version}"), encoder(nodes(), &[1, 3, 112, 112], version), "--profile arcface");
    }
    for (version, named) in [(8, "version 8"), (22, "version 22")] {
        let refused = import(encoder(nodes(), &[1, 3, 112, 112], version), "--profile arcface").err().unwrap();
        assert!(format!("{refused:#}").contains(named), "{refused:#}");
    }
}

#[test]
fn sizes_may_be_fixed_or_open() {
    for (input, line) in [
        (&[0, 3, 112, 112][..], "--profile arcface"),
        (&[0, 3, 0, 0], "--profile arcface"),
        (&[0, 0, 0, 0], "--profile arcface --side 112"),
        (&[4, 3, 112, 0], "--profile arcface"),
        (&[1, 3, 112, 112], "--channels rgb --crop landmarks --subtract 127.5 --divide 127.5"),
    ] {
        check_same(&format!("{input:?} {line}"), encoder(nodes(), input, 17), line);
    }
}

/// The forms of TensorFlow exports: pixel by pixel, with or without a transposition inside.
#[test]
fn pixels_become_planes() {
    let turned = with_integers(node("Transpose", &["x"], "planes"), "perm", &[0, 3, 1, 2]);
    let mut all = nodes();
    all[0].input[0] = "planes".to_owned();
    let all = [vec![turned], all].concat();
    for (input, line) in [(&[1, 112, 112, 3][..], ""), (&[0, 0, 0, 3], ""), (&[0, 0, 0, 0], "--layout nhwc")] {
        check_same(&format!("{input:?}"), encoder(all.clone(), input, 17), &format!("--profile arcface {line}"));
    }
    let files = import(encoder(all, &[1, 112, 112, 3], 17), "--profile arcface").unwrap();
    let plain = import(encoder(nodes(), &[1, 3, 112, 112], 17), "--profile arcface").unwrap();
    assert_eq!(operators(&files.network), operators(&plain.network), "nothing is turned any more");
    let stored = onnx::decode(&files.network).unwrap().graph.unwrap();
    assert_eq!(stored.input, [floats_value("x", &[1, 3, 112, 112])]);
}

/// A normalisation at the end makes no difference, because encodings are scaled to unit length anyway.
#[test]
fn encodings_may_be_of_unit_length_already() {
    let image = [1, 3, 112, 112];
    let norm = |version: i64| {
        let length = match version {
            18.. => node("ReduceL2", &["encoding", "last_axis"], "length"),
            _ => with_integers(node("ReduceL2", &["encoding"], "length"), "axes", &[1]),
        };
        let longest = match version {
            11.. => node("Clip", &["length", "tiny"], "clipped"),
            _ => {
                let mut clip = node("Clip", &["length"], "clipped");
                clip.attribute.push(float_attribute("min", 1e-12));
                clip
            }
        };
        vec![length, longest, node("Div", &["encoding", "clipped"], "unit")]
    };
    for version in [9, 10, 11, 13, 17, 18, 21] {
        let all = [nodes(), norm(version)].concat();
        check_same(&format!("divided by its length, {version}"), encoder(all, &image, version), "--profile arcface");
    }
    let lp = with(node("LpNormalization", &["encoding"], "unit"), &[("axis", 1), ("p", 2)]);
    check_same("LpNormalization", encoder([nodes(), vec![lp]].concat(), &image, 17), "--profile arcface");
}

/// Older networks of InsightFace contain (pixel - 127.5) / 128. The profile's own normalisation is then left out.
#[test]
fn a_network_that_normalises_gets_pixels_as_they_are() {
    let mut all = nodes();
    all[0].input[0] = "normalised".to_owned();
    let inside = vec![node("Sub", &["x", "half"], "centred"), node("Mul", &["centred", "share"], "normalised")];
    let all = [inside, all].concat();
    let input = |line: &str| {
        let files = import(encoder(all.clone(), &[1, 3, 112, 112], 17), line).unwrap();
        let input = opened(&files).manifest.input;
        (input.channels, input.subtract, input.divide)
    };
    assert_eq!(input("--profile arcface"), (ChannelOrder::Rgb, 127.5, 128.0));
    assert_eq!(input("--crop landmarks --channels bgr"), (ChannelOrder::Bgr, 127.5, 128.0));
    let insisted = "--profile arcface --subtract 1 --divide 1";
    assert_eq!(input(insisted), (ChannelOrder::Rgb, 128.5, 128.0), "both, one after the other");
}

#[test]
fn the_options_are_in_the_manifest() {
    let described = "--channels bgr --subtract 1.5 --divide 64 --crop box --side 96 --enlarge 1.5 --shift-down -0.25";
    let files = import(encoder(nodes(), &[1, 3, 0, 0], 17), &format!("{described} --square --threshold 1.25")).unwrap();
    let bundle = opened(&files);
    let EncoderManifest { profile, dimensions, input, crop, .. } = bundle.manifest;
    assert_eq!((profile.as_str(), dimensions), ("custom", 24));
    assert_eq!((input.channels, input.subtract, input.divide), (ChannelOrder::Bgr, 1.5, 64.0));
    assert_eq!(crop, CropGeometry::Box { side: 96, enlarge: 1.5, shift_down: -0.25, stretch: false });
    assert_eq!(bundle.calibration.threshold, 1.25);
    let files = import(encoder(nodes(), &[1, 3, 0, 0], 17), "--profile facenet").unwrap();
    let bundle = opened(&files);
    assert_eq!(bundle.manifest.crop.side(), 160);
    assert!(bundle.calibration.threshold_from.contains("not measured with this file"));
}

#[test]
fn missing_or_unsuitable_options_are_named() {
    let image = &[1, 3, 112, 112][..];
    let open = &[1, 3, 0, 0][..];
    for (input, line, named) in [
        (image, "", "input is not described"),
        (image, "--channels rgb --crop box", "normalisation of pixel values is not described"),
        (image, "--crop landmarks --subtract 0 --divide 1", "input is not described"),
        (open, "--channels rgb --crop box --subtract 0 --divide 1", "input is not described"),
        (image, "--profile arcface --side 96", "--side 96 differs from the side of the network's input: 112"),
        (&[1, 3, 96, 96], "--profile arcface", "96x96"),
        (open, "--profile arcface --enlarge 1.5", "belong to --crop box"),
        (open, "--profile facenet --enlarge 5", "crop.enlarge"),
        (open, "--profile facenet --side 1000", "crop.side"),
        (image, "--profile facenet --divide 1e-40 --subtract 0", "not finite"),
        (image, "--profile facenet --threshold 0", "threshold"),
        (&[1, 3, 112, 112, 1], "--profile facenet", "an image has four"),
        (&[1, 112, 112, 3], "--profile arcface", "cannot be imported"),
        (image, "--profile sface", "24 numbers, expected 128"),
        (image, "--profile yunet --side 112", "--profile yunet determines its input"),
        (image, "--profile yunet", "1 outputs, but YuNet has 12"),
    ] {
        let refused = import(encoder(nodes(), input, 17), line).err().unwrap_or_else(|| panic!("{input:?} {line}"));
        let message = format!("{refused:#}");
        assert!(message.contains(named), "{line}: {message}");
    }
}
