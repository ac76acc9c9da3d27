//! `lock`: forces the lock to its locked level, even if the unit has crashed or its configuration is broken.

use super::configured;
use super::run::signals::EndingSignals;
use crate::config::Config;
use crate::door::LockLine;
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use terminal::{Answer, Help, ShowPath, on_one_line, print, print_json};

/// Force the lock to its locked level, even if the unit has crashed or its configuration is broken.
///
/// Drives the pin that the last successful start recorded, and the pin in the configuration.
///
/// Exit codes: 0 if it was driven, 2 if not.
#[derive(Debug, Args)]
pub(crate) struct Lock {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// The record of the last successful start, instead of the configured path
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

/// Drives the lock that the last successful start recorded, and the configured lock if that is another one.
///
/// # Errors
/// If neither names a lock, or a lock cannot be driven; the other lock is driven in any case.
pub(crate) fn run(arguments: &Lock) -> anyhow::Result<Answer> {
    // No signal ends it halfway.
    let _caught = EndingSignals::install().inspect_err(|error| tracing::warn!("{}", on_one_line(error)));
    let config = Config::read(&arguments.config);
    let saved = match (&arguments.state, &config) {
        (Some(state), _) => state.clone(),
        (None, Ok(config)) => config.door.last_lock.clone(),
        (None, Err(_)) => PathBuf::from(crate::config::DEFAULT_LAST_LOCK),
    };
    let saved = LockLine::read(&saved).and_then(|line| {
        line.with_context(|| format!("{} does not exist: the unit has never started successfully", saved.shown()))
    });
    let configured = config.and_then(|config| configured::lock_line(&config.door));
    let mut lines = Vec::new();
    let mut unknown = Vec::new();
    for line in [saved, configured] {
        match line {
            Ok(line) if lines.contains(&line) => {}
            Ok(line) => lines.push(line),
            Err(error) => unknown.push(error),
        }
    }
    for error in &unknown {
        tracing::warn!("{}", on_one_line(error));
    }
    if lines.is_empty() {
        return Err(anyhow::anyhow!(
            "neither the last start nor the configuration names a lock: THE DOOR MAY BE UNLOCKED"
        ))
        .help("repair the configuration and run this again, or disconnect the lock's power if that locks it");
    }
    // All locks are driven before an error is reported.
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
