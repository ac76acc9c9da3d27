//! `cargo xtask soak`: a day at the door in accelerated time, with faults at random, and what it came to.

use crate::Outcome;
use crate::args::Soak;
use crate::process::{self, cargo};
use crate::programs::ONE_BUILD;
use anyhow::Result;

/// Runs it with a seed that says everything that happens.
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
