//! The audit log as files: a line is on the disk before this says so.
//!
//! What a line says, and how it hangs on the one before, is `policy::audit`'s. Here is the current file and its end
//! ([`AuditLog::append`]), and what is done between records ([`AuditLog::tend`], `upkeep`): space is reserved, heads are
//! signed, full files put aside, old ones removed. Reading is `read`'s, for commands of their own.

#[cfg(test)]
mod crash_tests;
mod end;
mod health;
mod key;
#[cfg(test)]
mod kill_tests;
pub(crate) mod log_files;
pub(crate) mod names;
pub(crate) mod read;
mod upkeep;
pub(crate) mod verify;

pub use files::key_file::public_path;
pub use health::{AuditHealth, AuditReport};
pub use key::{LogKey, PublicKey, SignedHead};
pub use upkeep::Upkeep;

use crate::reports::{FailureReports, Report};
use anyhow::Context;
use end::End;
use files::owner::this_user;
use files::{Folder, Storage, folder_of};
use policy::Now;
use policy::audit::{BootId, Chain, Event, Head, LineProblem, Part, RecordError};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;
use terminal::{Help, ShowPath};

/// An audit log that can be appended to.
pub struct AuditLog {
    storage: Box<dyn Storage>,
    file: String,
    chain: Chain,
    boot: BootId,
    /// Bytes of whole lines in the current file.
    length: u64,
    /// A line may be there in part.
    torn: bool,
    /// What was found when it was opened, as far as it is not recorded yet.
    found: VecDeque<Event>,
    health: AuditHealth,
    writing: FailureReports,
    upkeep: Upkeep,
    key: Option<LogKey>,
    state: upkeep::State,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The disk refused.
    #[error("the audit log cannot be {attempt}: {source}")]
    Storage {
        /// What was tried.
        attempt: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full, or nearly.
    #[error("the disk is nearly full: there is space for {records} more records, and then nobody is let in")]
    NoReserve {
        /// Records of the greatest length.
        records: u64,
    },
    /// The last line is not one that can be followed.
    #[error("the audit log cannot be continued: the last line of {file} is damaged: {problem}")]
    LastLine {
        /// In which file it is.
        file: String,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// The event cannot be written down.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The system has no random numbers for the boot id.
    #[error("the system has no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl AuditLog {
    /// Opens the log at that path, or begins one.
    ///
    /// # Errors
    /// As [`AuditLog::open_in`], with the path and what to do.
    pub fn open(path: &Path, key: Option<LogKey>, upkeep: Upkeep, now: &Now) -> anyhow::Result<Self> {
        let (folder, name) = existing_folder(path)?;
        explained(Self::open_in(Box::new(Folder::at(folder)), name, key, upkeep, now), path, name)
    }

    /// Opens the log in that storage, or begins one; only its end is read. A line that a power cut left in part is cut
    /// off, and that is recorded: now, or with the next record, if the disk takes none now.
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
        };
        if end.torn > 0 {
            tracing::warn!("the last line of the audit log was not written to its end; {} bytes are cut off", end.torn);
            log.found.push_back(Event::TornLineCut { bytes: end.torn });
        }
        log.begin_upkeep(now)?;
        log.health.recorded(log.chain.head().sequence);
        let is_tail_missing = log.found.iter().any(|event| matches!(event, Event::TailMissing { .. }));
        let recorded = log.record_found(now).and_then(|()| if is_tail_missing { log.sign(now) } else { Ok(()) });
        match recorded {
            Err(error @ AuditError::Storage { .. }) => tracing::error!("{error}; nobody is let in until it can be"),
            recorded => recorded?,
        }
        Ok(log)
    }

    /// Whether the log at that path could be opened; nothing is written.
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

    /// How it is, for the status.
    pub fn health(&self) -> AuditHealth {
        self.health.clone()
    }

    /// The last record.
    pub fn head(&self) -> Head {
        self.chain.head()
    }

    /// Records an event: it is on the disk when this returns.
    ///
    /// # Errors
    /// [`AuditError`]; the event is then not recorded, and the next one can be.
    pub fn append(&mut self, event: Event, now: &Now) -> Result<(), AuditError> {
        self.record_found(now)?;
        self.append_next(event, now)
    }

    fn record_found(&mut self, now: &Now) -> Result<(), AuditError> {
        while let Some(event) = self.found.front().cloned() {
            self.append_next(event, now)?;
            self.found.pop_front();
        }
        Ok(())
    }

