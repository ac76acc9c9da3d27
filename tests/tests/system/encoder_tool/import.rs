//! `model import`: a network of somebody else's becomes a bundle, and the bundle is used.

use super::{door_photo, encoder_tool, enrolled_photo, names_in};
use std::fs;
use std::path::{Path, PathBuf};
use tests::onnx_file::{field, number};
use tests::{photos, said};

/// A file of one convolution over 32x32 pixels, pooled to 8 numbers, as an ONNX exporter writes it: the smallest that
/// is an encoder. Field numbers are those of `onnx.proto`.
pub(super) fn small_onnx() -> Vec<u8> {
    let node = |op: &str, inputs: &[&str], output: &str| {
        let inputs = inputs.iter().flat_map(|input| field(1, input.as_bytes()));
        [inputs.collect(), field(2, output.as_bytes()), field(4, op.as_bytes())].concat()
    };
    let weights: Vec<u8> = (0..24).flat_map(|at| ((at * 7 % 11) as f32 - 5.0).to_le_bytes()).collect();
    let dims = [8, 3, 1, 1].iter().flat_map(|&length| number(1, length)).collect();
    let weights = [dims, number(2, 1), field(8, b"weights"), field(9, &weights)].concat();
    let side = |length: u64| field(1, &number(1, length));
    let shape: Vec<u8> = [1, 3, 32, 32].into_iter().flat_map(side).collect();
    let input = [field(1, b"image"), field(2, &field(1, &[number(1, 1), field(2, &shape)].concat()))].concat();
    let graph = [
        field(1, &node("Conv", &["image", "weights"], "convolved")),
        field(1, &node("Relu", &["convolved"], "rectified")),
        field(1, &node("GlobalAveragePool", &["rectified"], "pooled")),
        field(1, &node("Flatten", &["pooled"], "encoding")),
        field(2, b"small"),
        field(5, &weights),
        field(11, &input),
        field(12, &field(1, b"encoding")),
    ]
    .concat();
    [number(1, 8), field(7, &graph), field(8, &number(2, 13))].concat()
}

#[test]
fn an_encoder_that_is_described_is_imported_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let (file, bundle) = (folder.path().join("small.onnx"), folder.path().join("bundle"));
    fs::write(&file, small_onnx()).unwrap();
    let import =
        |arguments: &[&str]| said(encoder_tool(["model", "import"]).arg(&file).arg("-o").arg(&bundle).args(arguments));
    let refused = import(&[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
    assert!(
        refused.stderr.contains("the network's input is not described") && refused.stderr.contains("--profile"),
        "{refused:?}"
    );
    assert!(!bundle.exists());

    let described = ["--channels", "rgb", "--subtract", "127.5", "--divide", "128", "--crop", "box"];
    let told_nobody_apart = import(&[&described[..], &["--enlarge", "1.2", "--shift-down", "-0.05"]].concat());
    assert_eq!((told_nobody_apart.code, told_nobody_apart.stdout.as_str()), (2, ""), "{told_nobody_apart:?}");
    for said in ["does not tell people apart", "nothing was written", "help: ", "--subtract"] {
        assert!(told_nobody_apart.stderr.contains(said), "{told_nobody_apart:?} has no {said}");
    }
    assert!(!bundle.exists());

    fs::copy(sface(), &file).unwrap();
    let described = ["--channels", "rgb", "--crop", "landmarks", "--threshold", "1.02"];
    let made = import(&[&described[..], &["--subtract", "127.5", "--divide", "128"]].concat());
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stderr.contains("112x112 pixels to 128 numbers"), "{made:?}");
    assert_eq!(names_in(&bundle), ["calibration.toml", "golden.postcard", "manifest.toml", "model.onnx"]);
    let manifest = fs::read_to_string(bundle.join("manifest.toml")).unwrap();
    for line in ["dimensions = 128", "subtract = 127.5", "side = 112", "source = \"small.onnx\""] {
        assert!(manifest.contains(line), "{manifest} has no {line}");
    }
    let compared =
        said(encoder_tool(["compare", "--json", "--model"]).arg(&bundle).arg(enrolled_photo()).arg(enrolled_photo()));
    assert_eq!(compared.code, 0, "{compared:?}");
    assert_eq!(compared.json()["distance"], 0.0);
}

/// The network of the bundled encoder, without its normalisation.
fn sface() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled/sface/model.onnx")
}

/// With pixel values that it was not trained with, an encoder once took everybody for one person: ten of ten strangers
/// were let in at the threshold that its profile has.
#[test]
fn an_encoder_with_wrong_pixel_values_is_not_imported() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    for (subtract, divide) in [("0", "100000"), ("255", "10000")] {
        let mut import = encoder_tool(["model", "import", "--channels", "rgb", "--crop", "landmarks"]);
        import.args(["--threshold", "1.02", "--subtract", subtract, "--divide", divide]);
        let refused = said(import.arg(sface()).arg("-o").arg(&bundle));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains("does not tell people apart"), "{refused:?}");
        assert!(!bundle.exists());
    }
}

