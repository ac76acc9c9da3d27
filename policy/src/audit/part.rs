//! The parts of a unit that may fail while it runs.

use serde::{Deserialize, Serialize};

/// What may fail and be tried again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// What the unit looks through.
    Camera,
    /// What reads cards.
    Reader,
    /// The folder from which new people databases are taken.
    Database,
    /// The file that keeps what must not be forgotten.
    Memory,
    /// The audit log: these records could not be written.
    AuditLog,
}

impl Part {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Camera => "the camera",
            Self::Reader => "the card reader",
            Self::Database => "the folder of the people database",
            Self::Memory => "the file that remembers failed attempts",
            Self::AuditLog => "the audit log",
        }
    }
}
