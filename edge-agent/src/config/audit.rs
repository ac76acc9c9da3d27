//! `[audit]`: the audit log of decisions and how long it is kept.

use super::ConfigError;
use crate::audit_log::Upkeep;
use serde::Deserialize;
use std::path::PathBuf;

/// Every key of the section except `path`.
#[cfg(test)]
pub(super) const KEYS: [&str; 4] = ["key", "max-megabytes", "keep-days", "journal"];

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Audit {
    /// The log file, with one line per approach.
    pub path: PathBuf,
    /// The key that signs the log; created at the first start.
    pub key: PathBuf,
    /// The size above which the oldest log files are removed: 1 to 100 000 MB.
    pub max_megabytes: u32,
    /// The number of days after which log files are removed: 1 to 36 500.
    pub keep_days: u32,
    /// The socket of the system's journal, to which each record is sent as well; not sent if not set.
    pub journal: Option<PathBuf>,
}

impl Audit {
    /// The size and age limits of the log.
    pub fn upkeep(&self) -> Upkeep {
        Upkeep::new(u64::from(self.max_megabytes) * 1_000_000, self.keep_days)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Self { max_megabytes, keep_days, .. } = *self;
        for (key, value, highest, wanted) in [
            ("audit.max-megabytes", max_megabytes, 100_000, "1 to 100000 MB"),
            ("audit.keep-days", keep_days, 36_500, "1 to 36500 days"),
        ] {
            if !(1..=highest).contains(&value) {
                return Err(ConfigError::Range { key, found: value.to_string(), wanted });
            }
        }
        Ok(())
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            path: PathBuf::from("/var/log/edge-agent/audit.jsonl"),
            key: PathBuf::from("/var/lib/edge-agent/audit.key"),
            max_megabytes: 64,
            keep_days: 90,
            journal: None,
        }
    }
}
