//! `cargo xtask cross`: builds the door unit and its link for a Raspberry Pi with a 64-bit system, with Debian's cross
//! toolchain.

use crate::process::{self, cargo};
use crate::requirements::{self, CROSS, LIBCLANG};
use crate::{Outcome, workspace};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// The target triple of the Pi.
pub(crate) const ARM: &str = "aarch64-unknown-linux-gnu";

/// The packages compiled for the Pi. Always the same set, so that tract is compiled only once.
pub(crate) const PACKAGES: [&str; 7] = ["edge-agent", "edge-link", "liveness", "models", "kernels", "policy", "shared"];

/// Builds the door unit and its link, and prints the path of the unit, beside which the link is.
///
/// # Errors
/// If the toolchain is not available or the build fails.
pub(crate) fn run() -> Result<Outcome> {
    let program = edge_agent()?;
    println!("{}: for 64-bit Raspberry Pi OS, bookworm or later", program.display());
    Ok(Outcome::AsExpected)
}

/// Builds the door unit and its link, and returns the path of the unit.
///
/// # Errors
/// If the toolchain is not available or the build fails.
pub(crate) fn edge_agent() -> Result<PathBuf> {
    requirements::ensure(&[CROSS, LIBCLANG])?;
    process::run(&mut for_arm("build", &PACKAGES))?;
    Ok(workspace::target().join("arm").join(ARM).join("release/edge-agent"))
}

/// A cargo command for packages of the Pi. It runs the binaries under emulation.
pub(crate) fn for_arm(verb: &str, packages: &[&str]) -> Command {
    let mut command = cargo([verb, "--release", "--target", ARM]);
    packages.iter().for_each(|package| {
        command.args(["--package", package]);
    });
    workspace::build_apart(&mut command, "arm");
    // Debian's compiler includes the standard library for the other architecture; rustup's does not.
    command.env("RUSTC", "/usr/bin/rustc").env("RUSTDOC", "/usr/bin/rustdoc");
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64-static");
    command.env("CC_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-gcc");
    command.env("AR_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-ar");
    command
}
