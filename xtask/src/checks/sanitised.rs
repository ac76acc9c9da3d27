//! Runs the tests of the kernels, which alone have `unsafe` code, under AddressSanitizer, in a build folder of their own.

use super::step::Done;
use crate::process::{self, cargo};
use crate::workspace;
use anyhow::Result;

/// AddressSanitizer only sees code that is compiled with it.
pub(super) fn tests() -> Result<Done> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Done::Skipped("it is set up for x86_64".to_owned()));
    }
    let mut tests = cargo(["test", "--release", "--lib", "--package", "kernels"]);
    tests.args(["--target", "x86_64-unknown-linux-gnu"]);
    workspace::build_apart(&mut tests, "sanitised");
    // Sanitisers are an unstable option. `RUSTC_BOOTSTRAP` enables it in the stable compiler that builds everything
    // else.
    tests.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", "-Zsanitizer=address");
    // Optimised further, the checks of each load and store of the unrolled loops compile for minutes.
    tests.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    process::run(&mut tests).map(|()| Done::Passed)
}
