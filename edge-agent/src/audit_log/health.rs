//! The state of the log, for the status report.

use policy::audit::{Head, LineHash, MAX_LINE_BYTES};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The shared state of a log. Clones refer to the same log.
#[derive(Debug, Clone, Default)]
pub struct AuditHealth {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    report: AuditReport,
    /// The hash of the last record's line; `None` before the first.
    hash: Option<LineHash>,
}

/// The state of a log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditReport {
    /// Sequence number of the last record; 0 before the first.
    pub sequence: u64,
    /// Sequence number of the last signed record; 0 if there is none.
    pub signed: u64,
    /// Why the last record could not be written. Nobody is let in until one can be.
    pub failing: Option<String>,
    /// Number of records of maximum length that fit in the reserved space when the disk is full; `None` if the file
    /// system cannot reserve space.
    pub reserved_records: Option<u64>,
    /// The error of other work on the log: reserving space, rotating files, removing old ones, signing a head.
    pub trouble: Option<String>,
}

impl AuditHealth {
    /// The current state.
    pub fn report(&self) -> AuditReport {
        self.lock().report.clone()
    }

    /// The last record on the disk.
    pub(crate) fn head(&self) -> Head {
        let state = self.lock();
        Head { sequence: state.report.sequence, hash: state.hash.unwrap_or(Head::BEGINNING.hash) }
    }

    pub(crate) fn recorded(&self, head: Head) {
        let mut state = self.lock();
        (state.report.sequence, state.hash) = (head.sequence, Some(head.hash));
        state.report.failing = None;
    }

    pub(super) fn failed(&self, error: &impl ToString) {
        self.lock().report.failing = Some(error.to_string());
    }

    pub(super) fn signed(&self, sequence: u64) {
        self.lock().report.signed = sequence;
    }

    pub(super) fn set_reserve(&self, bytes: Option<u64>) {
        self.lock().report.reserved_records = bytes.map(|bytes| bytes / MAX_LINE_BYTES as u64);
    }

    /// Whether the state has changed.
    pub(super) fn set_trouble(&self, trouble: Option<String>) -> bool {
        let report = &mut self.lock().report;
        let has_changed = report.trouble != trouble;
        report.trouble = trouble;
        has_changed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
