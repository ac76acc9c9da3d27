//! `lockdown`: locks a running unit down, or ends that.

use super::running_unit::{UnitOptions, connect, order};
use crate::control::Request;
use crate::lockdown::LockdownReport;
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;
use terminal::{Answer, Help, print, print_json};

/// Lock a running unit down: it lets in nobody, or only one group, until the lockdown is ended.
///
/// Only root and the unit's own user may do this; the audit log records who did. A lockdown survives a restart. People
/// can always leave.
#[derive(Debug, Subcommand)]
pub(crate) enum LockdownCommand {
    /// Lock the door now, and let in nobody, or only members of one group by the usual rules.
    ///
    /// Exit codes: 0 if the unit is locked down, 2 if no unit answers or a restart may end the lockdown.
    On(On),
    /// End the lockdown that was ordered with `on`.
    ///
    /// Exit codes: 0 if the unit is no longer locked down, 1 if the lockdown switch still locks it down, 2 if no unit
    /// answers or the end cannot be recorded.
    Off(Off),
}

#[derive(Debug, Args)]
pub(crate) struct On {
    /// The group in people.csv whose members may still enter
    #[arg(long, value_name = "GROUP")]
    admit: Option<String>,
    #[command(flatten)]
    unit: UnitOptions,
}

#[derive(Debug, Args)]
pub(crate) struct Off {
    #[command(flatten)]
    unit: UnitOptions,
}

/// The answer of a unit.
#[derive(Debug, Serialize)]
struct Answered {
    /// `null` if the unit is not locked down.
    lockdown: Option<LockdownReport>,
}

/// Asks the unit. Returns whether it is in the state that was asked for.
///
/// # Errors
/// If no unit runs, it does not answer, or it refuses.
pub(crate) fn run(command: &LockdownCommand) -> anyhow::Result<Answer> {
    let (options, request) = match command {
        LockdownCommand::On(On { admit, unit }) => (unit, Request::LockDown { admits: admit.clone() }),
        LockdownCommand::Off(Off { unit }) => (unit, Request::EndLockdown {}),
    };
    let unit = connect(
        &options.config()?,
        "the door of a unit that does not run is locked; start the unit (`systemctl start edge-agent`) and try again",
    )?;
    let reply = order(unit, &request)?;
    let answered = Answered { lockdown: reply.lockdown };
    match (options.json, &answered.lockdown) {
        (true, _) => print_json(&answered)?,
        (false, None) => print("the unit is not locked down")?,
        (false, Some(lockdown)) => print(&lockdown.in_words())?,
    }
    let is_on = answered.lockdown.is_some();
    match (command, answered.lockdown.and_then(|lockdown| lockdown.not_saved)) {
        (LockdownCommand::On(_), Some(why)) => {
            Err(anyhow!("the unit is locked down, but a restart may end that: {why}"))
                .help("make the folder of [door] memory writable, and order the lockdown again")
        }
        (LockdownCommand::On(_), None) => Ok(Answer::yes_if(is_on)),
        (LockdownCommand::Off(_), _) => Ok(Answer::yes_if(!is_on)),
    }
}
