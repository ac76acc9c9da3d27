//! The programs that the workspace builds.

use crate::process::{self, cargo, command};
use crate::requirements::{self, LIBCLANG};
use crate::workspace;
use anyhow::Result;
use std::ffi::OsStr;
use std::process::Command;

/// The options that every build here is made with. One profile and the features of the whole workspace, so that tract
/// is compiled once whatever is asked for.
pub(crate) const ONE_BUILD: [&str; 2] = ["--release", "--workspace"];

/// Builds all of them, with what that needs on this computer. cargo shows how it goes.
///
/// # Errors
/// If they cannot be built.
pub(crate) fn build() -> Result<()> {
    requirements::ensure(&[LIBCLANG])?;
    process::run(cargo(["build"]).args(ONE_BUILD))
}

/// `encoder-tool`, once built.
pub(crate) fn encoder_tool<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    built("encoder-tool", arguments)
}

/// `edge-agent`, once built.
pub(crate) fn edge_agent<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    built("edge-agent", arguments)
}

fn built<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Command {
    command(&workspace::target().join("release").join(program).to_string_lossy(), arguments)
}
