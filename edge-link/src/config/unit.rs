//! `[unit]`: the sockets of the door unit.

use serde::Deserialize;
use std::path::PathBuf;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 3] = ["status", "link", "receive"];

/// `[unit]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Unit {
    /// Where the unit says what it does.
    pub status: PathBuf,
    /// Where the unit takes the requests of a link.
    pub link: PathBuf,
    /// Where the unit takes people databases.
    pub receive: PathBuf,
}

impl Default for Unit {
    fn default() -> Self {
        Self {
            status: PathBuf::from("/run/edge-agent/status.sock"),
            link: PathBuf::from("/run/edge-agent/link.sock"),
            receive: PathBuf::from("/run/edge-agent-receive.sock"),
        }
    }
}
