//! The audit log as files. [`AuditLog::append`] returns after the record is on the disk.
//!
//! `policy::audit` defines the lines and their hash chain. This module manages the current file ([`AuditLog::append`])
//! and the work between records ([`AuditLog::maintain`] in `upkeep`): reserving space, signing heads, rotating full
//! files, removing old ones. `read` reads the log for commands.

#[cfg(test)]
mod crash_tests;
mod end;
mod health;
mod journal;
mod key;
#[cfg(test)]
mod kill_tests;
pub(crate) mod log_files;
pub(crate) mod names;
pub(crate) mod read;
#[cfg(test)]
pub(crate) mod sample_records;
pub(crate) mod tail;
mod upkeep;
pub(crate) mod verify;

pub use files::key_file::public_path;
pub use health::{AuditHealth, AuditReport};
pub(crate) use journal::Journal;
pub use key::{LogKey, PublicKey, SignedHead};
pub use upkeep::Upkeep;

use crate::reports::{FailureReports, Report};
use anyhow::Context;
use end::End;
use files::owner::this_user;
use files::{Folder, Storage, folder_of};
use policy::Now;
use policy::audit::{BootId, Chain, Event, Head, LineProblem, Part, Record, RecordError};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;
use terminal::{Help, ShowPath};

/// An open audit log.
pub struct AuditLog {
    storage: Box<dyn Storage>,
    file: String,
    chain: Chain,
    boot: BootId,
    /// Length of the current file in bytes of whole lines.
    length: u64,
    /// A partial line may follow.
    torn: bool,
    /// Events found when the log was opened, which are not recorded yet.
    found: VecDeque<Event>,
    health: AuditHealth,
    writing: FailureReports,
    upkeep: Upkeep,
    key: Option<LogKey>,
    state: upkeep::State,
    journal: Option<Journal>,
}

