//! The command line and its verbs. Each verb's module defines its own arguments.

use super::aim::Aim;
use super::audit::Audit;
use super::check::Check;
use super::doctor::Doctor;
use super::drill::Drill;
use super::examples;
use super::face_recognition::FaceRecognitionCommand;
use super::forget::Forget;
use super::keygen::Keygen;
use super::lock::Lock;
use super::lockdown::LockdownCommand;
use super::lockout::LockoutCommand;
use super::order::Order;
use super::reader::ReaderCommand;
use super::receive::Receive;
use super::replay::Replay;
use super::rollback::Rollback;
use super::run::Run;
use super::simulate::Simulate;
use super::status::Status;
use super::test_lock::TestLock;
use clap::{Parser, Subcommand};
use terminal::Verbosity;

/// The door unit: recognises people with a camera and unlocks the door for them.
///
/// Exit codes: 0 yes, 1 no, 2 error. Distances are L2 distances between encodings, 0 (same) to 2 (opposite): smaller
/// means more alike.
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
    Drill(Drill),
    Lock(Lock),
    TestLock(TestLock),
    Aim(Aim),
    Rollback(Rollback),
    Simulate(Simulate),
    Receive(Receive),
    Order(Order),
    #[command(subcommand)]
    Lockout(LockoutCommand),
    #[command(subcommand)]
    Lockdown(LockdownCommand),
    #[command(subcommand)]
    FaceRecognition(FaceRecognitionCommand),
    Keygen(Keygen),
    #[command(subcommand)]
    Reader(ReaderCommand),
    Audit(Audit),
    Forget(Forget),
    Replay(Replay),
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
    fn accepted_and_refused_command_lines() {
        for (line, refusal) in [
            ("check", None),
            ("run", None),
            ("run --config a.toml", None),
            ("run a.toml", Some(ErrorKind::UnknownArgument)),
            ("status --socket a.sock --prometheus", None),
            ("status --json --prometheus", Some(ErrorKind::ArgumentConflict)),
            ("doctor --config a.toml --json", None),
            ("drill --people 5 --instrument print --instrument phone --attacks 3 --json", None),
            ("drill --instrument Print!", Some(ErrorKind::ValueValidation)),
            ("lock --state last.toml --json", None),
            ("rollback --config a.toml --json", None),
            ("rollback people.db", Some(ErrorKind::UnknownArgument)),
            ("receive --json", None),
            ("receive people.db", Some(ErrorKind::UnknownArgument)),
            ("order --config a.toml", None),
            ("order lockdown", Some(ErrorKind::UnknownArgument)),
            ("status --signed 00ff", None),
            ("status --signed unlock", Some(ErrorKind::ValueValidation)),
            ("status --signed 00ff --json", Some(ErrorKind::ArgumentConflict)),
            ("audit send --from 7", None),
            ("audit send", Some(ErrorKind::MissingRequiredArgument)),
            ("lockout list --json", None),
            ("lockout clear", None),
            ("lockdown on --admit wardens --json", None),
            ("lockdown off --config a.toml", None),
            ("lockdown off --admit wardens", Some(ErrorKind::UnknownArgument)),
            ("face-recognition off --json", None),
            ("face-recognition on --config a.toml", None),
            ("face-recognition", Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)),
            ("reader pair --config a.toml --new-key --json", None),
            ("reader", Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)),
            ("test-lock --yes --json", None),
            ("aim --seconds 60 --json --config a.toml", None),
            ("aim --seconds 601", Some(ErrorKind::ValueValidation)),
            ("aim --stream --json", Some(ErrorKind::ArgumentConflict)),
            ("test-lock door", Some(ErrorKind::UnknownArgument)),
            ("lockdown", Some(ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)),
            ("lockout clear Ada --config a.toml --json", None),
            ("check --config a.toml --json", None),
            ("simulate --frames photos --db people.db", None),
            ("simulate --frames a.jpg --db people.db --fps 25 --start 2027-01-31T18:00:00Z --sequence --json -q", None),
            ("simulate --frames a.jpg", Some(ErrorKind::MissingRequiredArgument)),
            ("simulate --db b", Some(ErrorKind::MissingRequiredArgument)),
            ("simulate --db b --script day.toml --json", None),
            ("simulate --db b --script day.toml --frames a.jpg", Some(ErrorKind::ArgumentConflict)),
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
            ("audit report --day", None),
            ("audit report --week 2026-11-30 --csv --log a.jsonl --log b.jsonl", None),
            ("audit report", Some(ErrorKind::MissingRequiredArgument)),
            ("audit report --day --week", Some(ErrorKind::ArgumentConflict)),
            ("audit present --at 2026-11-30T18:00 --log a.jsonl --out-log b.jsonl --json", None),
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
