//! `run`: keeps the unit connected until a signal.

use crate::config::{Config, DEFAULT_PATH};
use crate::link;
use clap::Args;
use std::path::PathBuf;
use terminal::Answer;

/// Connect the unit to its broker until a signal ends it.
///
/// Exit codes: 0 when a signal ended it, 2 on an error.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
}

/// Runs until a signal.
///
/// # Errors
/// If the configuration is wrong, or another unit answers.
pub(super) fn run(arguments: &Run) -> anyhow::Result<Answer> {
    link::run(&Config::read(&arguments.config)?)?;
    Ok(Answer::Yes)
}
