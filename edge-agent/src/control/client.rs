//! Asking a unit that runs.

use super::request::{Reply, Request};
use anyhow::{Context, anyhow, bail};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use terminal::{Help, ShowPath};

/// Longer than the unit itself waits.
const PATIENCE: Duration = Duration::from_secs(65);
const MAX_BYTES: u64 = 1 << 20;

/// A unit that runs, and hears requests there; `None` if there is none.
///
/// # Errors
/// If there may be one which this user cannot ask.
pub(crate) fn unit_at(control: &Path, status: &Path) -> anyhow::Result<Option<UnixStream>> {
    match UnixStream::connect(control) {
        Ok(unit) => Ok(Some(unit)),
        Err(error) if is_nobody(&error) && nobody_answers(status) => Ok(None),
        Err(error) => Err(error)
            .with_context(|| format!("a unit may run, and cannot be asked on {}", control.shown()))
            .help("root may ask, and the unit's own user: try with sudo; a unit of an older version has to be stopped first"),
    }
}

fn nobody_answers(status: &Path) -> bool {
    UnixStream::connect(status).is_err_and(|error| is_nobody(&error))
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

/// Asks, and waits for what comes of it.
///
/// # Errors
/// If the unit hangs up, takes too long, or says what is not understood.
pub(crate) fn ask(mut unit: UnixStream, request: &Request) -> anyhow::Result<Reply> {
    let mut exchange = || -> io::Result<Vec<u8>> {
        unit.set_read_timeout(Some(PATIENCE))?;
        unit.set_write_timeout(Some(PATIENCE))?;
        let line = request.to_line()?;
        unit.write_all(line.as_bytes())?;
        let mut answer = Vec::new();
        Read::by_ref(&mut unit).take(MAX_BYTES).read_to_end(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().context("the unit does not answer on its control socket").help(
        "`edge-agent status` says how it is; it may have done what was asked, which the audit log says as well",
    )?;
    match serde_json::from_slice(&answer) {
        Ok(reply) => Ok(reply),
        Err(_) if answer.is_empty() => Err(anyhow!("the unit hung up without an answer")),
        Err(_) => bail!("the unit says what this program does not understand: is it of another version?"),
    }
}
