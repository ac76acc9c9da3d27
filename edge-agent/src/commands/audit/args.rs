//! The command lines of `audit`.

use super::present::Present;
use super::report::Report;
use super::send::Send;
use crate::commands::moment::Moment;
use crate::config::{self, Config};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use policy::Reason;
use std::path::PathBuf;
use terminal::Help;

/// Read the audit log: who was let in, who was refused and why; verify and export it.
#[derive(Debug, Args)]
#[command(after_long_help = crate::commands::examples::AUDIT)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Verify(Verify),
    Show(Show),
    Follow(Follow),
    Report(Report),
    Present(Present),
    Export(Export),
    Send(Send),
}

/// Options that select the log.
#[derive(Debug, Args)]
pub(crate) struct Where {
    /// The current file of the log, instead of the configured one; older files are found in the same folder
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
}

/// Options that select records.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which records")]
pub(crate) struct Filters {
    /// Only records of this person: an id, or a name stored beside the log
    #[arg(long, value_name = "ID_OR_NAME")]
    pub(super) person: Option<String>,
    /// Only records from this time on: 2027-01-31, 2027-01-31T18:00 (local time) or 2027-01-31T18:00:00Z
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub(super) since: Option<Moment>,
    /// Only records before this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub(super) until: Option<Moment>,
    /// Only today's records
    #[arg(long, conflicts_with_all = ["since", "until"])]
    pub(super) today: bool,
    /// Only grants
    #[arg(long, conflicts_with = "reason")]
    pub(super) grants: bool,
    /// Only refusals for this reason, such as not_known
    #[arg(long, value_name = "CODE", value_parser = parse_reason)]
    pub(super) reason: Option<Reason>,
    /// Read names from this people database, instead of the file beside the log
    #[arg(long, value_name = "DB")]
    pub(super) names: Option<PathBuf>,
}

/// Check that the log is whole: each line follows from the previous one, over all files.
///
/// Reports the file, line and byte of a line that was changed, removed or inserted. A log that was truncated or
/// replaced as a whole is detected only with a head that was stored elsewhere (`audit export`), or with the unit's
/// public key.
///
/// Exit codes: 0 if it is whole, 1 if not, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) place: Where,
    /// A head that was stored elsewhere
    #[arg(long, value_name = "FILE")]
    pub(super) head: Option<PathBuf>,
    /// The unit's public key: all signatures must be by it
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// Show records, in words and in the local time of the unit.
///
/// With `-v`, a record also shows its number, the ids of people and the runner-up.
///
/// Exit codes: 0 if there are records, 1 if there are none, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    pub(super) place: Where,
    #[command(flatten)]
    pub(super) filters: Filters,
    /// Print one JSON object for each record
    #[arg(long)]
    pub(super) json: bool,
}

/// Show the last records, then each new record as it is written, until interrupted.
///
/// Exit codes: 0 if it was interrupted, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(super) struct Follow {
    #[command(flatten)]
    pub(super) place: Where,
    #[command(flatten)]
    pub(super) filters: Filters,
    /// How many existing records to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) last: usize,
    /// Print one JSON object for each record
    #[arg(long)]
    pub(super) json: bool,
}

/// Copy the whole log into one file, with a head signed by this unit, to be stored elsewhere.
///
/// A log with a fault is not signed.
///
/// Exit codes: 0 if it was written, 1 if the log has a fault, 2 on any other error.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    pub(super) place: Where,
    /// The file to write; the head is written beside it, with .head appended to the name
    #[arg(long, short, value_name = "FILE", required_unless_present = "head_only")]
    pub(super) output: Option<PathBuf>,
    /// Print the head without copying the log
    #[arg(long, conflicts_with = "output")]
    pub(super) head_only: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

impl Where {
    /// The current file of the log.
    ///
    /// # Errors
    /// If no log is given and the configuration cannot be read.
    pub(crate) fn log(&self) -> anyhow::Result<PathBuf> {
        match &self.log {
            Some(path) => Ok(path.clone()),
            None => Ok(Config::read(&self.config).help("give a log with --log FILE")?.audit.path),
        }
    }

    /// The time zone of the unit, or of this computer if the configuration cannot be read.
    pub(super) fn zone(&self) -> TimeZone {
        let config = Config::read(&self.config).unwrap_or_default();
        config.clock.zone().unwrap_or_else(|_| TimeZone::system())
    }

    /// The path of the unit's own key, which opens databases sealed for it.
    pub(super) fn identity(&self) -> PathBuf {
        Config::read(&self.config).unwrap_or_default().database.identity
    }
}

fn parse_reason(text: &str) -> Result<Reason, String> {
    Reason::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        format!("want one of these reasons: {}", codes.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons() {
        assert_eq!(parse_reason("not_known"), Ok(Reason::NotKnown));
        assert!(parse_reason("unknown").unwrap_err().contains("not_known"));
    }
}
