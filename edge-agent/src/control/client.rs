//! The client: sends a request to a running unit.

use super::request::{Reply, Request};
use anyhow::{Context, anyhow, bail};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use terminal::{Help, ShowPath};

/// Longer than the unit waits for its loop.
const PATIENCE: Duration = Duration::from_secs(65);
const MAX_BYTES: u64 = 1 << 20;

/// Connects to a running unit; `None` if no unit runs.
///
/// # Errors
/// If a unit may run but this user cannot reach it.
pub(crate) fn unit_at(control: &Path, status: &Path) -> anyhow::Result<Option<UnixStream>> {
    match UnixStream::connect(control) {
        Ok(unit) => Ok(Some(unit)),
        Err(error) if is_nobody(&error) && nobody_answers(status) => Ok(None),
        Err(error) => Err(error)
            .with_context(|| format!("a unit may be running, and cannot be reached on {}", control.shown()))
            .help("only root and the unit's own user may ask: try with sudo; stop a unit of an older version first"),
    }
}

fn nobody_answers(status: &Path) -> bool {
    UnixStream::connect(status).is_err_and(|error| is_nobody(&error))
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

/// Sends a request and waits for the reply.
///
/// # Errors
/// If the unit closes the connection, takes too long, or sends something that is not a reply.
pub(crate) fn ask(unit: UnixStream, request: &Request) -> anyhow::Result<Reply> {
    follow(unit, request).map(|(reply, _)| reply)
}

/// The same, and what follows the reply.
///
/// # Errors
/// As for [`ask`].
pub(crate) fn follow(mut unit: UnixStream, request: &Request) -> anyhow::Result<(Reply, BufReader<UnixStream>)> {
    let exchange = || -> io::Result<_> {
        unit.set_read_timeout(Some(PATIENCE))?;
        unit.set_write_timeout(Some(PATIENCE))?;
        let line = request.to_line()?;
        unit.write_all(line.as_bytes())?;
        let (mut rest, mut answer) = (BufReader::new(unit), Vec::new());
        Read::by_ref(&mut rest).take(MAX_BYTES).read_until(b'\n', &mut answer)?;
        Ok((answer, rest))
    };
    let (answer, rest) = exchange().context("the unit does not answer on its control socket").help(
        "check with `edge-agent status`; the request may have been carried out, and the audit log shows whether it was",
    )?;
    match serde_json::from_slice(&answer) {
        Ok(reply) => Ok((reply, rest)),
        Err(_) if answer.is_empty() => Err(anyhow!("the unit closed the connection without a reply")),
        Err(_) => bail!("the reply of the unit is not understood: does the unit run another version?"),
    }
}
