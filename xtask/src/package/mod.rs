//! `cargo xtask package`: builds the Debian package of the door unit, for a Raspberry Pi or for this computer.
//!
//! The program's command line gives the manual pages and completions, and `cargo-cyclonedx` the bill of materials.

mod installation;
mod pad;
mod parts;
mod sandbox;

pub(crate) use installation::run as try_out;

use crate::args::Architecture;
use crate::process::{self, cargo, command};
use crate::programs::{self, ONE_BUILD};
use crate::tools::CARGO_DEB;
use crate::{Outcome, book, cross, workspace};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Builds the package, with the PAD network of a bundle if there is one, and prints its path.
///
/// # Errors
/// If a build step fails.
pub(crate) fn run(architecture: Architecture, with_pad: Option<&Path>) -> Result<Outcome> {
    println!("{}", make(architecture, with_pad)?.display());
    Ok(Outcome::AsExpected)
}

/// Builds the package and returns its path.
///
/// # Errors
/// If a build step fails.
pub(crate) fn make(architecture: Architecture, with_pad: Option<&Path>) -> Result<PathBuf> {
    let folder = workspace::empty_folder("package")?;
    document(&folder)?;
    book::make()?;
    let package = folder.join("edge-agent.deb");
    let mut deb = CARGO_DEB.command(&["deb"])?;
    deb.args(["--package", "edge-agent", "--no-build", "--strip", "--output"]).arg(&package);
    if let Some(bundle) = with_pad {
        pad::add(bundle)?;
        deb.args(["--variant", pad::VARIANT]);
    }
    match architecture {
        Architecture::Amd64 => programs::build()?,
        Architecture::Arm64 => {
            cross::edge_agent()?;
            deb.args(["--target", cross::ARM]).env("CARGO_TARGET_DIR", workspace::target().join("arm"));
        }
    }
    process::run(&mut deb)?;
    Ok(package)
}

/// Writes the manual pages of both programs, compressed as Debian requires, the completions, and the bill of materials.
/// No package contains `encoder-tool`; its pages are for manual installation.
fn document(folder: &Path) -> Result<()> {
    const MANUAL: &str = "manual";
    process::run(cargo(["build", "--example", MANUAL]).args(ONE_BUILD))?;
    let writer = workspace::target().join("release/examples").join(MANUAL);
    process::run(command(&writer.display().to_string(), [folder]).env("SOURCE_DATE_EPOCH", "0"))?;
    for program in ["edge-agent", "encoder-tool"] {
        let pages = workspace::sorted_entries(&folder.join(program).join("man"))?;
        process::run(command("gzip", ["-9n"]).args(pages))?;
    }
    let parts = folder.join("edge-agent.cdx.json");
    fs::write(&parts, parts::list("edge-agent")?).with_context(|| format!("{}: cannot be written", parts.display()))
}
