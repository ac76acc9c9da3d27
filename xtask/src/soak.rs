//! `cargo xtask soak`: simulates a day at the door in accelerated time, with random faults.

use crate::Outcome;
use crate::args::Soak;
use crate::process::{self, cargo};
use crate::programs::ONE_BUILD;
use anyhow::Result;

/// Runs the soak test. The seed determines everything that happens.
///
/// # Errors
/// If the test cannot be built or started.
pub(crate) fn run(arguments: &Soak) -> Result<Outcome> {
    let mut tests = cargo(["test"]);
    tests.args(ONE_BUILD).args(["--lib", "soak::a_day_at_the_door"]);
    tests.env("SOAK_FRAMES", arguments.frames.to_string()).env("SOAK_SEED", arguments.seed.to_string());
    let status = process::run_to_any_end(tests.args(["--", "--ignored", "--nocapture"]))?;
    Ok(Outcome::as_expected_if(status.success()))
}
