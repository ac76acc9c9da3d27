//! What a collector reports about units, brokers and the disk. The program that runs it puts it into words.

use super::gaps::Gap;
use serde::Serialize;
use shared::seal::Fingerprint;

/// Something that somebody should know. About the same thing it is reported at most once an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// A unit's records.
    Unit {
        /// The unit's id.
        unit: String,
        /// What is the matter.
        #[serde(flatten)]
        problem: Problem,
    },
    /// Somebody sends records of a unit that `fleet.toml` does not contain.
    UnknownUnit {
        /// The id.
        unit: String,
    },
    /// A unit cannot be reached over ssh. It is tried again.
    Unreachable {
        /// The unit's id.
        unit: String,
        /// Why.
        reason: String,
    },
    /// Nothing can be written. The units keep their records and are asked again.
    DiskFails {
        /// Why.
        problem: String,
    },
    /// The disk works again.
    DiskWorks,
}

/// What is the matter with a unit's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// A message or a record was refused: somebody has forged it, or the unit's log was rewritten.
    Forged {
        /// Why.
        #[serde(rename = "reason")]
        problem: String,
    },
    /// Records that were collected without a signature were replaced by others, which the unit has signed.
    Replaced {
        /// The first of them.
        from: u64,
        /// How many were put aside.
        records: u64,
    },
    /// The unit is said to have removed records before they were collected. It is not proven yet.
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        through: u64,
    },
    /// The unit has removed records before they were collected.
    Gap(Gap),
    /// Bytes after the last whole record were cut off: the collector was interrupted while it wrote them.
    Torn {
        /// How many.
        bytes: u64,
    },
    /// The collected file cannot be continued. It is left as it is.
    Damaged {
        /// Why.
        #[serde(rename = "reason")]
        problem: String,
    },
}

impl Note {
    pub(super) fn of(unit: Fingerprint, problem: Problem) -> Self {
        Self::Unit { unit: unit.to_string(), problem }
    }
}

impl Problem {
    /// Its kind, for not reporting it again and again.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Forged { .. } => 0,
            Self::Replaced { .. } => 1,
            Self::Missing { .. } => 2,
            Self::Gap(_) => 3,
            Self::Torn { .. } => 4,
            Self::Damaged { .. } => 5,
        }
    }
}
