//! `ship`: sends a people database to a door unit over ssh, and waits until the unit confirms that it uses it.
//!
//! Opens one connection and runs one command, `edge-agent receive`, which takes the file and answers with a receipt. It
//! uses the system's ssh, with its keys, known hosts and prompts. The unit's answer is bounded in size and time.

mod on_the_unit;

use crate::args::Ship;
use crate::database_files;
use anyhow::{Context, Result, anyhow, bail};
use files::read_bounded;
use fleet::ssh::{Host, SshError, TO_CONNECT};
use on_the_unit::{on_the_unit, permission_help};
use serde::Serialize;
use shared::delivery::{Announcement, MAX_RECEIPT_BYTES, Outcome, Receipt};
use shared::gallery::{DatabaseDigest, MAX_DATABASE_BYTES};
use std::time::{Duration, Instant};
use terminal::{Answer, Help, ShowPath, Verbosity, counted, print, print_json};

/// The slowest supported line, in bytes a second.
const SLOWEST_LINE: u64 = 16 << 10;
/// Time that the unit may wait for another delivery to finish, before its own wait begins.
const FOR_OTHERS: Duration = Duration::from_secs(65);

/// The outcome of shipping.
#[derive(Debug, Serialize)]
pub(crate) struct Shipped {
    host: String,
    /// Sequence number of the shipped database.
    sequence: u64,
    /// SHA-256 of its file, in hexadecimal.
    digest: DatabaseDigest,
    people: u32,
    encodings: u32,
    /// Whether the unit confirms that it uses the database.
    pub(crate) running: bool,
    /// The reason why not, as the unit gives it.
    refused: Option<String>,
    /// Seconds from the start to the unit's answer.
    seconds: f64,
}

/// Ships and waits. Yes if the unit uses the database.
///
/// # Errors
/// If the file is not a database, or could not be handed over; the message gives the cause.
pub(crate) fn run(arguments: &Ship, verbosity: Verbosity) -> Result<Answer> {
    verbosity.note(&format!("shipping {} to {}", arguments.db.shown(), arguments.host));
    if arguments.remote_db.is_some() {
        verbosity.note("--remote-db is ignored: the unit's configuration gives the path of its database");
    }
    let shipped = send(arguments)?;
    match arguments.json {
        true => print_json(&shipped)?,
        false => print(&in_words(&shipped))?,
    }
    Ok(Answer::yes_if(shipped.running))
}

/// Ships and waits.
///
/// # Errors
/// If the file is not a database, or could not be handed over; the message gives the cause.
pub(crate) fn send(arguments: &Ship) -> Result<Shipped> {
    let header = database_files::read_outside(&arguments.db)?.header;
    let bytes = read_bounded(&arguments.db, MAX_DATABASE_BYTES)?;
    let (digest, length) = (DatabaseDigest::from_file(&bytes), bytes.len() as u64);
    let announcement = Announcement { length, digest, wait_seconds: arguments.wait };
    let limit = TO_CONNECT
        + Duration::from_secs(length / SLOWEST_LINE)
        + FOR_OTHERS
        + Duration::from_secs(u64::from(arguments.wait));
    let started = Instant::now();
    let input = [announcement.to_string().into_bytes(), bytes].concat();
    let said = host(arguments).run(&on_the_unit(arguments), input, MAX_RECEIPT_BYTES, limit);
    let said = said.or_else(|error| failed(arguments, error))?;
    let receipt = serde_json::from_slice::<Receipt>(&said.stdout);
    let receipt = receipt.or_else(|_| failed(arguments, SshError::from_said(&said)))?;
    let refused = refusal(&receipt, &arguments.host, arguments.sudo)?;
    if receipt.digest != Some(digest) {
        bail!("{}: the receipt is for another database; somebody may be intercepting the connection", arguments.host);
    }
    Ok(Shipped {
        host: arguments.host.clone(),
        sequence: header.sequence,
        digest,
        people: header.people,
        encodings: header.encodings,
        running: refused.is_none(),
        refused,
        seconds: started.elapsed().as_secs_f64(),
    })
}

fn failed<T>(arguments: &Ship, error: SshError) -> Result<T> {
    let help = error.help(permission_help(arguments.sudo));
    Err(error).with_context(|| format!("ssh to {}", arguments.host)).help(help)
}

fn host(arguments: &Ship) -> Host {
    Host {
        destination: arguments.host.clone(),
        port: arguments.port,
        identity: arguments.identity.clone(),
        options: arguments.ssh_options.clone(),
    }
}

/// The reason why the unit does not use the database; `None` if it does.
///
/// # Errors
/// If the database was not handed over.
fn refusal(receipt: &Receipt, host: &str, sudo: bool) -> Result<Option<String>> {
    let reason = receipt.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
    let not_handed_over = |what: &str, help: &str| Err(anyhow!("{what} on {host}: {reason}")).help(help);
    match receipt.outcome {
        Outcome::Running => Ok(None),
        Outcome::Refused | Outcome::NoVerdict => Ok(Some(reason)),
        Outcome::BadInput => {
            not_handed_over("the database did not arrive whole", "the connection may be bad: try again")
        }
        Outcome::NotPermitted => not_handed_over("this user may not hand over a database", permission_help(sudo)),
        Outcome::Configuration => not_handed_over("the unit's configuration cannot be read", permission_help(sudo)),
        Outcome::Busy => not_handed_over(
            "another database is being handed over",
            "wait until that is done, and check `edge-agent status` on the unit",
        ),
        _ => not_handed_over(
            "the database cannot be written",
            "make room on the unit's disk, or check whether it is read-only",
        ),
    }
}

/// The outcome, with what was shipped.
pub(crate) fn in_words(shipped: &Shipped) -> String {
    let Shipped { host, sequence, digest, people, encodings, refused, seconds, .. } = shipped;
    let what = format!(
        "sequence {sequence}, {}, {}, SHA-256 {digest}",
        counted(*people, "person"),
        counted(*encodings, "encoding")
    );
    match refused {
        None => format!("{host} uses the database after {seconds:.1} s: {what}"),
        Some(reason) => format!("{host} does NOT use the database and keeps the previous one: {reason}\n{what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_an_answer_and_a_failed_delivery_is_an_error() {
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
