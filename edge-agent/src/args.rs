//! The command line. Values are checked here; what they refer to is opened by the commands.

use crate::examples;
use crate::status::Form;
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use shared::card::CardNumber;
use std::path::PathBuf;
use terminal::Verbosity;

/// The door unit: lets in the people that a camera recognises.
///
/// Exit codes: 0 yes, 1 no, 2 error. Distances are L2 distances between encodings, 0 (same) to 2 (opposite): smaller
/// is more alike.
#[derive(Debug, Parser)]
#[command(name = "edge-agent", version, propagate_version = true, after_long_help = examples::PROGRAM)]
pub struct Arguments {
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Run),
    Check(Check),
    Status(Status),
    Doctor(Doctor),
    Lock(Lock),
    Rollback(Rollback),
    Simulate(Simulate),
    Receive(crate::receive::Receive),
    #[command(subcommand)]
    Lockout(crate::lockout::LockoutCommand),
    Keygen(crate::keygen::Keygen),
    Audit(crate::audit::Audit),
    Forget(crate::forget::Forget),
    Replay(crate::replay::Replay),
}

/// Run the unit: look through the camera, decide, and move the lock, until a signal ends it.
///
/// The door is locked before anything else, and first of all when a signal comes. A camera that is lost does not end the unit: the door stays
/// locked, and the camera is tried again.
///
/// Exit codes: 0 if it was told to end, 2 if it could not start.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
}

/// Ask a running unit how it is: door, camera, last decisions, rates, how long the stages take, temperatures.
///
/// Exit codes: 0 if it looks at people as it should, 1 if not (no camera, a loop that stands still, nothing can be
/// recorded, networks that failed their self-test, the previous database because the current one cannot be used), 2 if
/// no unit answers.
#[derive(Debug, Args)]
#[command(after_long_help = examples::STATUS)]
pub(crate) struct Status {
    /// The configuration, which says where the unit answers
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Where the unit answers, instead of where the configuration says
    #[arg(long, value_name = "SOCKET")]
    pub(crate) socket: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Print Prometheus's text format
    #[arg(long, conflicts_with = "json")]
    pub(crate) prometheus: bool,
}

impl Status {
    pub(crate) fn form(&self) -> Form {
        match (self.json, self.prometheus) {
            (true, _) => Form::Json,
            (_, true) => Form::Prometheus,
            _ => Form::Words,
        }
    }
}

/// Examine this computer: cameras, a picture and a face in it, clock, storage, power; each finding with its remedy.
///
/// Moves no lock. The camera must be free: stop a unit that uses it first.
///
/// Exit codes: 0 if nothing is wrong, 1 if something is, 2 on any other error.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The configuration; without that file, the defaults
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

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

