//! `cargo xtask endurance`: runs the system tests that take minutes and prints their figures.

use crate::Outcome;
use crate::peers;
use crate::process::{self, cargo};
use crate::programs::{self, ONE_BUILD};
use anyhow::Result;

/// Runs the tests one after the other, so that each has the computer to itself.
///
/// # Errors
/// If the programs cannot be built, what they run beside cannot be installed, or the tests cannot be started.
pub(crate) fn run() -> Result<Outcome> {
    programs::build()?;
    peers::install_cluster()?;
    let mut tests = cargo(["test"]);
    tests.args(ONE_BUILD).args(["--test", "system", "endurance::"]);
    let status = process::run_to_any_end(tests.args(["--", "--ignored", "--nocapture", "--test-threads", "1"]))?;
    Ok(Outcome::as_expected_if(status.success()))
}
