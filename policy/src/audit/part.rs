//! The parts of a unit that may fail while it runs.

use serde::{Deserialize, Serialize};

/// A part that may fail and is then retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// The camera.
    Camera,
    /// The second camera, which sees infrared.
    InfraredCamera,
    /// The card reader.
    Reader,
    /// The folder that new people databases are loaded from.
    Database,
    /// The file with the state that must survive a restart.
    Memory,
    /// The audit log: records could not be written.
    AuditLog,
}

impl Part {
    /// The name for display.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Camera => "the camera",
            Self::InfraredCamera => "the infrared camera",
            Self::Reader => "the card reader",
            Self::Database => "the folder of the people database",
            Self::Memory => "the file that remembers failed attempts",
            Self::AuditLog => "the audit log",
        }
    }
}
