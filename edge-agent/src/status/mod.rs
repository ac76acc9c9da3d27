//! The status of a running unit. The unit keeps it on a board and serves it on a socket; commands query the socket.

mod access;
mod board;
mod histogram;
mod log;
mod peripherals;
mod prometheus;
mod records;
mod report;
mod request;
mod server;
mod statement;
mod temperatures;
mod words;

pub(crate) use access::AccessReport;
pub(crate) use board::Board;
pub(crate) use log::ReportedLog;
pub(crate) use peripherals::PeripheralsReport;
pub(crate) use records::Clients;
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

/// Timeout of a status query. A unit that does not answer within it is stuck.
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BYTES: u64 = 1 << 20;

/// The output format of a report.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'a> {
    Words(&'a Wording),
    Json,
    Prometheus,
}

/// Formats the report, without a line feed at the end.
///
/// # Errors
/// If the report cannot be written as JSON.
pub(crate) fn shown(report: &Report, form: Form<'_>) -> anyhow::Result<String> {
    Ok(match form {
        Form::Words(wording) => words::in_words(report, wording),
        Form::Json => to_json(report)?,
        Form::Prometheus => prometheus::text(report).trim_end().to_owned(),
    })
}

/// Queries the unit that listens on a socket.
///
/// # Errors
/// If no unit answers.
pub(crate) fn ask(socket: &Path) -> anyhow::Result<Report> {
    let shown = socket.shown();
    let answer = exchange(socket)
        .with_context(|| format!("no unit answers on {shown}"))
        .help("check that it is running (`systemctl status edge-agent`) and that you are root or in its group")?;
    let Ok(report) = serde_json::from_slice(&answer) else {
        bail!("the unit on {shown} sent a report that this program cannot read; it may run another version")
    };
    Ok(report)
}

fn exchange(socket: &Path) -> std::io::Result<Vec<u8>> {
    let mut unit = UnixStream::connect(socket)?;
    unit.set_read_timeout(Some(TIMEOUT))?;
    unit.set_write_timeout(Some(TIMEOUT))?;
    unit.write_all(request::REPORT)?;
    let mut answer = Vec::new();
    unit.take(MAX_BYTES).read_to_end(&mut answer)?;
    Ok(answer)
}
