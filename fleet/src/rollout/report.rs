//! What became of a rollout.

use serde::Serialize;
use shared::gallery::DatabaseDigest;

/// What became of a rollout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolloutReport {
    /// Sequence number of the database.
    pub sequence: u64,
    /// SHA-256 of it.
    pub digest: DatabaseDigest,
    /// Number of people in it.
    pub people: u32,
    /// Whether every unit uses it.
    pub all: bool,
    /// Why it stopped before that; `None` if it did not.
    pub stopped: Option<String>,
    /// The units.
    pub units: Vec<UnitDelivery>,
}

/// What became of it at one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitDelivery {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// How far it is.
    pub delivered: Delivered,
    /// Why it is no further.
    pub reason: Option<String>,
}

/// How far a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivered {
    /// It states that it uses the database.
    Confirmed,
    /// It was sent, and the unit has not stated that it uses it.
    NotConfirmed,
    /// The unit refused it.
    Refused,
    /// The unit has it, but does not work with it.
    Unfit,
    /// It was not sent.
    NotSent,
}
