//! One record and its line of text.

use super::event::Event;
use super::line_hash::LineHash;
use alloc::format;
use alloc::string::{String, ToString};
use crc::{CRC_32_ISO_HDLC, Crc};
use serde::{Deserialize, Serialize};
use shared::hex::hex_text;

/// The format version that is written and read.
pub const SCHEMA: u32 = 1;
/// Largest length of a line with its line feed, in bytes.
pub const MAX_LINE_BYTES: usize = 4096;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const CHECKSUM_KEY: &str = ",\"checksum\":\"";
const CHECKSUM_DIGITS: usize = 8;
const CHECKSUM_END: &str = "\"}";

/// The random number that the operating system chose when the unit was switched on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BootId(pub [u8; 16]);
hex_text!(BootId, 16);

/// One record of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// Counts from 1, without a gap, over all files of a log.
    pub sequence: u64,
    /// When it was written, milliseconds since 1970, UTC, according to the unit's clock.
    pub utc_ms: i64,
    /// The boot of the unit.
    pub boot: BootId,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The hash of the previous line.
    pub previous: LineHash,
}

/// Why an event could not be written as a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The line could not be read again.
    #[error("the event cannot be written as a record: {why}")]
    Unprintable {
        /// What is wrong.
        why: String,
    },
    /// The last line has the highest possible sequence number.
    #[error(
        "the last record has the highest possible sequence number: start a new log, and find out who wrote this one"
    )]
    Full,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is not a record that this program can read.
    #[error("not an audit record: {why}")]
    Unreadable {
        /// What is wrong.
        why: String,
    },
    /// It was changed or damaged after it was written.
    #[error("the checksum of this line does not match its contents ({computed:08x}): it was changed or damaged")]
    Checksum {
        /// CRC-32 of the contents.
        computed: u32,
    },
    /// It was written by another version of the program.
    #[error("schema {found}, this program reads schema {SCHEMA}: update this program")]
    Schema {
        /// The schema of the line.
        found: u32,
    },
    /// Lines before it were removed, inserted or reordered.
    #[error("record {found} instead of record {expected}: lines before it were removed, inserted or reordered")]
    Sequence {
        /// The number after the previous line's.
        expected: u64,
        /// The number of the line.
        found: u64,
    },
    /// It contains the hash of another line as the previous one.
    #[error(
        "its hash of the previous line is {found}, but that line has the hash {expected}: one of the two was changed"
    )]
    Previous {
        /// The hash of the previous line.
        expected: LineHash,
        /// The hash in the line.
        found: LineHash,
    },
}

#[derive(Serialize)]
struct Printed<'a> {
    schema: u32,
    #[serde(flatten)]
    record: &'a Record,
}

impl Record {
    /// Parses a line without its line feed, and checks what can be checked of it alone.
    ///
    /// # Errors
    /// If it is damaged or not a record that this program can read.
    pub fn parse(line: &[u8]) -> Result<Self, LineProblem> {
        Link::read(line)?;
        serde_json::from_slice(line).map_err(unreadable)
    }

    /// The line, without a line feed.
    pub(super) fn print(&self) -> Result<String, RecordError> {
        let unprintable = |why| RecordError::Unprintable { why };
        let printed = Printed { schema: SCHEMA, record: self };
        let mut line = serde_json::to_string(&printed).map_err(|error| unprintable(error.to_string()))?;
        line.pop(); // The closing brace.
        let checksum = CRC.checksum(line.as_bytes());
        line.push_str(&format!("{CHECKSUM_KEY}{checksum:08x}{CHECKSUM_END}"));
        // An infinite distance has no number in JSON.
        Self::parse(line.as_bytes()).map_err(|problem| unprintable(problem.to_string()))?;
        Ok(line)
    }
}

/// The fields that link the chain; readable for unknown events too.
pub(super) struct Link {
    pub(super) sequence: u64,
    pub(super) previous: LineHash,
}

impl Link {
    /// Reads a line without its line feed, and checks what the line says about itself.
    pub(super) fn read(line: &[u8]) -> Result<Self, LineProblem> {
        #[derive(Deserialize)]
        struct Keys {
            schema: u32,
            sequence: u64,
            previous: LineHash,
        }
        let (covered, stored) = split_checksum(line).ok_or_else(|| unreadable("it does not end in a checksum"))?;
        let computed = CRC.checksum(covered);
        if format!("{computed:08x}").as_bytes() != stored {
            return Err(LineProblem::Checksum { computed });
        }
        let Keys { schema, sequence, previous } = serde_json::from_slice(line).map_err(unreadable)?;
        if schema != SCHEMA {
            return Err(LineProblem::Schema { found: schema });
        }
        if sequence == 0 {
            return Err(LineProblem::Sequence { expected: 1, found: 0 });
        }
        Ok(Self { sequence, previous })
    }
}

fn unreadable(why: impl ToString) -> LineProblem {
    LineProblem::Unreadable { why: why.to_string() }
}

/// The part of a line that its checksum covers, and the checksum's digits.
fn split_checksum(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(CHECKSUM_END.as_bytes())?;
    let (line, digits) = line.split_at(line.len().checked_sub(CHECKSUM_DIGITS)?);
    Some((line.strip_suffix(CHECKSUM_KEY.as_bytes())?, digits))
}
