//! `[unit]`: which doors' databases are meant for this unit.

use serde::Deserialize;
use shared::gallery::DoorGroup;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 1] = ["groups"];

/// `[unit]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Unit {
    /// The groups of doors that this one belongs to: a database that is for one of them is for this unit. Its id is not
    /// configured: it is the fingerprint of its own key.
    pub groups: Vec<DoorGroup>,
}
