//! How the log is: what the status says about it.

use policy::audit::MAX_LINE_BYTES;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a log is. Clones are about the same log.
#[derive(Debug, Clone, Default)]
pub struct AuditHealth {
    report: Arc<Mutex<AuditReport>>,
}

/// How a log is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AuditReport {
    /// The number of the last record; 0 before the first.
    pub sequence: u64,
    /// The number of the last record that is signed; 0 if none is.
    pub signed: u64,
    /// Why the last record could not be written: nobody is let in until one can.
    pub failing: Option<String>,
    /// For how many records of the greatest length there is space though the disk is full; `None` if the disk can
    /// promise none.
    pub reserved_records: Option<u64>,
    /// What besides records could not be done: space reserved, files rotated, old ones removed, a head signed.
    pub trouble: Option<String>,
}

impl AuditHealth {
    /// How it is now.
    pub fn report(&self) -> AuditReport {
        self.lock().clone()
    }

    pub(super) fn recorded(&self, sequence: u64) {
        let mut report = self.lock();
        report.sequence = sequence;
        report.failing = None;
    }

    pub(super) fn failed(&self, error: &impl ToString) {
        self.lock().failing = Some(error.to_string());
    }

    pub(super) fn signed(&self, sequence: u64) {
        self.lock().signed = sequence;
    }

    pub(super) fn has_space_for(&self, bytes: Option<u64>) {
        self.lock().reserved_records = bytes.map(|bytes| bytes / MAX_LINE_BYTES as u64);
    }

    /// Whether this is news.
    pub(super) fn has_trouble(&self, trouble: Option<String>) -> bool {
        let mut report = self.lock();
        let is_news = report.trouble != trouble;
        report.trouble = trouble;
        is_news
    }

    fn lock(&self) -> MutexGuard<'_, AuditReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
