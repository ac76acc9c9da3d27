//! The protocol that delivers a people database from a workstation to a unit: one line that announces it, its bytes,
//! and the unit's receipt as one JSON object.
//!
//! The transport is outside this module. The unit decides whether to accept the database.

use crate::gallery::DatabaseDigest;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// Largest length of the announcement, with its line feed, in bytes.
pub const MAX_ANNOUNCEMENT_BYTES: usize = 128;

/// Largest length of a receipt, in bytes.
pub const MAX_RECEIPT_BYTES: u64 = 64 << 10;

/// Longest wait for the verdict that a workstation can request, in seconds.
pub const MAX_WAIT_SECONDS: u16 = 3600;

const FIRST_WORDS: &str = "people-database 1";

/// The contents of the announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// Length of the database in bytes.
    pub length: u64,
    /// SHA-256 of the database.
    pub digest: DatabaseDigest,
    /// How long to wait for the unit's verdict, 1 to [`MAX_WAIT_SECONDS`] seconds.
    pub wait_seconds: u16,
}

/// The line is not a valid announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it does not begin with the line that announces a people database: \"{FIRST_WORDS}\", its length, its SHA-256, and \
     how many seconds to wait"
)]
pub struct NotAnnounced;

impl FromStr for Announcement {
    type Err = NotAnnounced;

    fn from_str(line: &str) -> Result<Self, NotAnnounced> {
        let words = line.strip_prefix(FIRST_WORDS).and_then(|rest| rest.strip_prefix(' ')).ok_or(NotAnnounced)?;
        let mut words = words.strip_suffix('\n').unwrap_or(words).split(' ');
        let mut number = || words.next().filter(|word| word.bytes().all(|b| b.is_ascii_digit())).ok_or(NotAnnounced);
        let length = number()?.parse().map_err(|_| NotAnnounced)?;
        let digest = words.next().and_then(|word| word.parse().ok()).ok_or(NotAnnounced)?;
        let wait = words.next().and_then(|word| word.parse().ok());
        let wait_seconds = wait.filter(|wait| (1..=MAX_WAIT_SECONDS).contains(wait)).ok_or(NotAnnounced)?;
        match words.next() {
            Some(_) => Err(NotAnnounced),
            None => Ok(Self { length, digest, wait_seconds }),
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { length, digest, wait_seconds } = self;
        writeln!(f, "{FIRST_WORDS} {length} {digest} {wait_seconds}")
    }
}

/// The unit's receipt for a delivered database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The verdict.
    pub outcome: Outcome,
    /// Why it is not used: the unit's message.
    pub reason: Option<String>,
    /// SHA-256 of the database; `None` if it was not announced.
    pub digest: Option<DatabaseDigest>,
    /// The database in use now, if the unit reports it.
    pub sequence: Option<u64>,
}

/// The verdict on a delivered database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The unit uses it.
    Running,
    /// The unit refused it and keeps the previous one.
    Refused,
    /// It was handed over, but no unit has reported on it.
    NoVerdict,
    /// It does not match its announcement. Nothing was handed over.
    BadInput,
    /// This user is not allowed to deliver it. Nothing was handed over.
    NotPermitted,
    /// It could not be written. Nothing was handed over.
    Disk,
    /// Another delivery is in progress and takes too long. Nothing was handed over.
    Busy,
    /// The unit's configuration cannot be read. Nothing was handed over.
    Configuration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::ToString;

    #[test]
    fn what_is_announced_is_read() {
        for length in [0, 1, u64::MAX] {
            let announced = Announcement { length, digest: DatabaseDigest([0xab; 32]), wait_seconds: 3600 };
            let line = announced.to_string();
            assert!(line.len() <= MAX_ANNOUNCEMENT_BYTES && line.ends_with('\n'), "{line}");
            assert_eq!(line.parse(), Ok(announced));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let digest = "ab".repeat(32);
        for line in [
            "",
            "\n",
            "people-database 1",
            &format!("people-database 2 5 {digest} 30"),
            &format!("people-database 1  5 {digest} 30"),
            &format!("people-database 1 -5 {digest} 30"),
            &format!("people-database 1 +5 {digest} 30"),
            &format!("people-database 1 99999999999999999999 {digest} 30"),
            &format!("people-database 1 5 {} 30", &digest[1..]),
            &format!("people-database 1 5 {digest} 0"),
            &format!("people-database 1 5 {digest} 3601"),
            &format!("people-database 1 5 {digest}"),
            &format!("people-database 1 5 {digest} 30 40"),
            &format!("people-database 1 5 {digest} 30\r\n"),
        ] {
            assert_eq!(line.parse::<Announcement>(), Err(NotAnnounced), "{line:?}");
        }
    }
}
