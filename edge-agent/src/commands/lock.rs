//! `lock`: forces the lock to its locked level, whatever has become of the unit and of its configuration.

use super::configured;
use super::run::signals::EndingSignals;
use crate::config::Config;
use crate::door::LockLine;
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use terminal::{Answer, Help, ShowPath, on_one_line, print, print_json};

/// Force the lock to its locked level, whatever has become of the unit and of its configuration.
///
/// What moves the lock is taken from what the last good start wrote down, and from the configuration as well.
///
/// Exit codes: 0 if it was driven, 2 if not.
#[derive(Debug, Args)]
pub(crate) struct Lock {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// What the last good start wrote down, instead of where the configuration says
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Serialize)]
struct Locked {
    locked: Vec<LockLine>,
}

/// Drives what the last good start wrote down, and what the configuration says now if that is another lock.
///
/// # Errors
/// If neither says what to drive, or a lock does not move; the other is driven all the same.
pub(crate) fn run(arguments: &Lock) -> anyhow::Result<Answer> {
    // None of them ends it halfway.
    let _heard = EndingSignals::hear().inspect_err(|error| tracing::warn!("{}", on_one_line(error)));
    let config = Config::read(&arguments.config);
    let saved = match (&arguments.state, &config) {
        (Some(state), _) => state.clone(),
        (None, Ok(config)) => config.door.last_lock.clone(),
        (None, Err(_)) => PathBuf::from(crate::config::DEFAULT_LAST_LOCK),
    };
    let saved = LockLine::read(&saved)
        .and_then(|line| line.with_context(|| format!("{} is not there: the unit never started well", saved.shown())));
    let configured = config.and_then(|config| configured::lock_line(&config.door));
    let mut lines = Vec::new();
    let mut unknown = Vec::new();
    for said in [saved, configured] {
        match said {
            Ok(line) if lines.contains(&line) => {}
            Ok(line) => lines.push(line),
            Err(error) => unknown.push(error),
        }
    }
    for error in &unknown {
        tracing::warn!("{}", on_one_line(error));
    }
    if lines.is_empty() {
        return Err(anyhow::anyhow!("nothing says what moves the lock: IT MAY BE UNLOCKED"))
            .help("mend the configuration and run this again, or cut the lock's supply if that locks it");
    }
    // Each of them, before the first error is told.
    let stuck: Vec<String> =
        lines.iter().filter_map(|line| line.drive_locked().err().map(|error| error.to_string())).collect();
    if !stuck.is_empty() {
        bail!("{}", stuck.join("; "));
    }
    match arguments.json {
        true => print_json(&Locked { locked: lines })?,
        false => lines.iter().try_for_each(|line| print(&format!("locked: {}", line.described())))?,
    }
    Ok(Answer::Yes)
}
