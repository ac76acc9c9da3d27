//! The input of the comparisons: photos, networks in the forms that each program reads, and the peers themselves.

use crate::original_networks;
use crate::pad_network;
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

/// The script that makes the peers' networks.
const PEER_NETWORKS: &str = include_str!("peer_networks.py");
/// The number of photos for the encoding times.
const PHOTOS: usize = 100;

/// The input of the contests.
pub(super) struct Ground {
    pub(super) python: Environment,
    /// Photos, each of a different person.
    pub(super) photos: Vec<PathBuf>,
    /// Both networks with plain 32-bit weights, which the peers can read.
    pub(super) detector: PathBuf,
    pub(super) encoder: PathBuf,
    /// The detector with a fixed input size of 320x320.
    pub(super) detector_320: PathBuf,
    /// Our FaceNet bundle in 8-bit integers.
    pub(super) facenet_integers: PathBuf,
    /// FaceNet in 32-bit floats.
    pub(super) facenet_floats: PathBuf,
    /// FaceNet in 8-bit integers, quantised by onnxruntime.
    pub(super) facenet_peer: PathBuf,
    /// The PAD network: the file that the peer reads, and our bundle.
    pub(super) pad_network: PathBuf,
    pub(super) pad: PathBuf,
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
        let mut quantize = encoder_tool(["model", "quantize"]);
        process::run(
            quantize.arg(&floats).arg("--calibrate").arg(GREY_PHOTOS.path()).arg("-o").arg(&facenet_integers),
        )?;
        let (facenet_floats, facenet_peer) = (floats.join("model.onnx"), unfolded.join("facenet-peer.onnx"));
        make_network(&python, "quantize", [facenet_floats.as_path(), &facenet_peer])?;
        let (pad_network, pad) = (pad_network::fetch()?, unfolded.join("pad"));
        process::run(
            encoder_tool(["model", "import", "--profile", "minifasnet"]).arg(&pad_network).arg("-o").arg(&pad),
        )?;
        Ok(Self {
            python,
            photos,
            detector,
            encoder,
            detector_320,
            facenet_integers,
            facenet_floats,
            facenet_peer,
            pad_network,
            pad,
        })
    }

    pub(super) fn peer(&self, script: &str) -> Command {
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
