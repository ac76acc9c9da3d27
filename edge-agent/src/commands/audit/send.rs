//! `audit send`: passes on the records of the running unit, for a collector that asks over ssh.

use crate::commands::relay::relay;
use crate::config::{self, Config};
use clap::Args;
use std::path::PathBuf;
use terminal::Answer;

/// Pass on the audit log of the running unit from a record on, and each new record as it is written.
///
/// `encoder-tool fleet collect` runs this on the unit over ssh. The first line says which records are kept; each further one
/// is a record.
///
/// Exit codes: 0 nobody listens any more, 2 no unit answers.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The number of the first record
    #[arg(long, value_name = "NUMBER")]
    from: u64,
    /// The configuration with the path of the unit's socket
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

/// Passes on records until somebody hangs up.
///
/// # Errors
/// If no unit answers.
pub(super) fn run(arguments: &Send) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.config)?;
    relay(&config.status.socket, &format!("records {}\n", arguments.from), usize::MAX)?;
    Ok(Answer::Yes)
}
