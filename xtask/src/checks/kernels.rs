//! The kernels where mistakes of memory show, and on the processor that counts: under AddressSanitizer, and compiled for
//! 64-bit ARM, emulated. Each has a build folder of its own; neither needs tract.

use super::step::Done;
use crate::process::{self, cargo};
use crate::requirements::{self, CROSS};
use crate::workspace;
use anyhow::Result;
use std::process::Command;

const ARM: &str = "aarch64-unknown-linux-gnu";

/// The tests of the kernels under AddressSanitizer, which only finds what it looks for if it is compiled in.
pub(super) fn sanitised() -> Result<Done> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Done::Skipped("it is set up for x86_64".to_owned()));
    }
    let mut tests = tests_of(&["kernels"], "x86_64-unknown-linux-gnu", "sanitised");
    // Sanitisers are an unstable option; the compiler is the stable one that everything else is built with.
    tests.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    process::run(&mut tests).map(|()| Done::Passed)
}

/// The tests of the kernels and of what both programs agree on, for 64-bit ARM, with NEON and its dot products.
pub(super) fn on_arm() -> Result<Done> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Done::Skipped("there is no need to emulate it here".to_owned()));
    }
    if let Err(error) = requirements::ensure(&[CROSS]) {
        return Ok(Done::Skipped(format!("{error:#}")));
    }
    let mut tests = tests_of(&["kernels", "shared"], ARM, "arm");
    // Debian's compiler brings the standard library for the other processor, rustup's would have to be given it.
    tests.env("RUSTC", "/usr/bin/rustc").env("RUSTDOC", "/usr/bin/rustdoc");
    tests.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");
    tests.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", "qemu-aarch64-static");
    process::run(&mut tests).map(|()| Done::Passed)
}

fn tests_of(packages: &[&str], target: &str, folder: &str) -> Command {
    let mut tests = cargo(["test", "--release", "--lib", "--target", target]);
    packages.iter().for_each(|package| {
        tests.args(["--package", package]);
    });
    tests.arg("--target-dir").arg(workspace::target().join(folder));
    tests
}
