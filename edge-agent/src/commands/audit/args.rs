//! The command lines of `audit`.

use crate::commands::moment::Moment;
use crate::config::{self, Config};
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use policy::Reason;
use std::path::PathBuf;
use terminal::Help;

/// Read the audit log: who was let in, who was not and why; and whether it is the log that was written.
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
    Export(Export),
}

/// Which log is meant.
#[derive(Debug, Args)]
pub(crate) struct Where {
    /// The current file of the log; older ones are found beside it. Without it, the configured one
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
}

/// Which records are meant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which records")]
pub(crate) struct Filters {
    /// Only records of this person: an id, or a name that is known here
    #[arg(long, value_name = "ID_OR_NAME")]
    pub(super) person: Option<String>,
    /// Only records from this time on: 2027-01-31, 2027-01-31T18:00 (here) or 2027-01-31T18:00:00Z
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub(super) since: Option<Moment>,
    /// Only records before this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub(super) until: Option<Moment>,
    /// Only records of today
    #[arg(long, conflicts_with_all = ["since", "until"])]
    pub(super) today: bool,
    /// Only records of people who were let in
    #[arg(long, conflicts_with = "reason")]
    pub(super) grants: bool,
    /// Only refusals for this reason, such as not_known
    #[arg(long, value_name = "CODE", value_parser = parse_reason)]
    pub(super) reason: Option<Reason>,
    /// Take names from this people database, instead of from beside the log
    #[arg(long, value_name = "DB")]
    pub(super) names: Option<PathBuf>,
}

/// Check that the log is whole: each line follows from the one before, over all files.
///
/// A line that was changed, removed or put in is named with file, line and byte. A tail that was cut off, or a log that
/// was replaced as a whole, shows only against a head that was kept elsewhere (`audit export`), or against the
/// unit's public key.
///
/// Exit codes: 0 if it is whole, 1 if not, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) place: Where,
    /// A head that was kept elsewhere
    #[arg(long, value_name = "FILE")]
    pub(super) head: Option<PathBuf>,
    /// The unit's public key: what is signed must be signed by it
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
/// Exit codes: 0 if there is one, 1 if there is none, 2 if something cannot be read.
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

/// Show the last records, and each new one as it is written, until it is interrupted.
///
/// Exit codes: 0 if it was interrupted, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(super) struct Follow {
    #[command(flatten)]
    pub(super) place: Where,
    #[command(flatten)]
    pub(super) filters: Filters,
    /// How many records that are there already are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) last: usize,
    /// Print one JSON object for each record
    #[arg(long)]
    pub(super) json: bool,
}

/// Write all files of the log into one, with a head that is signed by this unit, to be kept elsewhere.
///
/// A log with a fault is not signed.
///
/// Exit codes: 0 if it was written, 1 if the log has a fault, 2 on any other error.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    pub(super) place: Where,
    /// The file to write; the head goes beside it, with .head behind the name
    #[arg(long, short, value_name = "FILE", required_unless_present = "head_only")]
    pub(super) output: Option<PathBuf>,
    /// Write no log, and print the head
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
    /// If none is named and the configuration cannot be read.
    pub(crate) fn log(&self) -> anyhow::Result<PathBuf> {
        match &self.log {
            Some(path) => Ok(path.clone()),
            None => Ok(Config::read(&self.config).help("name a log with --log FILE")?.audit.path),
        }
    }

    /// The time zone of the unit, or of this computer where its configuration cannot be read.
    pub(super) fn zone(&self) -> TimeZone {
        let config = Config::read(&self.config).unwrap_or_default();
        config.clock.zone().unwrap_or_else(|_| TimeZone::system())
    }

    /// The key that opens databases of this unit, as configured.
    pub(super) fn identity(&self) -> PathBuf {
        Config::read(&self.config).unwrap_or_default().database.identity
    }
}

fn parse_reason(text: &str) -> Result<Reason, String> {
    Reason::from_code(text).ok_or_else(|| {
        let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        format!("the reasons are {}", codes.join(", "))
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
