//! `cargo xtask package`: builds the Debian packages of the door unit and of its link, for a Raspberry Pi or for this
//! computer.
//!
//! The programs' command lines give the manual pages and completions, and `cargo-cyclonedx` the bills of materials.

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

/// The packages that were built.
pub(crate) struct Packages {
    pub(crate) unit: PathBuf,
    pub(crate) link: PathBuf,
}

/// Builds the packages, the unit's with the PAD network of a bundle if there is one, and prints their paths.
///
/// # Errors
/// If a build step fails.
pub(crate) fn run(architecture: Architecture, with_pad: Option<&Path>) -> Result<Outcome> {
    let Packages { unit, link } = make(architecture, with_pad)?;
    println!("{}\n{}", unit.display(), link.display());
    Ok(Outcome::AsExpected)
}

/// Builds the packages and returns their paths.
///
/// # Errors
/// If a build step fails.
pub(crate) fn make(architecture: Architecture, with_pad: Option<&Path>) -> Result<Packages> {
    let folder = workspace::empty_folder("package")?;
    document(&folder)?;
    book::make()?;
    match architecture {
        Architecture::Amd64 => programs::build()?,
        Architecture::Arm64 => drop(cross::edge_agent()?),
    }
    let mut options = Vec::new();
    if let Some(bundle) = with_pad {
        pad::add(bundle)?;
        options.extend(["--variant", pad::VARIANT]);
    }
    let unit = pack(&folder, "edge-agent", architecture, &options)?;
    let link = pack(&folder, "edge-link", architecture, &[])?;
    Ok(Packages { unit, link })
}

/// Packs what was built, and returns the package's path.
fn pack(folder: &Path, name: &str, architecture: Architecture, options: &[&str]) -> Result<PathBuf> {
    let package = folder.join(format!("{name}.deb"));
    let mut deb = CARGO_DEB.command(&["deb"])?;
    deb.args(["--package", name, "--no-build", "--strip", "--output"]).arg(&package).args(options);
    if architecture == Architecture::Arm64 {
        deb.args(["--target", cross::ARM]).env("CARGO_TARGET_DIR", workspace::target().join("arm"));
    }
    process::run(&mut deb)?;
    Ok(package)
}

/// Writes the manual pages of the programs, compressed as Debian requires, the completions, and the bills of materials.
/// No package contains `encoder-tool`; its pages are for manual installation.
fn document(folder: &Path) -> Result<()> {
    const MANUAL: &str = "manual";
    process::run(cargo(["build", "--example", MANUAL]).args(ONE_BUILD))?;
    let writer = workspace::target().join("release/examples").join(MANUAL);
    process::run(command(&writer.display().to_string(), [folder]).env("SOURCE_DATE_EPOCH", "0"))?;
    for program in ["edge-agent", "edge-link", "encoder-tool"] {
        let pages = workspace::sorted_entries(&folder.join(program).join("man"))?;
        process::run(command("gzip", ["-9n"]).args(pages))?;
    }
    for (program, required) in [("edge-agent", "tract-onnx"), ("edge-link", "rustls-webpki")] {
        let parts = folder.join(format!("{program}.cdx.json"));
        let list = parts::list(program, required)?;
        fs::write(&parts, list).with_context(|| format!("{}: cannot be written", parts.display()))?;
    }
    Ok(())
}
