//! Runs the tests of crates with `unsafe` code under AddressSanitizer, in a build folder of their own.

use super::step::Done;
use crate::process::{self, cargo};
use crate::workspace;
use anyhow::Result;
use std::process::Command;

/// Tests the kernels, the policy and the shared crate. AddressSanitizer only sees code that is compiled with it.
pub(super) fn tests() -> Result<Done> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Done::Skipped("it is set up for x86_64".to_owned()));
    }
    let mut tests = tests_of(&["kernels", "policy", "shared"], "x86_64-unknown-linux-gnu", "sanitised");
    tests.args(["--features", "shared/seal"]);
    // Sanitisers are an unstable option. `RUSTC_BOOTSTRAP` enables it in the stable compiler that builds everything
    // else.
    tests.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    process::run(&mut tests).map(|()| Done::Passed)
}

fn tests_of(packages: &[&str], target: &str, folder: &str) -> Command {
    let mut tests = cargo(["test", "--release", "--lib", "--target", target]);
    packages.iter().for_each(|package| {
        tests.args(["--package", package]);
    });
    workspace::build_apart(&mut tests, folder);
    tests
}
