//! Checks the dependencies: licences, sources and crates must be allowed by `deny.toml`, and no advisory may apply.

use super::step::Done;
use crate::process::{self, succeeds};
use crate::tools::CARGO_DENY;
use anyhow::Result;
use std::process::Command;

/// Advisories need a database from the network. If it cannot be reached, the report says so and the other checks still
/// count.
pub(super) fn allowed() -> Result<Done> {
    process::run(&mut deny(&["check", "licenses", "bans", "sources"])?)?;
    if !succeeds(&mut deny(&["fetch", "db"])?) {
        return Ok(Done::PassedBut("advisories were NOT CHECKED: their database cannot be reached".to_owned()));
    }
    process::run(&mut deny(&["--offline", "check", "advisories"])?).map(|()| Done::Passed)
}

fn deny(arguments: &[&str]) -> Result<Command> {
    let mut deny = CARGO_DENY.command(&["--locked"])?;
    deny.args(arguments);
    Ok(deny)
}