/// Files of 250 bytes once made the import ask for 68 GB, or go on for ever.
#[test]
fn an_import_over_its_limits_is_killed_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("endless.onnx"), endless_onnx()).unwrap();
    let import = |file: &Path, limit: [&str; 2]| {
        let mut import = encoder_tool(["model", "import", "--channels", "rgb", "--crop", "box"]);
        import.args(["--subtract", "0", "--divide", "1", "--onnx-out"]).arg(path("out.onnx")).args(limit);
        said(import.arg(file).arg("-o").arg(path("bundle")))
    };
    for (file, limit, needed) in [
        (path("endless.onnx"), ["--time-limit", "1"], "more than 1 s"),
        (sface(), ["--memory-limit", "200"], "more than 200 MiB"),
    ] {
        let refused = import(&file, limit);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{limit:?}: {refused:?}");
        for said in [needed, "the import needed", "nothing was written", "help: "] {
            assert!(refused.stderr.contains(said), "{limit:?}: {refused:?} has no {said}");
        }
        assert_eq!(names_in(folder.path()), ["endless.onnx"], "{limit:?}");
    }
}

/// Every window makes sense and every value is small: a picture of 32x32 pixels, enlarged 32 times, of which each pixel
/// becomes the largest of 65025.
fn endless_onnx() -> Vec<u8> {
    let node = |op: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]| {
        let inputs = inputs.iter().flat_map(|input| field(1, input.as_bytes()));
        let attributes = attributes.iter().flat_map(|attribute| field(5, attribute));
        let (inputs, attributes): (Vec<u8>, Vec<u8>) = (inputs.collect(), attributes.collect());
        field(1, &[inputs, field(2, output.as_bytes()), field(4, op.as_bytes()), attributes].concat())
    };
    // The attribute's type has field number 20.
    let of_type = |kind: u64| number(20, kind);
    let integers = |name: &str, values: &[u64]| {
        let values: Vec<u8> = values.iter().flat_map(|&value| number(8, value)).collect();
        [field(1, name.as_bytes()), values, of_type(7)].concat()
    };
    let text = |name: &str, value: &str| [field(1, name.as_bytes()), field(4, value.as_bytes()), of_type(3)].concat();
    let scales: Vec<u8> = [1.0_f32, 1.0, 32.0, 32.0].into_iter().flat_map(f32::to_le_bytes).collect();
    let scales = [number(1, 4), number(2, 1), field(8, b"scales"), field(9, &scales)].concat();
    let side = |length: u64| field(1, &number(1, length));
    let shape: Vec<u8> = [1, 3, 32, 32].into_iter().flat_map(side).collect();
    let input = [field(1, b"image"), field(2, &field(1, &[number(1, 1), field(2, &shape)].concat()))].concat();
    let window = [integers("kernel_shape", &[255, 255]), integers("pads", &[127, 127, 127, 127])];
    let asymmetric = text("coordinate_transformation_mode", "asymmetric");
    let repeated = [text("mode", "nearest"), asymmetric, text("nearest_mode", "floor")];
    let graph = [
        node("Resize", &["image", "", "scales"], "large", &repeated),
        node("MaxPool", &["large"], "pooled", &window),
        node("GlobalAveragePool", &["pooled"], "means", &[]),
        node("Flatten", &["means"], "encoding", &[]),
        field(2, b"endless"),
        field(5, &scales),
        field(11, &input),
        field(12, &field(1, b"encoding")),
    ]
    .concat();
    [number(1, 8), field(7, &graph), field(8, &number(2, 13))].concat()
}

#[test]
fn unsupported_files_are_refused_with_the_supported_formats() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("empty")).unwrap();
    fs::create_dir(path("arrays")).unwrap();
    let array = b"\x93NUMPY\x01\x00\x35\x00{'descr': '<f4', 'fortran_order': False, 'shape': ()}\0\0\x80\x3f";
    fs::write(path("arrays/some_other_kernel.npy"), array).unwrap();
    fs::write(path("cut.onnx"), &small_onnx()[..100]).unwrap();
    fs::write(path("model.pt"), b"\x80\x02}q\x00.").unwrap();
    for (name, expected) in [
        ("none", &["No such file"][..]),
        ("empty", &["no .npy file", "accepted are"]),
        ("arrays", &["`some_other_kernel`", "not FaceNet's", "Conv2d_1a_3x3_kernel.npy"]),
        ("cut.onnx", &["not an ONNX file", "help: "]),
        ("model.pt", &["a PyTorch file", "accepted are"]),
    ] {
        let refused = said(encoder_tool(["model", "import", "-o"]).arg(path("bundle")).arg(path(name)));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{name}: {refused:?}");
        for expected in expected {
            assert!(refused.stderr.contains(expected), "{name}: {} has no {expected:?}", refused.stderr);
        }
        assert!(refused.stderr.contains(name), "{name}: {}", refused.stderr);
    }
    assert!(!path("bundle").exists());
}

/// Where the published weights lie beside the project.
#[test]
fn facenet_is_imported_from_its_weights_and_used() {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/models/facenet-vggface2-npy");
    if !weights.exists() {
        println!("skipped: {} is not there", weights.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("facenet");
    let made = said(encoder_tool(["model", "import", "-o"]).arg(&bundle).arg(&weights));
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stderr.contains("160x160 pixels to 512 numbers"), "{made:?}");
    assert!(!made.stderr.contains("not measured"), "{made:?}");
    let compare = |one: &Path, other: &Path| {
        said(encoder_tool(["compare", "--json", "--model"]).arg(&bundle).arg(one).arg(other))
    };
    let stranger = compare(&enrolled_photo(), &door_photo("eileen_collins.jpg"));
    assert_eq!(stranger.code, 1, "{stranger:?}");
    let portrait = photos().join("enrol/Barack Obama/official_portrait.jpg");
    let alike = compare(&portrait, &door_photo("barack_obama_speaking.jpg"));
    assert_eq!(alike.code, 0, "{alike:?}");
}
