//! `[fleet]`: a workstation that manages many units.

use serde::Deserialize;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 1] = ["enabled"];

/// `[fleet]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Fleet {
    /// Whether a workstation collects records, ships databases and sends signed orders over the broker.
    pub enabled: bool,
}
