//! The programs that are compared. To add a comparison, add an entry to [`CONTESTS`].

use super::contest::{Contest, Side};
use super::ground::Ground;
use crate::process::cargo;
use crate::programs::encoder_tool;
use std::path::Path;
use std::process::Command;

pub(super) const CONTESTS: [Contest; 9] = [
    Contest {
        what: "FaceNet, 8-bit integers, a crop",
        ours: Side { command: |ground| model_bench(&ground.facenet_integers, &[]), field: "median_ms" },
        peer: "onnxruntime, 32-bit floats",
        theirs: Side { command: |ground| ort_bench(ground, &ground.facenet_floats), field: "median_ms" },
    },
    Contest {
        what: "FaceNet, 8-bit integers, a crop",
        ours: Side { command: |ground| model_bench(&ground.facenet_integers, &[]), field: "median_ms" },
        peer: "onnxruntime, 8-bit integers, a scale for each channel",
        theirs: Side { command: |ground| ort_bench(ground, &ground.facenet_peer), field: "median_ms" },
    },
    Contest {
        what: "SFace in 8-bit integers, the default encoder, a crop",
        ours: Side { command: |_| model_bench(Path::new(SFACE), &[]), field: "median_ms" },
        peer: "onnxruntime, 32-bit floats",
        theirs: Side { command: |ground| ort_bench(ground, &ground.encoder), field: "median_ms" },
    },
    Contest {
        what: "YuNet, the default detector, 320x320",
        ours: Side { command: |_| model_bench(Path::new(YUNET), &["--size", "320x320"]), field: "median_ms" },
        peer: "onnxruntime, 32-bit floats",
        theirs: Side { command: |ground| ort_bench(ground, &ground.detector_320), field: "median_ms" },
    },
    Contest {
        what: "MiniFASNet, a PAD network, a crop",
        ours: Side { command: |ground| model_bench(&ground.pad, &[]), field: "median_ms" },
        peer: "onnxruntime, 32-bit floats",
        theirs: Side { command: |ground| ort_bench(ground, &ground.pad_network), field: "median_ms" },
    },
    Contest {
        what: "photo to encoding",
        ours: Side { command: photo_to_encoding, field: "whole_median_ms" },
        peer: "OpenCV FaceDetectorYN + FaceRecognizerSF",
        theirs: Side { command: opencv_door, field: "whole_median_ms" },
    },
    Contest {
        what: "a turn of the loop that looks for visitor passes, a face but no code in view",
        ours: Side { command: |_| loop_turn(&["--codes"]), field: "mean_ms" },
        peer: "the same turn without",
        theirs: Side { command: |_| loop_turn(&[]), field: "mean_ms" },
    },
    Contest {
        what: "SFace in 8-bit integers, from file to first encoding",
        ours: Side { command: |_| model_bench(Path::new(SFACE), &[]), field: "load_ms" },
        peer: "onnxruntime, from file to session",
        theirs: Side { command: |ground| ort_bench(ground, &ground.encoder), field: "load_ms" },
    },
    Contest {
        what: "nearest of 100 000 encodings",
        ours: Side { command: nearest, field: "nearest_ms" },
        peer: "faiss IndexScalarQuantizer, 8 bits",
        theirs: Side { command: match_bench, field: "faiss_int8_ms" },
    },
];

/// The bundles compiled into the programs.
const SFACE: &str = "models/bundled/sface-int8";
const YUNET: &str = "models/bundled/yunet";
/// The number of network runs in one round.
const RUNS: &str = "30";
/// The number of encodings in the search for the nearest.
const ENCODINGS: &str = "100000";

fn model_bench(bundle: &Path, more: &[&str]) -> Command {
    let mut command = encoder_tool(["model", "bench", "--json", "--runs", RUNS]);
    command.arg(bundle).args(more);
    command
}

fn ort_bench(ground: &Ground, network: &Path) -> Command {
    let mut command = ground.peer("ort_bench.py");
    command.arg(network).args(["--runs", RUNS]);
    command
}

fn ours(bench: &str) -> Command {
    cargo(["bench", "--quiet", "--workspace", "--bench", bench, "--"])
}

fn photo_to_encoding(ground: &Ground) -> Command {
    let mut command = ours("photo_to_encoding");
    command.args(&ground.photos);
    command
}

fn loop_turn(more: &[&str]) -> Command {
    let mut command = ours("loop_turn");
    // Cargo runs it in the folder of its crate.
    command.args(more).arg("../tests/photos/door/eileen_collins.jpg");
    command
}

fn opencv_door(ground: &Ground) -> Command {
    let mut command = ground.peer("opencv_door.py");
    command.arg(&ground.detector).arg(&ground.encoder).args(&ground.photos);
    command
}

fn nearest(_: &Ground) -> Command {
    ours("nearest")
}

fn match_bench(ground: &Ground) -> Command {
    let mut command = ground.peer("match_bench.py");
    command.args(["--people", ENCODINGS, "--dims", "128"]);
    command
}
