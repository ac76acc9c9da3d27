//! What is built of other people's code: whether its licences, its sources and it itself are those that `deny.toml` allows,
//! and whether something bad is known of it.

use super::step::Done;
use crate::process::{self, succeeds};
use crate::tools::CARGO_DENY;
use anyhow::Result;
use std::process::Command;

/// Advisories need their database, which may be out of reach: then that is said, and the rest holds.
pub(super) fn allowed() -> Result<Done> {
    process::run(&mut deny(&["check", "licenses", "bans", "sources"])?)?;
    if !succeeds(&mut deny(&["fetch", "db"])?) {
        return Ok(Done::PassedBut("advisories were NOT CHECKED: their database cannot be reached".to_owned()));
    }
    process::run(&mut deny(&["check", "--disable-fetch", "advisories"])?).map(|()| Done::Passed)
}

fn deny(arguments: &[&str]) -> Result<Command> {
    let mut deny = CARGO_DENY.command(&["--locked"])?;
    deny.args(arguments);
    Ok(deny)
}
