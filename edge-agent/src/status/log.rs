//! The audit log as the status socket reports it.

use crate::audit_log::{AuditHealth, LogKey};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A log, the key that signs statements, and what clients are told of it.
#[derive(Clone)]
pub(crate) struct ReportedLog {
    pub(super) health: AuditHealth,
    pub(super) path: PathBuf,
    /// `None` if the unit has no key that can be read.
    pub(super) key: Option<Arc<LogKey>>,
    /// Whether clients that follow the log are told the names of people.
    pub(super) adds_names: bool,
}

impl ReportedLog {
    /// The log at `path`.
    pub(crate) fn new(health: AuditHealth, path: &Path, key: Option<LogKey>, adds_names: bool) -> Self {
        Self { health, path: path.to_owned(), key: key.map(Arc::new), adds_names }
    }
}
