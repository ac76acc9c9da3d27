//! Checks for the target processor: the code that makes encodings, compiled for 64-bit ARM, and the door unit on an
//! emulated Raspberry Pi.

use super::same_encodings;
use super::step::Done;
use crate::cross::for_arm;
use crate::requirements::{self, CROSS, LIBCLANG};
use crate::{pi_test, process};
use anyhow::Result;

/// The packages whose results can depend on the processor: all but the link, which passes on what others calculated.
const TESTED: [&str; 6] = ["edge-agent", "liveness", "models", "kernels", "policy", "shared"];

/// Skipped tests: those that start other programs, which QEMU does differently, and those that search whole photos or fill
/// a socket, which take minutes under emulation.
const SKIPPED: [&str; 4] =
    ["a_missing_program_is_a_fault", "kill_tests", "a_viewer_who_reads_nothing_holds_nobody_up", "whole_photos_give"];

/// Runs the tests of the kernels, the networks, the door unit, the policy and the shared code with NEON and its dot products, and
/// compares the encodings with those of this processor.
pub(super) fn tests() -> Result<Done> {
    if let Some(skipped) = skipped() {
        return Ok(skipped);
    }
    requirements::ensure(&[CROSS, LIBCLANG])?;
    let mut tests = for_arm("test", &TESTED);
    tests.args(["--lib", "--test", "golden", "--"]);
    SKIPPED.iter().for_each(|name| {
        tests.args(["--skip", name]);
    });
    process::run(&mut tests)?;
    same_encodings::check().map(Done::passed_but)
}

/// Runs the door unit on an emulated Raspberry Pi.
pub(super) fn raspberry_pi() -> Result<Done> {
    match skipped() {
        Some(skipped) => Ok(skipped),
        None => super::as_expected(pi_test::run()?),
    }
}

fn skipped() -> Option<Done> {
    let why = "it is emulated on x86_64 alone";
    (!cfg!(target_arch = "x86_64")).then(|| Done::Skipped(why.to_owned()))
}
