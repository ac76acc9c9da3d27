//! `ship`: a people database to a door unit over ssh, and the unit's own word that it uses it.
//!
//! One connection with one command, `edge-agent receive`, which takes the file and answers with a receipt. ssh itself is the
//! system's: its keys, its known hosts, its questions. Whatever the unit answers is bounded in size and time.

mod exchange;
mod ssh;

use crate::args::Ship;
use crate::database;
use anyhow::{Context, Result, anyhow, bail};
use exchange::exchange;
use files::read_bounded;
use serde::Serialize;
use shared::delivery::{Announcement, Outcome, Receipt};
use shared::gallery::{DatabaseDigest, MAX_DATABASE_BYTES};
use std::time::{Duration, Instant};
use terminal::{Answer, Help, ShowPath, Verbosity, counted, print, print_json};

/// To connect, and to answer ssh's questions.
const TO_CONNECT: Duration = Duration::from_secs(60);
/// The slowest line that a database is sent over, bytes a second.
const SLOWEST_LINE: u64 = 16 << 10;
/// The unit waits for others to be done before its own wait begins.
const FOR_OTHERS: Duration = Duration::from_secs(65);

/// The outcome of shipping.
#[derive(Debug, Serialize)]
struct Shipped {
    host: String,
    /// Of the database that was shipped.
    sequence: u64,
    /// SHA-256 of its file, in hexadecimal.
    digest: DatabaseDigest,
    people: u32,
    encodings: u32,
    /// Whether the unit says that it runs it.
    running: bool,
    /// Why not, in the unit's words.
    refused: Option<String>,
    /// From the beginning to the unit's answer.
    seconds: f64,
}

/// Ships and waits. Yes if the unit runs the database.
///
/// # Errors
/// If the file is not a database, or it could not be handed over: the message says what was in the way.
pub(crate) fn run(arguments: &Ship, verbosity: Verbosity) -> Result<Answer> {
    let header = database::read_outside(&arguments.db)?.header;
    let bytes = read_bounded(&arguments.db, MAX_DATABASE_BYTES)?;
    let (digest, length) = (DatabaseDigest::from_file(&bytes), bytes.len() as u64);
    verbosity.note(&format!("{}: shipping {length} bytes to {}", arguments.db.shown(), arguments.host));
    if arguments.remote_db.is_some() {
        verbosity.note("--remote-db is not needed any more: the unit's configuration says where its database lies");
    }
    let announcement = Announcement { length, digest, wait_seconds: arguments.wait };
    let limit = TO_CONNECT
        + Duration::from_secs(length / SLOWEST_LINE)
        + FOR_OTHERS
        + Duration::from_secs(u64::from(arguments.wait));
    let started = Instant::now();
    let said = exchange(ssh::command(arguments), [announcement.to_string().into_bytes(), bytes].concat(), limit)
        .with_context(|| format!("ssh to {}", arguments.host))?;
    let Ok(receipt) = serde_json::from_slice::<Receipt>(&said.stdout) else {
        return Err(ssh::failure(&arguments.host, &said, arguments.sudo));
    };
    let refused = refusal(&receipt, &arguments.host, arguments.sudo)?;
    if receipt.digest != Some(digest) {
        bail!("{} answered about another database: is somebody in between?", arguments.host);
    }
    let shipped = Shipped {
        host: arguments.host.clone(),
        sequence: header.sequence,
        digest,
        people: header.people,
        encodings: header.encodings,
        running: refused.is_none(),
        refused,
        seconds: started.elapsed().as_secs_f64(),
    };
    match arguments.json {
        true => print_json(&shipped)?,
        false => print(&in_words(&shipped))?,
    }
    Ok(Answer::yes_if(shipped.running))
}

/// Why the unit does not run it; `None` if it does.
///
/// # Errors
/// If it was not handed over.
fn refusal(receipt: &Receipt, host: &str, sudo: bool) -> Result<Option<String>> {
    let reason = receipt.reason.clone().unwrap_or_else(|| "it does not say why".to_owned());
    let not_handed_over = |what: &str, help: &str| Err(anyhow!("{what} on {host}: {reason}")).help(help);
    match receipt.outcome {
        Outcome::Running => Ok(None),
        Outcome::Refused | Outcome::NoVerdict => Ok(Some(reason)),
        Outcome::BadInput => not_handed_over("the database did not arrive whole", "the line is bad: try again"),
        Outcome::NotPermitted => not_handed_over("this user may not hand over a database", ssh::permission_help(sudo)),
        Outcome::Configuration => {
            not_handed_over("the unit's configuration cannot be read", ssh::permission_help(sudo))
        }
        Outcome::Busy => not_handed_over(
            "another database is being handed over",
            "wait until the other one is done, and see `edge-agent status` there",
        ),
        _ => not_handed_over(
            "the database cannot be written",
            "make room on the unit's disk, or see whether it is read-only",
        ),
    }
}

fn in_words(shipped: &Shipped) -> String {
    let Shipped { host, sequence, digest, people, encodings, refused, seconds, .. } = shipped;
    let what = format!(
        "sequence {sequence}, {}, {}, SHA-256 {digest}",
        counted(*people, "person"),
        counted(*encodings, "encoding")
    );
    match refused {
        None => format!("{host} runs it after {seconds:.1} s: {what}"),
        Some(reason) => format!("{host} does NOT run it, and goes on with what it had: {reason}\n{what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_an_answer_and_a_failed_transfer_an_error() {
        let digest = Some(DatabaseDigest([1; 32]));
        let receipt = |outcome| Receipt { outcome, reason: Some("too old".to_owned()), digest, sequence: None };
        let of = |outcome| refusal(&receipt(outcome), "door", false);
        assert_eq!(of(Outcome::Running).unwrap(), None);
        assert_eq!(of(Outcome::Refused).unwrap().as_deref(), Some("too old"));
        assert_eq!(of(Outcome::NoVerdict).unwrap().as_deref(), Some("too old"));
        for (outcome, expected) in [
            (Outcome::BadInput, "did not arrive whole on door: too old"),
            (Outcome::NotPermitted, "this user may not"),
            (Outcome::Configuration, "configuration"),
            (Outcome::Busy, "another database"),
            (Outcome::Disk, "cannot be written"),
        ] {
            let error = of(outcome).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