/// Go back to the people database that was used before, although its sequence number is lower.
///
/// A running unit uses it between two frames; otherwise it is used at the next start. Running it twice restores the newer
/// database.
///
/// Exit codes: 0 if it is used, 1 if it is refused (it is damaged, or of another model), 2 on any other error.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Read configuration, model and database, and say whether a unit could run with them. Opens no door and no camera.
///
/// Exit codes: 0 if it could, 2 if not.
#[derive(Debug, Args)]
#[command(after_long_help = examples::CHECK)]
pub(crate) struct Check {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// The people database, instead of the configured one
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// The unit's config.txt, which the firmware reads; /boot/firmware/config.txt, if it is not said
    #[arg(long, value_name = "FILE")]
    pub(crate) boot_config: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Let the unit decide about frames from files, with a door that is only written down.
///
/// Each file is one approach: it is shown again and again until somebody is let in or the time for a consensus is
/// over, and then the door has time to lock. Time is that of the simulation and costs nothing, unless --real-time is
/// given.
///
/// Exit codes: 0 if somebody was let in, 1 if nobody was, 2 if a file cannot be read or on any other error.
#[derive(Debug, Args)]
#[command(after_long_help = examples::SIMULATE)]
pub(crate) struct Simulate {
    /// A photo, or a folder whose photos are shown in the order of their names
    #[arg(long, value_name = "DIR_OR_FILE")]
    pub(crate) frames: PathBuf,
    /// The people database
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// The configuration; without one, the defaults
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder of a model bundle, instead of the one configured or compiled in; once for each kind
    #[arg(long = "model", value_name = "DIR")]
    pub(crate) models: Vec<PathBuf>,
    /// A card that is presented at the beginning of each approach, or of the sequence: 8108654, 123:47726 or 0x7bba6e
    #[arg(long, value_name = "NUMBER")]
    pub(crate) card: Option<CardNumber>,
    /// The files are frames that follow each other, each shown once
    #[arg(long, help_heading = "Time and order")]
    pub(crate) sequence: bool,
    /// Frames a second
    #[arg(long, help_heading = "Time and order", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=240))]
    pub(crate) fps: u16,
    /// When the simulation begins, such as 2027-01-31T18:00:00Z; now, if it is not said
    #[arg(long, help_heading = "Time and order", value_name = "TIME", conflicts_with = "real_time")]
    pub(crate) start: Option<Timestamp>,
    /// Show frames at their pace, and keep the door unlocked for as long as a real one
    #[arg(long, help_heading = "Time and order")]
    pub(crate) real_time: bool,
    /// Append to this audit log; without it, the record is forgotten at the end
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
    /// Print one JSON object for each frame
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_accepted() {
        for (line, refusal) in [
            ("check", None),
            ("run", None),
            ("run --config a.toml", None),
            ("run a.toml", Some(ErrorKind::UnknownArgument)),
            ("status --socket a.sock --prometheus", None),
            ("status --json --prometheus", Some(ErrorKind::ArgumentConflict)),
            ("doctor --config a.toml --json", None),
            ("lock --state last.toml --json", None),
            ("rollback --config a.toml --json", None),
            ("rollback people.db", Some(ErrorKind::UnknownArgument)),
            ("receive --json", None),
            ("receive people.db", Some(ErrorKind::UnknownArgument)),
            ("lockout list --json", None),
            ("lockout clear", None),
            ("lockout clear Ada --config a.toml --json", None),
            ("check --config a.toml --json", None),
            ("simulate --frames photos --db people.db", None),
            ("simulate --frames a.jpg --db people.db --fps 25 --start 2027-01-31T18:00:00Z --sequence --json -q", None),
            ("simulate --frames a.jpg", Some(ErrorKind::MissingRequiredArgument)),
            ("simulate --frames a.jpg --db b --card 123:47726", None),
            ("simulate --frames a.jpg --db b --card 300:47726", Some(ErrorKind::ValueValidation)),
            ("check --config a.toml --boot-config config.txt", None),
            ("audit verify --log a.jsonl --head a.head --key a.pub --json", None),
            ("audit show --person Ada --since 2027-01-31 --until 2027-02-01T06:00 --reason not_known", None),
            ("audit show --since yesterday", Some(ErrorKind::ValueValidation)),
            ("audit show --reason unknown", Some(ErrorKind::ValueValidation)),
            ("audit follow --last 0 --json", None),
            ("audit export", Some(ErrorKind::MissingRequiredArgument)),
            ("audit export --head-only", None),
            ("audit", Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)),
            ("keygen --config a.toml --replace --json", None),
            ("forget Ada --json", None),
            ("forget", Some(ErrorKind::MissingRequiredArgument)),
            ("replay --threshold 0.9 --since 2027-01-01 --json", None),
            ("replay", Some(ErrorKind::MissingRequiredArgument)),
            ("simulate --frames a.jpg --db b --fps 0", Some(ErrorKind::ValueValidation)),
            ("simulate --frames a.jpg --db b --start yesterday", Some(ErrorKind::ValueValidation)),
            (
                "simulate --frames a.jpg --db b --real-time --start 2027-01-31T18:00:00Z",
                Some(ErrorKind::ArgumentConflict),
            ),
        ] {
            let parsed = Arguments::try_parse_from(format!("edge-agent {line}").split(' '));
            assert_eq!(parsed.map(|_| ()).err().map(|error| error.kind()), refusal, "{line}");
        }
    }
}
