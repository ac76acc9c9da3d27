//! The end of the log, where the next line is appended.

use super::event::Event;
use super::line_hash::LineHash;
use super::record::{BootId, LineProblem, Link, Record, RecordError};
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// The prefix of every signed head. It keeps a signature over a head from being valid for anything else (domain
/// separation).
pub const SIGNED_PREFIX: &[u8; 26] = b"edge-agent audit log head\n";
const SIGNED_BYTES: usize = SIGNED_PREFIX.len() + 8 + 32;

/// A record's number and the hash of its line. It commits to the whole log up to that record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The record's number; 0 before the first.
    pub sequence: u64,
    /// The hash of its line.
    pub hash: LineHash,
}

impl Head {
    /// The head of an empty log.
    pub const BEGINNING: Self = Self { sequence: 0, hash: LineHash([0; 32]) };

    /// The head at a line without its line feed.
    ///
    /// # Errors
    /// If the line is damaged or is not a record.
    pub fn at(line: &[u8]) -> Result<Self, LineProblem> {
        Ok(Self { sequence: Link::read(line)?.sequence, hash: LineHash::from_line(line) })
    }

    /// The bytes that a device signs to vouch for the log up to here: [`SIGNED_PREFIX`], the sequence number (8 bytes,
    /// little-endian) and the hash.
    pub fn signed_bytes(&self) -> [u8; SIGNED_BYTES] {
        let mut bytes = [0; SIGNED_BYTES];
        let (prefix, rest) = bytes.split_at_mut(SIGNED_PREFIX.len());
        prefix.copy_from_slice(SIGNED_PREFIX);
        let (sequence, hash) = rest.split_at_mut(8);
        sequence.copy_from_slice(&self.sequence.to_le_bytes());
        hash.copy_from_slice(&self.hash.0);
        bytes
    }
}

/// The end of a log that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    head: Head,
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl Chain {
    /// An empty log.
    pub const fn new() -> Self {
        Self { head: Head::BEGINNING }
    }

    /// A log that ends with this line (without its line feed). Checks what can be checked of the line alone.
    ///
    /// # Errors
    /// If the line is damaged or is not a record.
    pub fn after(last_line: &[u8]) -> Result<Self, LineProblem> {
        Ok(Self { head: Head::at(last_line)? })
    }

    /// A log that ends with a line that was read already.
    pub const fn from_head(head: Head) -> Self {
        Self { head }
    }

    /// The last line that was committed.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Makes the next line. The chain advances only when the line is committed, so a line that could not be stored
    /// leaves no gap.
    ///
    /// # Errors
    /// If the event cannot be printed (a distance is not finite), or there is no next number.
    pub fn next_line(&mut self, utc_ms: i64, boot: BootId, event: Event) -> Result<NextLine<'_>, RecordError> {
        let sequence = self.head.sequence.checked_add(1).ok_or(RecordError::Full)?;
        let record = Record { sequence, utc_ms, boot, event, previous: self.head.hash };
        let mut text = record.print()?;
        let head = Head { sequence, hash: LineHash::from_line(text.as_bytes()) };
        text.push('\n');
        Ok(NextLine { chain: self, text, head })
    }
}

/// A line that is not yet part of the log: store its text, then commit it.
#[derive(Debug)]
#[must_use = "a line that is not committed is not part of the log"]
pub struct NextLine<'a> {
    chain: &'a mut Chain,
    text: String,
    head: Head,
}

impl NextLine<'_> {
    /// The line with its line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The head of the log after this line is committed.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Commits the line, which is stored now.
    pub fn commit(self) {
        self.chain.head = self.head;
    }
}
