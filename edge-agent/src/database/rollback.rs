//! `rollback`: back to the people database before, because somebody asks for it by name.
//!
//! A running unit is asked by a file beside its databases, and is the only one that moves them. Where no unit runs, it is
//! done here.

use super::{Judge, Trust};
use crate::args::Rollback;
use crate::audit_log::AuditLog;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::run::{parts, people};
use crate::status::{Report, ask};
use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use shared::audit::Event;
use shared::gallery::{DatabaseDigest, DatabaseFile};
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use terminal::{Answer, Help, print, print_json, read_bounded};

/// A unit that has not answered after this time has other troubles.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// What came of it.
#[derive(Debug, Serialize)]
struct Outcome {
    /// Of the database that was asked for, the previous one.
    sequence: u64,
    digest: DatabaseDigest,
    people: u32,
    /// Whether it is used, or will be when the unit starts.
    used: bool,
    /// Whether a unit runs.
    unit_runs: bool,
    /// Why it is not used.
    refused: Option<String>,
}

/// Goes back. Yes if the previous database is used now.
///
/// # Errors
/// If there is no previous one, or the unit does not answer any more.
pub(crate) fn run(arguments: &Rollback) -> anyhow::Result<Answer> {
    let config = Config::read(&arguments.config)?;
    let previous = beside(&config.database.path, "previous");
    let bytes = read_bounded(&previous, super::read::MAX_BYTES)
        .help("there is something to go back to when a second database has been taken into use")?;
    // What it says without a key is enough: whether it can be opened is for the unit to find out.
    let header = *DatabaseFile::of(&bytes).with_context(|| previous.display().to_string())?.header();
    let wanted = DatabaseDigest::of(&bytes);
    let running = unit_at(&config.status.socket)?;
    let refused = match &running {
        Some(before) => ask_the_unit(&config, before, wanted)?,
        None => go_back(&config, wanted)?,
    };
    let outcome = Outcome {
        sequence: header.sequence,
        digest: wanted,
        people: header.people,
        used: refused.is_none(),
        unit_runs: running.is_some(),
        refused,
    };
    match arguments.json {
        true => print_json(&outcome)?,
        false => print(&in_words(&outcome))?,
    }
    Ok(Answer::yes_if(outcome.used))
}

fn in_words(outcome: &Outcome) -> String {
    let Outcome { sequence, people, digest, unit_runs, refused, .. } = outcome;
    let what = format!("sequence {sequence}, {people} people, SHA-256 {digest}");
    match (refused, unit_runs) {
        (Some(why), _) => format!("NOT used, and nothing has changed: {why}\n{what}"),
        (None, true) => format!("the unit uses the previous database again: {what}"),
        (None, false) => format!("no unit runs; when it starts, it uses the previous database: {what}"),
    }
}

/// What the unit says that runs with this socket; `None` if there is none.
fn unit_at(socket: &Path) -> anyhow::Result<Option<Report>> {
    match UnixStream::connect(socket) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => Ok(None),
        // One may run: it must not be done behind its back.
        _ => ask(socket).map(Some),
    }
}

/// Leaves the request, and waits for what comes of it: why not, if it is refused.
fn ask_the_unit(config: &Config, before: &Report, wanted: DatabaseDigest) -> anyhow::Result<Option<String>> {
    if before.database.digest == Some(wanted) {
        bail!("the unit uses the previous database already");
    }
    let request = beside(&config.database.path, "rollback");
    leave(&request, wanted).with_context(|| format!("{} cannot be written", request.display()))?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        thread::sleep(PAUSE);
        let database = ask(&config.status.socket)?.database;
        if database.digest == Some(wanted) {
            return Ok(None);
        }
        let refusal = database.refused.filter(|refused| refused.digest.is_none_or(|digest| digest == wanted));
        if let Some(refusal) = refusal.filter(|refusal| before.database.refused.as_ref() != Some(refusal)) {
            return Ok(Some(refusal.reason));
        }
    }
    fs::remove_file(&request).ok();
    Err(anyhow!("the unit runs, but has not gone back in {} s", PATIENCE.as_secs()))
        .help("see its messages (`journalctl -u edge-agent`): it may not be allowed to write in the folder")
}

fn leave(request: &Path, wanted: DatabaseDigest) -> io::Result<()> {
    let part = beside(request, "part");
    let mut file = File::create(&part)?;
    // It is no secret, and the unit must be able to read it.
    file.set_permissions(Permissions::from_mode(0o644))?;
    writeln!(file, "{wanted}")?;
    file.sync_all()?;
    fs::rename(part, request)
}

/// Without a unit. Why not, if it is refused.
fn go_back(config: &Config, wanted: DatabaseDigest) -> anyhow::Result<Option<String>> {
    let judge = Judge::new(parts::recogniser(&config.model)?, config, Trust::of(config)?);
    let (mut store, _) = people::open(&config.database.path, judge)?;
    match store.roll_back(wanted) {
        Ok(in_use) => {
            let now = SystemClock::start().now();
            let mut log = AuditLog::open_configured(&config.audit, &now)?;
            log.append(Event::database_returned(in_use.gallery.header().sequence, "asked_for"), &now)?;
            Ok(None)
        }
        Err(refusal) => Ok(Some(refusal.why.to_string())),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(format!(".{ending}"));
    path.into()
}
