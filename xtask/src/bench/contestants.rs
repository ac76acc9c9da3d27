//! The programs that are compared, and their input. To add a comparison, add an entry to [`CONTESTS`].

use super::contest::{Contest, Side};
use crate::original_networks;
use crate::process::{self, cargo};
use crate::programs::{self, encoder_tool};
use crate::python::Environment;
use crate::shared_data::{self, FACENET, GREY_PHOTOS, PEERS};
use crate::tools;
use crate::workspace::{self, sorted_entries};
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const CONTESTS: [Contest; 7] = [
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
        what: "photo to encoding",
        ours: Side { command: photo_to_encoding, field: "whole_median_ms" },
        peer: "OpenCV FaceDetectorYN + FaceRecognizerSF",
        theirs: Side { command: opencv_door, field: "whole_median_ms" },
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
/// The script that makes the peers' networks.
const PEER_NETWORKS: &str = include_str!("peer_networks.py");

/// The number of photos for the encoding times.
const PHOTOS: usize = 100;
/// The number of encodings in the search for the nearest.
const ENCODINGS: &str = "100000";

/// The input of the contests.
pub(super) struct Ground {
    python: Environment,
    /// Photos, each of a different person.
    photos: Vec<PathBuf>,
    /// Both networks with plain 32-bit weights, which the peers can read.
    detector: PathBuf,
    encoder: PathBuf,
    /// The detector with a fixed input size of 320x320.
    detector_320: PathBuf,
    /// Our FaceNet bundle in 8-bit integers.
    facenet_integers: PathBuf,
    /// FaceNet in 32-bit floats.
    facenet_floats: PathBuf,
    /// FaceNet in 8-bit integers, quantised by onnxruntime.
    facenet_peer: PathBuf,
}

impl Ground {
    /// Installs the peers, builds our programs and prepares the input of both.
    ///
    /// # Errors
    /// If anything is not available.
    pub(super) fn prepare() -> Result<Self> {
        if let Some(missing) = shared_data::missing(&[PEERS, GREY_PHOTOS, FACENET]) {
            bail!("the benchmark cannot run: {missing}");
        }
        let photos = first_photos(&GREY_PHOTOS.path())?;
        let python = Environment::make()?;
        python.pip("install", tools::PEERS)?;
        programs::build()?;
        process::run(&mut cargo(["bench", "--workspace", "--no-run"]))?;
        let originals = original_networks::fetch()?;
        let unfolded = workspace::empty_folder("unfolded")?;
        let detector = unfold(&originals.join(original_networks::DETECTOR), "yunet", &unfolded)?;
        let encoder = unfold(&originals.join(original_networks::ENCODER), "sface", &unfolded)?;
        let detector_320 = unfolded.join("yunet-320.onnx");
        make_network(&python, "fix", [detector.as_path(), &detector_320, Path::new("320")])?;
        let (floats, facenet_integers) = (unfolded.join("facenet"), unfolded.join("facenet-int8"));
        process::run(encoder_tool(["model", "import"]).arg(FACENET.path()).arg("-o").arg(&floats))?;
        let mut quantise = encoder_tool(["model", "quantize"]);
        process::run(
            quantise.arg(&floats).arg("--calibrate").arg(GREY_PHOTOS.path()).arg("-o").arg(&facenet_integers),
        )?;
        let (facenet_floats, facenet_peer) = (floats.join("model.onnx"), unfolded.join("facenet-peer.onnx"));
        make_network(&python, "quantise", [facenet_floats.as_path(), &facenet_peer])?;
        Ok(Self { python, photos, detector, encoder, detector_320, facenet_integers, facenet_floats, facenet_peer })
    }

    fn peer(&self, script: &str) -> Command {
        self.python.python([PEERS.path().join(script)])
    }
}

fn first_photos(images: &Path) -> Result<Vec<PathBuf>> {
    // cargo runs a benchmark in the folder of its crate.
    let images = images.canonicalize().with_context(|| format!("{} is not there", images.display()))?;
    let mut photos = Vec::new();
    for folder in sorted_entries(&images)?.into_iter().take(PHOTOS) {
        photos.extend(sorted_entries(&folder)?.into_iter().next());
    }
    Ok(photos)
}

fn unfold(original: &Path, profile: &str, folder: &Path) -> Result<PathBuf> {
    let unfolded = folder.join(profile).with_extension("onnx");
    let mut import = encoder_tool(["model", "import", "--profile", profile]);
    import.arg(original).arg("-o").arg(folder.join(profile)).arg("--onnx-out").arg(&unfolded);
    process::run(&mut import).with_context(|| format!("{}: cannot be imported", original.display()))?;
    Ok(unfolded)
}

fn make_network<'a>(python: &Environment, verb: &str, paths: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    let script = workspace::target().join("peer_networks.py");
    fs::write(&script, PEER_NETWORKS).with_context(|| format!("{}: cannot be written", script.display()))?;
    process::run(python.python([script.as_os_str(), OsStr::new(verb)]).args(paths)).context("onnxruntime's networks")
}

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
