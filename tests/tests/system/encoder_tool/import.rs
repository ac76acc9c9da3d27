//! `model import`: a network of somebody else's becomes a bundle, and the bundle is used.

use super::{door_photo, encoder_tool, enrolled_photo, names_in};
use std::fs;
use std::path::Path;
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

/// A protobuf field that holds bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(bytes.len() as u64), bytes].concat()
}

/// A protobuf field that holds a number.
fn number(field: u8, value: u64) -> Vec<u8> {
    [&[field << 3][..], &varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
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
    assert!(refused.stderr.contains("nothing says what pixels") && refused.stderr.contains("--profile"), "{refused:?}");
    assert!(!bundle.exists());

    let described = ["--channels", "rgb", "--subtract", "127.5", "--divide", "128", "--crop", "box"];
    let made = import(&[&described[..], &["--enlarge", "1.2", "--shift-down", "-0.05"]].concat());
    assert_eq!(made.code, 0, "{made:?}");
    assert!(made.stderr.contains("32x32 pixels to 8 numbers"), "{made:?}");
    assert_eq!(names_in(&bundle), ["calibration.toml", "golden.postcard", "manifest.toml", "model.onnx"]);
    let manifest = fs::read_to_string(bundle.join("manifest.toml")).unwrap();
    for line in ["dimensions = 8", "subtract = 127.5", "side = 32", "shift-down = -0.05", "source = \"small.onnx\""] {
        assert!(manifest.contains(line), "{manifest} has no {line}");
    }
    let compared =
        said(encoder_tool(["compare", "--json", "--model"]).arg(&bundle).arg(enrolled_photo()).arg(enrolled_photo()));
    assert_eq!(compared.code, 0, "{compared:?}");
    assert_eq!(compared.json()["distance"], 0.0);
}

#[test]
fn what_cannot_be_imported_is_named_with_what_can() {
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
        ("cut.onnx", &["no ONNX file", "help: "]),
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
