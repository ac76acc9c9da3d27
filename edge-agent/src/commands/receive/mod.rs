//! `receive`: reads a people database from stdin, for instance over ssh, hands it to the unit and waits for the unit's
//! verdict.
//!
//! announcement, bytes (stdin) -> temporary file -> length and SHA-256 are right -> handed over -> verdict -> receipt
//!
//! An incomplete file is never handed over. Databases are handed over one at a time: a second one waits for the verdict
//! on the first.

mod hand_over;
mod input;
mod verdict;

pub(crate) use input::{announcement, take_in};

use crate::config::{self, Config};
use crate::folders;
use anyhow::{Context, anyhow};
use clap::Args;
use hand_over::{HandOver, NotHandedOver};
use input::Patient;
use shared::delivery::{Announcement, Outcome, Receipt};
use shared::gallery::DatabaseDigest;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use terminal::{Answer, Help, ShowPath, print, print_json};

/// Timeout for a connection without data.
const SILENCE: Duration = Duration::from_secs(30);
/// Timeout for the whole transfer.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Timeout for waiting until another database has been handed over.
const TURN: Duration = Duration::from_secs(60);

/// Take a people database from stdin, hand it to the unit, and wait until the unit uses or refuses it.
///
/// `encoder-tool ship` runs this on the unit over ssh. The first line of the input is "people-database 1", the length
/// in bytes, the SHA-256 and how many seconds to wait for the unit. An incomplete database is not handed over.
///
/// Exit codes: 0 if the unit uses it, 1 if it refuses it or does not answer, 2 if it was not handed over.
#[derive(Debug, Args)]
pub(crate) struct Receive {
    /// The configuration with the path of the unit's database
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Print one JSON object, even if the database was not handed over
    #[arg(long)]
    json: bool,
}

/// Why nothing was handed over.
struct Failed {
    outcome: Outcome,
    digest: Option<DatabaseDigest>,
    why: anyhow::Error,
}

/// Receives one database. Returns yes if the unit uses it.
///
/// # Errors
/// If it was not handed over.
pub(crate) fn run(arguments: &Receive) -> anyhow::Result<Answer> {
    match receive(arguments) {
        Ok(receipt) => {
            match arguments.json {
                true => print_json(&receipt)?,
                false => print(&in_words(&receipt))?,
            }
            Ok(Answer::yes_if(receipt.outcome == Outcome::Running))
        }
        Err(Failed { outcome, digest, why }) => {
            if arguments.json {
                let reason = Some(terminal::on_one_line(&why));
                print_json(&Receipt { outcome, reason, digest, sequence: None })?;
            }
            Err(why)
        }
    }
}

fn receive(arguments: &Receive) -> Result<Receipt, Failed> {
    let of_configuration = |why| Failed { outcome: Outcome::Configuration, digest: None, why };
    let config = Config::read(&arguments.config).map_err(of_configuration)?;
    folders::step_down(&folders::written(&config)).map_err(|error| of_configuration(error.into()))?;
    let stdin = io::stdin();
    let mut input = Patient::new(&stdin, SILENCE, Instant::now() + LONGEST);
    let bad_input = |digest, error: io::Error| {
        let why = Err::<(), _>(error).context("the database did not arrive completely, and nothing was handed over");
        Failed { outcome: Outcome::BadInput, digest, why: why.help(AGAIN).err().unwrap_or_else(|| anyhow!(AGAIN)) }
    };
    let announced = announcement(&mut input).map_err(|error| bad_input(None, error))?;
    let Announcement { digest, wait_seconds, .. } = announced;
    let staged = HandOver::stage(&config.database.path, |file| take_in(&mut input, &announced, file));
    let staged = staged.map_err(|not| failed(not, digest, bad_input))?;
    let turn = staged.take_turn(TURN).map_err(|not| failed(not, digest, bad_input))?;
    let before = verdict::before(&config.status.socket);
    turn.hand_over().map_err(|not| failed(not, digest, bad_input))?;
    Ok(verdict::wait(&config.status.socket, digest, before, Duration::from_secs(u64::from(wait_seconds))))
}

const AGAIN: &str = "send it again with `encoder-tool ship`, which announces its length and SHA-256";

fn failed(
    not: NotHandedOver,
    digest: DatabaseDigest,
    bad_input: impl FnOnce(Option<DatabaseDigest>, io::Error) -> Failed,
) -> Failed {
    let digest = Some(digest);
    match not {
        NotHandedOver::Input(error) => bad_input(digest, error),
        NotHandedOver::Busy => {
            let why = anyhow!("another database is being handed over, and the unit has not checked it yet");
            Failed { outcome: Outcome::Busy, digest, why }
        }
        NotHandedOver::System { file, error } => {
            let is_permission = error.kind() == ErrorKind::PermissionDenied;
            let outcome = if is_permission { Outcome::NotPermitted } else { Outcome::Disk };
            let help = match is_permission {
                true => "run this as the unit's user or as root: `sudo -u edge-agent edge-agent receive`",
                false => "free some space, and check that the disk is not mounted read-only",
            };
            let why = Err::<(), _>(error).with_context(|| format!("{} cannot be written", file.shown())).help(help);
            Failed { outcome, digest, why: why.err().unwrap_or_else(|| anyhow!("not written")) }
        }
    }
}

fn in_words(receipt: &Receipt) -> String {
    let digest = receipt.digest.map_or_else(String::new, |digest| format!("SHA-256 {digest}"));
    let reason = receipt.reason.as_deref().unwrap_or("no reason given");
    match (receipt.outcome, receipt.sequence) {
        (Outcome::Running, Some(sequence)) => format!("the unit uses it: sequence {sequence}, {digest}"),
        (Outcome::Running, None) => format!("the unit uses it: {digest}"),
        (Outcome::Refused, _) => {
            format!("the unit does NOT use it, and keeps its current database: {reason}\n{digest}")
        }
        _ => format!("handed over, and NOT used yet: {reason}\n{digest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let digest = DatabaseDigest([0xab; 32]);
        let receipt = |outcome, reason: Option<&str>| Receipt {
            outcome,
            reason: reason.map(str::to_owned),
            digest: Some(digest),
            sequence: Some(7),
        };
        for (receipt, expected) in [
            (receipt(Outcome::Running, None), "the unit uses it: sequence 7, SHA-256 abab"),
            (
                receipt(Outcome::Refused, Some("too old")),
                "NOT use it, and keeps its current database: too old\nSHA-256",
            ),
            (receipt(Outcome::NoVerdict, Some("no unit runs")), "NOT used yet: no unit runs"),
        ] {
            let words = in_words(&receipt);
            assert!(words.contains(expected), "{words}");
        }
    }
}
