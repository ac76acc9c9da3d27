//! `cargo xtask cross`: the door unit for a Raspberry Pi with a 64-bit system, built with Debian's cross toolchain.

use crate::process::{self, cargo};
use crate::requirements::{self, CROSS, LIBCLANG};
use crate::{Outcome, workspace};
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;

/// The Pi's architecture, as Rust calls it.
pub(crate) const ARM: &str = "aarch64-unknown-linux-gnu";

/// What is compiled for the Pi. Always the same ones, so that tract is compiled once.
pub(crate) const PACKAGES: [&str; 5] = ["edge-agent", "models", "kernels", "policy", "shared"];

/// Builds it, and says where it is.
///
/// # Errors
/// If the toolchain is not available, or it cannot be built.
pub(crate) fn run() -> Result<Outcome> {
    let program = edge_agent()?;
    println!("{}: for Raspberry Pi OS of 64 bits, bookworm or later", program.display());
    Ok(Outcome::AsExpected)
}

/// Builds the door unit and says where it is.
///
/// # Errors
/// If the toolchain is not available, or it cannot be built.
pub(crate) fn edge_agent() -> Result<PathBuf> {
    requirements::ensure(&[CROSS, LIBCLANG])?;
    process::run(&mut for_arm("build"))?;
    Ok(workspace::target().join("arm").join(ARM).join("release/edge-agent"))
}

/// A command of cargo's about everything that is compiled for the Pi; what it runs is run in an emulation.
pub(crate) fn for_arm(verb: &str) -> Command {
    let mut command = cargo([verb, "--release", "--target", ARM]);
    PACKAGES.iter().for_each(|package| {
        command.args(["--package", package]);
    });
    command.arg("--target-dir").arg(workspace::target().join("arm"));
    // Debian's compiler brings the standard library for the other processor, rustup's would have to be given it.
    command.env("RUSTC", "/usr/bin/rustc").env("RUSTDOC", "/usr/bin/rustdoc");
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64-static");
    command.env("CC_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-gcc");
    command.env("AR_aarch64_unknown_linux_gnu", "aarch64-linux-gnu-ar");
    command
}
