//! Who runs against whom, and what they need. A new comparison is one more entry of [`CONTESTS`].

use super::contest::{Contest, Side};
use crate::original_networks;
use crate::process::{self, cargo};
use crate::programs::{self, encoder_tool};
use crate::python::Environment;
use crate::workspace::{self, SHARED, sorted_entries};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const CONTESTS: [Contest; 2] = [
    Contest {
        what: "photo to encoding",
        ours: Side { command: photo_to_encoding, field: "whole_median_ms" },
        peer: "OpenCV FaceDetectorYN + FaceRecognizerSF",
        theirs: Side { command: opencv_door, field: "whole_median_ms" },
    },
    Contest {
        what: "nearest of 100 000 encodings",
        ours: Side { command: nearest, field: "nearest_ms" },
        peer: "faiss IndexScalarQuantizer, 8 bits",
        theirs: Side { command: match_bench, field: "faiss_int8_ms" },
    },
];

/// How many photos an encoding is timed over.
const PHOTOS: usize = 100;
/// How many encodings the nearest is sought among.
const ENCODINGS: &str = "100000";

/// What the contestants are handed.
pub(super) struct Ground {
    python: Environment,
    /// Each of another person.
    photos: Vec<PathBuf>,
    /// Both networks with plain 32-bit weights, as the peers can read them.
    detector: PathBuf,
    encoder: PathBuf,
}

impl Ground {
    /// Installs the peers, builds ours and gathers what both are asked about.
    ///
    /// # Errors
    /// If any of it is not to be had.
    pub(super) fn prepare() -> Result<Self> {
        let photos = first_photos(&Path::new(SHARED).join("lfw-dev/images"))?;
        let python = Environment::make()?;
        python.pip("install", ["numpy", "onnxruntime", "opencv-python-headless", "faiss-cpu"])?;
        programs::build()?;
        process::run(&mut cargo(["bench", "--workspace", "--no-run"]))?;
        let originals = original_networks::fetch()?;
        let unfolded = workspace::empty_folder("unfolded")?;
        let detector = unfold(&originals.join(original_networks::DETECTOR), "yunet", &unfolded)?;
        let encoder = unfold(&originals.join(original_networks::ENCODER), "sface", &unfolded)?;
        Ok(Self { python, photos, detector, encoder })
    }

    fn peer(&self, script: &str) -> Command {
        self.python.python([Path::new(SHARED).join("bench").join(script)])
    }
}

fn first_photos(images: &Path) -> Result<Vec<PathBuf>> {
    // A benchmark runs in the folder of its crate.
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