/// Why an event was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A disk operation failed.
    #[error("the audit log cannot be {attempt}: {source}")]
    Storage {
        /// The operation, as a participle.
        attempt: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The disk is full or nearly full.
    #[error("the disk is nearly full: there is space for {records} more records, after which nobody is let in")]
    NoReserve {
        /// Number of records of maximum length that still fit.
        records: u64,
    },
    /// The last line is damaged, so the chain cannot continue from it.
    #[error("the audit log cannot be continued: the last line of {file} is damaged: {problem}")]
    LastLine {
        /// The file of the line.
        file: String,
        /// The fault of the line.
        problem: LineProblem,
    },
    /// The event cannot be encoded as a record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// No random numbers are available for the boot id.
    #[error("no random numbers are available: {0}")]
    Random(#[from] getrandom::Error),
}

impl AuditLog {
    /// Opens the log at `path`, or creates it.
    ///
    /// # Errors
    /// Like [`AuditLog::open_in`], with the path and a hint for the user.
    pub fn open(path: &Path, key: Option<LogKey>, upkeep: Upkeep, now: &Now) -> anyhow::Result<Self> {
        let (folder, name) = existing_folder(path)?;
        explained(Self::open_in(Box::new(Folder::at(folder)), name, key, upkeep, now), path, name)
    }

    /// Opens the log in `storage`, or creates it. Reads only its end. A torn line after a power cut is truncated and
    /// that is recorded, now or with the next record if the disk refuses it now.
    ///
    /// # Errors
    /// [`AuditError`]
    pub fn open_in(
        mut storage: Box<dyn Storage>,
        file: &str,
        key: Option<LogKey>,
        upkeep: Upkeep,
        now: &Now,
    ) -> Result<Self, AuditError> {
        let end = end_of(storage.as_mut(), file)?;
        let head = match end.head {
            Some(head) => Some(head),
            None => head_of_older_files(storage.as_mut(), file)?,
        };
        let mut log = Self {
            storage,
            file: file.to_owned(),
            chain: head.map_or(Chain::new(), Chain::from_head),
            boot: boot_id()?,
            length: end.whole,
            torn: end.torn > 0,
            found: VecDeque::new(),
            health: AuditHealth::default(),
            writing: FailureReports::default(),
            upkeep,
            key,
            state: upkeep::State::default(),
            journal: None,
        };
        if end.torn > 0 {
            tracing::warn!("the last line of the audit log is incomplete; its {} bytes are removed", end.torn);
            log.found.push_back(Event::TornLineCut { bytes: end.torn });
        }
        log.begin_upkeep(now)?;
        log.health.recorded(log.chain.head());
        let is_tail_missing = log.found.iter().any(|event| matches!(event, Event::TailMissing { .. }));
        let recorded = log.record_found(now).and_then(|()| if is_tail_missing { log.sign(now) } else { Ok(()) });
        match recorded {
            Err(error @ AuditError::Storage { .. }) => tracing::error!("{error}; nobody is let in until that works"),
            recorded => recorded?,
        }
        Ok(log)
    }

    /// Checks that the log at `path` could be opened. Writes nothing.
    ///
    /// # Errors
    /// As [`AuditLog::open`].
    pub(crate) fn examine(path: &Path) -> anyhow::Result<()> {
        let (folder, name) = existing_folder(path)?;
        let mut storage = Folder::at(folder);
        let end = end_of(&mut storage, name);
        let end =
            end.and_then(
                |end| if end.head.is_none() { head_of_older_files(&mut storage, name).map(drop) } else { Ok(()) },
            );
        explained(end, path, name)
    }

    /// Sends each record to the journal as well, from now on.
    pub(crate) fn send_to(&mut self, journal: Journal) {
        self.journal = Some(journal);
    }

    /// The state of the log, for the status.
    pub fn health(&self) -> AuditHealth {
        self.health.clone()
    }

    /// The head: the last record.
    pub fn head(&self) -> Head {
        self.chain.head()
    }

    /// Records an event. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`AuditError`]; the event is then not recorded. Later events can be.
    pub fn append(&mut self, event: Event, now: &Now) -> Result<(), AuditError> {
        self.record_found(now)?;
        self.sign_if_overdue(now)?;
        self.append_next(event, now)
    }

    fn record_found(&mut self, now: &Now) -> Result<(), AuditError> {
        while let Some(event) = self.found.front().cloned() {
            self.sign_if_overdue(now)?;
            self.append_next(event, now)?;
            self.found.pop_front();
        }
        Ok(())
    }

    fn append_next(&mut self, event: Event, now: &Now) -> Result<(), AuditError> {
        let appended = self.append_line(event, now);
        match &appended {
            Ok(()) => {
                self.health.recorded(self.chain.head());
                self.report_recovery(now);
            }
            Err(error) => {
                self.health.failed(error);
                if let Some(report) = self.writing.failed(&error.to_string(), Duration::from_millis(now.monotonic_ms)) {
                    tracing::error!("nobody is let in: {error}{report}");
                }
            }
        }
        appended
    }

    /// After failures, queues an event that the log works again. It is written with the next record, so that nobody
    /// waits for it.
    fn report_recovery(&mut self, now: &Now) {
        let Some(report) = self.writing.succeeded(Duration::from_millis(now.monotonic_ms)) else { return };
        tracing::warn!("the audit log can be written again{report}");
        if let Report::Ended { failed_for, tries, unreported } = report {
            let failed_ms = u64::try_from(failed_for.as_millis()).unwrap_or(u64::MAX);
            self.found.push_back(Event::part_works(Part::AuditLog, None, failed_ms, tries, unreported));
        }
    }

    fn append_line(&mut self, event: Event, now: &Now) -> Result<(), AuditError> {
        self.repair()?;
        let line = self.chain.next_line(now.utc_ms, self.boot, event)?;
        let bytes = line.text().as_bytes();
        self.torn = true;
        self.storage.append(&self.file, bytes).map_err(failed_to_be("written"))?;
        self.storage.sync(&self.file).map_err(failed_to_be("synced"))?;
        self.torn = false;
        if self.length == 0 {
            self.state.file_begins(line.head().sequence, now.utc_ms);
        }
        self.length += bytes.len() as u64;
        self.state.is_recorded(now);
        let sent = self.journal.as_mut().map(|journal| (journal, line.text().to_owned()));
        line.commit();
        if let Some((journal, text)) = sent
            && let Ok(record) = Record::parse(text.trim_end().as_bytes())
        {
            journal.send(&record);
        }
        Ok(())
    }

    /// Truncates a partial line of a failed attempt.
    fn repair(&mut self) -> Result<(), AuditError> {
        if self.torn {
            match self.storage.truncate(&self.file, self.length) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.length == 0 => {}
                cut => cut.map_err(failed_to_be("repaired"))?,
            }
            self.state.reserve_is_lost();
            self.torn = false;
        }
        Ok(())
    }
}

/// Fails at the start if the folder is missing, rather than at the first record.
fn existing_folder(path: &Path) -> anyhow::Result<(&Path, &str)> {
    let (folder, name) = read::folder_and_name(path)?;
    let shown = path.shown();
    anyhow::ensure!(folder.is_dir(), "{shown} cannot be written: the folder {} does not exist", folder.shown());
    Ok((folder, name))
}

