//! The audit log as a file: a line is on the disk before this says so.
//!
//! What a line says, and how it hangs on the one before, is `shared::audit`'s.

use crate::storage::{Folder, Storage};
use anyhow::Context;
use shared::audit::{BootId, Chain, Event, LineProblem, RecordError};
use shared::policy::Now;
use std::io;
use std::path::Path;
use terminal::Help;

/// An audit log that can be appended to.
pub struct AuditLog {
    storage: Box<dyn Storage>,
    file: String,
    chain: Chain,
    boot: BootId,
    /// Bytes of whole lines.
    length: u64,
    /// A line may be there in part.
    torn: bool,
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
    /// The last line is not one that can be followed.
    #[error("the audit log cannot be continued: its last line is damaged: {0}")]
    LastLine(#[from] LineProblem),
    /// The event cannot be written down.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The system has no random numbers for the boot id.
    #[error("the system has no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl AuditLog {
    /// Opens the log, or begins one. A line that a power cut left in part is cut off, and that is recorded.
    ///
    /// # Errors
    /// [`AuditError`]
    pub fn open(mut storage: Box<dyn Storage>, file: &str, now: &Now) -> Result<Self, AuditError> {
        let read = storage.read(file).map_err(|source| AuditError::Storage { attempt: "read", source })?;
        let bytes = read.unwrap_or_default();
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let last_line = bytes[..whole].strip_suffix(b"\n").and_then(|lines| lines.rsplit(|&b| b == b'\n').next());
        let chain = last_line.map_or(Ok(Chain::new()), Chain::after)?;
        let torn = bytes.len() - whole;
        let mut log =
            Self { storage, file: file.to_owned(), chain, boot: boot_id()?, length: whole as u64, torn: torn > 0 };
        if torn > 0 {
            tracing::warn!("the last line of the audit log was not written to its end; {torn} bytes are cut off");
            log.append(Event::TornLineCut { bytes: torn as u64 }, now)?;
        }
        Ok(log)
    }

    /// Opens or begins the log at that path.
    ///
    /// # Errors
    /// As [`AuditLog::open`], with the path and what to do.
    pub fn open_file(path: &Path, now: &Now) -> anyhow::Result<Self> {
        let shown = path.display();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{shown} is not the name of a file"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Found out now, and not by the first record that cannot be written.
        anyhow::ensure!(folder.is_dir(), "{shown} cannot be written: there is no folder {}", folder.display());
        let opened = Self::open(Box::new(Folder::at(folder)), name, now);
        opened.with_context(|| shown.to_string()).help("move the log away to start a new one")
    }

    /// Records an event: it is on the disk when this returns.
    ///
    /// # Errors
    /// [`AuditError`]; the event is then not recorded, and the next one can be.
    pub fn append(&mut self, event: Event, now: &Now) -> Result<(), AuditError> {
        self.mend()?;
        let line = self.chain.next_line(now.utc_ms, self.boot, event)?;
        let bytes = line.text().as_bytes();
        self.torn = true;
        let append = self.storage.append(&self.file, bytes);
        append.map_err(|source| AuditError::Storage { attempt: "written", source })?;
        self.storage.sync(&self.file).map_err(|source| AuditError::Storage { attempt: "synced", source })?;
        self.torn = false;
        self.length += bytes.len() as u64;
        line.commit();
        Ok(())
    }

    /// Cuts off what a failed attempt may have left.
    fn mend(&mut self) -> Result<(), AuditError> {
        if self.torn {
            match self.storage.truncate(&self.file, self.length) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.length == 0 => {}
                cut => cut.map_err(|source| AuditError::Storage { attempt: "mended", source })?,
            }
            self.torn = false;
        }
        Ok(())
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
    use crate::storage::{Memory, Operation};
    use shared::audit::verify;

    const NOW: Now = Now::new(1_800_000_000_000, 0);

    fn open(storage: &Memory) -> AuditLog {
        AuditLog::open(Box::new(storage.clone()), "log", &NOW).unwrap()
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
    fn what_is_no_log_is_not_continued() {
        let storage = Memory::default();
        storage.clone().append("log", b"dear diary\n").unwrap();
        let refusal = AuditLog::open(Box::new(storage.clone()), "log", &NOW).map(drop).unwrap_err();
        assert!(matches!(refusal, AuditError::LastLine(_)), "{refusal}");
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
        assert_eq!(lines(&storage), 4);
    }
}
