//! `[database]`: the people database and the signers that are trusted.

use super::ConfigError;
use serde::Deserialize;
use std::path::PathBuf;

/// Every key of the section except `path`.
#[cfg(test)]
pub(super) const KEYS: [&str; 3] = ["signers", "unsigned", "identity"];

/// `[database]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Database {
    /// The people database.
    pub path: PathBuf,
    /// Public signing keys: a database must be signed by one of them.
    pub signers: Vec<PathBuf>,
    /// What to do with an unsigned database if there are no signers.
    pub unsigned: Option<Unsigned>,
    /// The unit's own key, which opens databases sealed for it.
    pub identity: PathBuf,
}

/// `unsigned`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsigned {
    /// Use it: anybody who can write the file decides who gets in.
    Accepted,
}

impl Database {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.signers.is_empty() || self.unsigned.is_none() {
            return Ok(());
        }
        Err(ConfigError::Range {
            key: "database.unsigned",
            found: "\"accepted\"".to_owned(),
            wanted: "not allowed together with database.signers: set only one of them",
        })
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            path: PathBuf::from("/var/lib/edge-agent/people.db"),
            signers: Vec::new(),
            unsigned: None,
            identity: PathBuf::from("/var/lib/edge-agent/device.key"),
        }
    }
}
