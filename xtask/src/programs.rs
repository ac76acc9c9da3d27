//! The two programs that the workspace builds.

use crate::process::{self, cargo, command};
use crate::requirements::{self, LIBCLANG};
use crate::workspace;
use anyhow::Result;
use std::ffi::OsStr;
use std::process::Command;

/// The options of every build. One profile and the features of the whole workspace, so that tract is compiled only
/// once.
pub(crate) const ONE_BUILD: [&str; 2] = ["--release", "--workspace"];

/// Builds both programs, after installing what the build needs. cargo prints the progress.
///
/// # Errors
/// If the build fails.
pub(crate) fn build() -> Result<()> {
    requirements::ensure(&[LIBCLANG])?;
    process::run(cargo(["build"]).args(ONE_BUILD))
}

/// A command of `encoder-tool`, which must have been built.
pub(crate) fn encoder_tool<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    built("encoder-tool", arguments)
}

/// A command of `edge-agent`, which must have been built.
pub(crate) fn edge_agent<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    built("edge-agent", arguments)
}

fn built<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Command {
    command(&workspace::target().join("release").join(program).to_string_lossy(), arguments)
}