    fn append_next(&mut self, event: Event, now: &Now) -> Result<(), AuditError> {
        let appended = self.append_line(event, now);
        match &appended {
            Ok(()) => {
                self.health.recorded(self.chain.head().sequence);
                self.tell_that_it_works(now);
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

    /// If it did not: recorded with the next record, for which nobody waits longer.
    fn tell_that_it_works(&mut self, now: &Now) {
        let Some(report) = self.writing.succeeded(Duration::from_millis(now.monotonic_ms)) else { return };
        tracing::warn!("the audit log can be written again{report}");
        if let Report::Ended { failed_for, tries, unreported } = report {
            let failed_ms = u64::try_from(failed_for.as_millis()).unwrap_or(u64::MAX);
            self.found.push_back(Event::part_works(Part::AuditLog, None, failed_ms, tries, unreported));
        }
    }

    fn append_line(&mut self, event: Event, now: &Now) -> Result<(), AuditError> {
        self.mend()?;
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
        line.commit();
        Ok(())
    }

    /// Cuts off what a failed attempt may have left.
    fn mend(&mut self) -> Result<(), AuditError> {
        if self.torn {
            match self.storage.truncate(&self.file, self.length) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.length == 0 => {}
                cut => cut.map_err(failed_to_be("mended"))?,
            }
            self.state.reserve_is_lost();
            self.torn = false;
        }
        Ok(())
    }
}

/// Found out at the start, and not by the first record that cannot be written.
fn existing_folder(path: &Path) -> anyhow::Result<(&Path, &str)> {
    let (folder, name) = read::folder_and_name(path)?;
    let shown = path.shown();
    anyhow::ensure!(folder.is_dir(), "{shown} cannot be written: there is no folder {}", folder.shown());
    Ok((folder, name))
}

fn explained<T>(opened: Result<T, AuditError>, path: &Path, name: &str) -> anyhow::Result<T> {
    let help = match &opened {
        Err(AuditError::Storage { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => {
            give_away(folder_of(path))
        }
        _ => format!("move the log away, as {name}*, to start a new one"),
    };
    opened.with_context(|| path.shown().to_string()).help(&help)
}

/// What to do where something is not this user's to write.
fn give_away(folder: &Path) -> String {
    format!("give what is in it to the unit's user: `sudo chown -R {}: {}`", this_user(), folder.shown())
}

fn failed_to_be(attempt: &'static str) -> impl Fn(io::Error) -> AuditError {
    move |source| AuditError::Storage { attempt, source }
}

fn end_of(storage: &mut dyn Storage, file: &str) -> Result<End, AuditError> {
    let end = End::find(storage, file).map_err(failed_to_be("read"))?;
    end.map_err(|problem| AuditError::LastLine { file: file.to_owned(), problem })
}

/// The last line of the newest older file.
fn head_of_older_files(storage: &mut dyn Storage, log: &str) -> Result<Option<Head>, AuditError> {
    let older = log_files::segments(storage, log).map_err(failed_to_be("read"))?;
    let Some(newest) = older.last() else { return Ok(None) };
    match end_of(storage, &newest.name)? {
        End { head: Some(head), torn: 0, .. } => Ok(Some(head)),
        _ => {
            let problem = LineProblem::Unreadable { why: "it is not whole".to_owned() };
            Err(AuditError::LastLine { file: newest.name.clone(), problem })
        }
    }
}

/// The kernel's number for this run of the computer, or a random one.
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
    fn a_log_goes_on_where_it_ended() {
        let storage = Memory::default();
        for run in 1..=3 {
            let mut log = open(&storage);
            log.append(Event::started("1"), &NOW).unwrap();
            log.append(Event::Stopped, &NOW).unwrap();
            assert_eq!(lines(&storage), 2 * run);
        }
    }

    #[test]
    fn every_torn_line_is_cut_off_and_told_of() {
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
    fn what_is_not_a_log_is_not_continued() {
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
            // Nothing has to be cut off after a line that was written well.
            assert_eq!(log.append(Event::Stopped, &NOW).is_err(), failing != Operation::Truncate, "{failing:?}");
            storage.fail_at(None);
            log.append(Event::Stopped, &NOW).unwrap();
        }
        // With two that say that the log works again.
        assert_eq!(lines(&storage), 6);
    }
}