fn explained<T>(opened: Result<T, AuditError>, path: &Path, name: &str) -> anyhow::Result<T> {
    let help = match &opened {
        Err(AuditError::Storage { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => {
            chown_hint(folder_of(path))
        }
        _ => format!("move the files {name}* away to start a new log"),
    };
    opened.with_context(|| path.shown().to_string()).help(&help)
}

/// A hint for files that belong to another user.
fn chown_hint(folder: &Path) -> String {
    format!("make the unit's user the owner: `sudo chown -R {}: {}`", this_user(), folder.shown())
}

fn failed_to_be(attempt: &'static str) -> impl Fn(io::Error) -> AuditError {
    move |source| AuditError::Storage { attempt, source }
}

fn end_of(storage: &mut dyn Storage, file: &str) -> Result<End, AuditError> {
    let end = End::find(storage, file).map_err(failed_to_be("read"))?;
    end.map_err(|problem| AuditError::LastLine { file: file.to_owned(), problem })
}

/// The head of the newest rotated file.
fn head_of_older_files(storage: &mut dyn Storage, log: &str) -> Result<Option<Head>, AuditError> {
    let older = log_files::segments(storage, log).map_err(failed_to_be("read"))?;
    let Some(newest) = older.last() else { return Ok(None) };
    match end_of(storage, &newest.name)? {
        End { head: Some(head), torn: 0, .. } => Ok(Some(head)),
        _ => {
            let problem = LineProblem::Unreadable { why: "it is incomplete".to_owned() };
            Err(AuditError::LastLine { file: newest.name.clone(), problem })
        }
    }
}

/// The kernel's boot id, or a random one.
fn boot_id() -> Result<BootId, getrandom::Error> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: String = kernel.chars().filter(char::is_ascii_hexdigit).collect();
    if let Ok(id) = digits.parse() {
        return Ok(id);
    }
    let mut id = [0; 16];
    getrandom::fill(&mut id)?;
    Ok(BootId(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use files::{Memory, Operation};
    use policy::audit::verify;

    const NOW: Now = Now::new(1_800_000_000_000, 0);

    fn open(storage: &Memory) -> AuditLog {
        AuditLog::open_in(Box::new(storage.clone()), "log", None, Upkeep::default(), &NOW).unwrap()
    }

    fn lines(storage: &Memory) -> usize {
        let log = storage.clone().read("log").unwrap().unwrap_or_default();
        let summary = verify(&log).unwrap();
        assert_eq!(summary.torn, None);
        summary.lines
    }

    #[test]
    fn a_log_continues_where_it_ended() {
        let storage = Memory::default();
        for run in 1..=3 {
            let mut log = open(&storage);
            log.append(Event::started("1"), &NOW).unwrap();
            log.append(Event::Stopped, &NOW).unwrap();
            assert_eq!(lines(&storage), 2 * run);
        }
    }

    #[test]
    fn every_torn_line_is_removed_and_reported() {
        let storage = Memory::default();
        open(&storage).append(Event::started("1"), &NOW).unwrap();
        let one = storage.clone().read("log").unwrap().unwrap();
        for cut in 1..one.len() {
            let torn = Memory::default();
            torn.clone().append("log", &one).unwrap();
            torn.clone().append("log", &one[..cut]).unwrap();
            open(&torn);
            assert_eq!(lines(&torn), 2, "{cut}");
            let only_torn = Memory::default();
            only_torn.clone().append("log", &one[..cut]).unwrap();
            open(&only_torn);
            assert_eq!(lines(&only_torn), 1, "{cut}");
        }
    }

    #[test]
    fn a_file_that_is_not_a_log_is_not_continued() {
        let storage = Memory::default();
        storage.clone().append("log", b"dear diary\n").unwrap();
        let refusal =
            AuditLog::open_in(Box::new(storage.clone()), "log", None, Upkeep::default(), &NOW).map(drop).unwrap_err();
        assert!(matches!(refusal, AuditError::LastLine { .. }), "{refusal}");
        assert_eq!(storage.clone().read("log").unwrap().unwrap(), b"dear diary\n");
    }

    #[test]
    fn a_failed_line_leaves_no_gap() {
        let storage = Memory::default();
        let mut log = open(&storage);
        for failing in [Operation::Append, Operation::Sync, Operation::Truncate] {
            storage.fail_at(Some(failing));
            // A line that was written completely is not truncated.
            assert_eq!(log.append(Event::Stopped, &NOW).is_err(), failing != Operation::Truncate, "{failing:?}");
            storage.fail_at(None);
            log.append(Event::Stopped, &NOW).unwrap();
        }
        // Including the two records that the log works again.
        assert_eq!(lines(&storage), 6);
    }
}
