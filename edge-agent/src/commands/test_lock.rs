//! `test-lock`: unlocks the door of a running unit for two seconds, for an installer who stands there.

use super::running_unit::{UnitOptions, connect, order};
use crate::control::Request;
use anyhow::{Context, anyhow};
use clap::Args;
use policy::LOCK_TEST_MS;
use serde::Serialize;
use std::io::{IsTerminal, stdin};
use terminal::{Answer, Help, print, print_json, say};

/// Unlock the door of a running unit for two seconds, to see whether the lock moves.
///
/// Asks for confirmation: anybody can walk in meanwhile. Only root and the unit's own user may do this; the audit log
/// records who did.
///
/// Exit codes: 0 if the lock was driven, 1 if you did not confirm, 2 if no unit answers or it refuses.
#[derive(Debug, Args)]
pub(crate) struct TestLock {
    #[command(flatten)]
    unit: UnitOptions,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Serialize)]
struct Tested {
    unlocked_ms: u64,
}

/// Asks the unit to unlock.
///
/// # Errors
/// If nobody can confirm it, no unit runs, it does not answer, or it refuses.
pub(crate) fn run(arguments: &TestLock) -> anyhow::Result<Answer> {
    let unit = connect(&arguments.unit.config()?, "start it with `systemctl start edge-agent`")?;
    if !arguments.yes && !is_confirmed()? {
        say("the door stays locked");
        return Ok(Answer::No);
    }
    order(unit, &Request::TestLock {})?;
    match arguments.unit.json {
        true => print_json(&Tested { unlocked_ms: LOCK_TEST_MS })?,
        false => print("the lock was driven; it locks again after two seconds")?,
    }
    Ok(Answer::Yes)
}

fn is_confirmed() -> anyhow::Result<bool> {
    if !stdin().is_terminal() {
        return Err(anyhow!("nobody can confirm that the door may be unlocked")).help("confirm with --yes");
    }
    say("This unlocks the door for two seconds. Type yes to go on:");
    let mut line = String::new();
    stdin().read_line(&mut line).context("cannot read the confirmation")?;
    Ok(line.trim() == "yes")
}
