//! What is built of other people's code: whether its licences, its sources and it itself are those that `deny.toml` allows,
//! and whether something bad is known of it.

use super::step::Done;
use crate::process::{self, command, succeeds};
use crate::requirements::{self, CARGO_DENY};
use crate::workspace;
use anyhow::Result;
use std::process::Command;

/// Advisories need their database, which may be out of reach: then that is said, and the rest holds.
pub(super) fn allowed() -> Result<Done> {
    requirements::ensure(&[CARGO_DENY])?;
    process::run(&mut deny(&["check", "licenses", "bans", "sources"]))?;
    if !succeeds(&mut deny(&["fetch", "db"])) {
        return Ok(Done::PassedBut("advisories were NOT CHECKED: their database cannot be reached".to_owned()));
    }
    process::run(&mut deny(&["check", "--disable-fetch", "advisories"])).map(|()| Done::Passed)
}

fn deny(arguments: &[&str]) -> Command {
    let program = workspace::target().join("tools/bin/cargo-deny");
    let mut deny = command(&program.display().to_string(), ["--locked"]);
    deny.args(arguments);
    deny
}
