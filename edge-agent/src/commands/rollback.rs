//! `rollback`: returns to the previous people database on request.
//!
//! If a unit runs, the command asks it on its control socket: only the unit moves its databases then. If no unit runs,
//! the command moves them itself. The lock on the unit's folders shows whether a unit runs, even without a socket.

use super::configured;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::control::{self, Request};
use crate::database::{Judge, Store, Trust};
use crate::folders;
use anyhow::Context;
use clap::Args;
use files::{LockError, read_bounded};
use policy::audit::Event;
use serde::Serialize;
use shared::gallery::{DatabaseDigest, DatabaseFile, MAX_DATABASE_BYTES};
use std::path::{Path, PathBuf};
use terminal::{Answer, Help, ShowPath, counted, print, print_json};

/// Go back to the previous people database, although its sequence number is lower.
///
/// A running unit switches between two frames; otherwise the database is used at the next start. Running the command
/// twice restores the newer database.
///
/// Exit codes: 0 if it is used, 1 if it is refused (it is damaged, or for another model), 2 on any other error.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The outcome of the rollback.
#[derive(Debug, Serialize)]
struct Outcome {
    /// The sequence number of the previous database, which was requested.
    sequence: u64,
    digest: DatabaseDigest,
    people: u32,
    /// Whether it is used now, or will be when the unit starts.
    used: bool,
    /// Whether a unit runs.
    unit_runs: bool,
    /// Why it is not used.
    refused: Option<String>,
}

/// Rolls back. Returns yes if the previous database is used now, or at the next start.
///
/// # Errors
/// If there is no previous database, or a unit runs and does not answer.
pub(crate) fn run(arguments: &Rollback) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.config)?;
    // Connects as the current user, because the unit records who asked.
    let running = control::unit_at(&config.control_socket(), &config.status.socket)?;
    folders::step_down(&folders::written(&config))?;
    let previous = beside(&config.database.path, "previous");
    let bytes = read_bounded(&previous, MAX_DATABASE_BYTES)
        .help("a rollback is possible once a second database has been taken into use")?;
    // The header is readable without a key; the unit checks whether the rest can be opened.
    let header = *DatabaseFile::parse(&bytes).with_context(|| previous.shown().to_string())?.header();
    let wanted = DatabaseDigest::from_file(&bytes);
    let alone = folders::lock(&config);
    let unit_runs = matches!(alone, Err(LockError::Held { .. }));
    let refused = match (alone, running) {
        (Err(LockError::Held { .. }), Some(unit)) => control::ask(unit, &Request::Rollback { digest: wanted })?.refused,
        (Err(held @ LockError::Held { .. }), None) => {
            return Err(held)
                .context("a unit runs but does not answer; nothing was changed")
                .help("set [status] socket to a path where the unit can create its sockets, or stop the unit first");
        }
        (alone, _) => {
            let _alone = alone?;
            go_back(&config, wanted)?
        }
    };
    let outcome = Outcome {
        sequence: header.sequence,
        digest: wanted,
        people: header.people,
        used: refused.is_none(),
        unit_runs,
        refused,
    };
    match arguments.json {
        true => print_json(&outcome)?,
        false => print(&in_words(&outcome))?,
    }
    Ok(Answer::yes_if(outcome.used))
}

fn in_words(outcome: &Outcome) -> String {
    let Outcome { sequence, people, digest, unit_runs, refused, .. } = outcome;
    let what = format!("sequence {sequence}, {}, SHA-256 {digest}", counted(*people, "person"));
    match (refused, unit_runs) {
        (Some(why), _) => format!("NOT used, and nothing has changed: {why}\n{what}"),
        (None, true) => format!("the unit uses the previous database again: {what}"),
        (None, false) => format!("no unit runs; when it starts, it uses the previous database: {what}"),
    }
}

/// Rolls back without a running unit. Returns the reason if it is refused.
fn go_back(config: &Config, wanted: DatabaseDigest) -> anyhow::Result<Option<String>> {
    let mut config = config.clone();
    let (recogniser, _) = configured::networks(&mut config)?;
    let judge = Judge::new(recogniser, &config, Trust::from_config(&config)?);
    let mut store = Store::open_at(&config.database.path, judge)?.store;
    match store.roll_back(wanted) {
        Ok(in_use) => {
            let now = SystemClock::start().now();
            let mut log = configured::audit_log(&config.audit, &now)?;
            log.append(Event::database_returned(in_use.gallery.header().sequence, "asked_for"), &now)?;
            Ok(None)
        }
        Err(refusal) => Ok(Some(refusal.why.to_string())),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(format!(".{ending}"));
    path.into()
}
