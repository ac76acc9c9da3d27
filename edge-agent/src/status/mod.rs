//! How a running unit is. The unit writes it on a board and answers on a socket; commands ask there.

mod board;
mod histogram;
mod peripherals;
mod prometheus;
mod report;
mod server;
mod temperatures;
mod words;

pub(crate) use board::Board;
pub(crate) use peripherals::PeripheralsReport;
pub(crate) use server::{answer, serve};
pub(crate) use temperatures::temperatures;
pub(crate) use words::Wording;

use anyhow::{Context, bail};
pub(crate) use report::Report;
pub(crate) use report::SelfTest;
#[cfg(test)]
pub(crate) use report::{RefusedDatabase, sample as sample_report};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;
use terminal::{Help, ShowPath, to_json};

/// A unit that does not answer in this time is stuck.
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_BYTES: u64 = 1 << 20;

/// How a report is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'a> {
    Words(&'a Wording),
    Json,
    Prometheus,
}

/// The report in that form, without a line feed at its end.
///
/// # Errors
/// If JSON cannot hold it.
pub(crate) fn shown(report: &Report, form: Form<'_>) -> anyhow::Result<String> {
    Ok(match form {
        Form::Words(wording) => words::in_words(report, wording),
        Form::Json => to_json(report)?,
        Form::Prometheus => prometheus::text(report).trim_end().to_owned(),
    })
}

/// Asks the unit that answers there.
///
/// # Errors
/// If none does.
pub(crate) fn ask(socket: &Path) -> anyhow::Result<Report> {
    let shown = socket.shown();
    let answer = exchange(socket)
        .with_context(|| format!("no unit answers on {shown}"))
        .help("is it running (`systemctl status edge-agent`), and are you in its group or root?")?;
    let Ok(report) = serde_json::from_slice(&answer) else {
        bail!("the unit on {shown} says what this program does not understand: is it of another version?")
    };
    Ok(report)
}

fn exchange(socket: &Path) -> std::io::Result<Vec<u8>> {
    let mut unit = UnixStream::connect(socket)?;
    unit.set_read_timeout(Some(PATIENCE))?;
    unit.set_write_timeout(Some(PATIENCE))?;
    unit.write_all(server::REQUEST)?;
    let mut answer = Vec::new();
    unit.take(MAX_BYTES).read_to_end(&mut answer)?;
    Ok(answer)
}
