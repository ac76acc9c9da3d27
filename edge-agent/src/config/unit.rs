//! `[unit]`: the door groups of this unit.

use serde::Deserialize;
use shared::gallery::DoorGroup;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 1] = ["groups"];

/// `[unit]`
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Unit {
    /// The door groups of this unit: the unit accepts a database for any of them. The id of the unit is not configured;
    /// it is the fingerprint of the unit's own key.
    pub groups: Vec<DoorGroup>,
}
