//! Lines of a unit's audit log, one after the other.
//!
//! A payload is one line of JSON, the [`BatchHeader`], and then the lines of the log as the unit wrote them. They carry
//! their sequence numbers and the hash of the line before, so nothing else has to be trusted.

use super::{MAX_SMALL_BYTES, MessageError, SCHEMA, read};
use policy::audit::{LineProblem, MAX_LINE_BYTES, Record};
use serde::{Deserialize, Serialize};
use shared::seal::Fingerprint;

/// The largest payload, in bytes.
pub const MAX_BATCH_BYTES: usize = 128 << 10;

/// The first line of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHeader {
    schema: u32,
    /// The unit's id.
    pub unit: String,
    /// The sequence number of the oldest record that the unit keeps; `None` if it has none.
    pub kept_from: Option<u64>,
    /// The sequence number of the last durable record of the unit when this was sent; 0 before the first.
    pub last: u64,
}

/// A payload: the header, and lines of the log without their line feeds. Without lines, it says that the link waits for
/// a [`Want`](super::Want).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordBatch<'a> {
    /// The first line.
    pub header: BatchHeader,
    /// The lines of the log, oldest first.
    pub lines: Vec<&'a [u8]>,
}

/// Why a payload is not such a batch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// Its first line, or its length.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// It ends within a line.
    #[error("it ends within a line")]
    CutOff,
    /// One of its lines is longer than any record.
    #[error("line {line} has {found} bytes, and a record has at most {MAX_LINE_BYTES}")]
    LongLine {
        /// From 1, the header.
        line: usize,
        /// Its length.
        found: usize,
    },
    /// One of its lines is damaged.
    #[error("line {line} is not a record: {problem}")]
    Line {
        /// From 1, the header.
        line: usize,
        /// What is wrong.
        problem: LineProblem,
    },
}

impl BatchHeader {
    /// The header of a batch of this unit.
    pub fn new(unit: Fingerprint, kept_from: Option<u64>, last: u64) -> Self {
        Self { schema: SCHEMA, unit: unit.to_string(), kept_from, last }
    }

    /// The first line of a payload, with its line feed. The lines of the log follow it, each with its line feed.
    ///
    /// # Errors
    /// Never in practice: a header can always be written as JSON.
    pub fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}

impl<'a> RecordBatch<'a> {
    /// Splits a payload. The lines are not checked beyond their length.
    ///
    /// # Errors
    /// [`BatchError`]
    pub fn parse(payload: &'a [u8]) -> Result<Self, BatchError> {
        if payload.len() > MAX_BATCH_BYTES {
            return Err(MessageError::TooLong { found: payload.len(), most: MAX_BATCH_BYTES }.into());
        }
        let mut lines = payload.strip_suffix(b"\n").ok_or(BatchError::CutOff)?.split(|byte| *byte == b'\n');
        let header = read(lines.next().unwrap_or_default(), MAX_SMALL_BYTES)?;
        let lines: Vec<&[u8]> = lines.collect();
        match lines.iter().position(|line| line.len() >= MAX_LINE_BYTES) {
            Some(at) => Err(BatchError::LongLine { line: at + 2, found: lines[at].len() + 1 }),
            None => Ok(Self { header, lines }),
        }
    }

    /// The records of the lines whose events this version knows, with the numbers of their lines in the payload.
    ///
    /// # Errors
    /// [`BatchError::Line`] for a damaged line.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, BatchError>> {
        let numbered = self.lines.iter().enumerate();
        numbered.map(|(at, line)| Record::parse(line).map_err(|problem| BatchError::Line { line: at + 2, problem }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Fingerprint {
        "5f0c-8a71-0000-1111-2222".parse().unwrap()
    }

    #[test]
    fn a_batch_is_split_into_its_lines() {
        let header = BatchHeader::new(unit(), Some(1), 9);
        for lines in [&[][..], &[&b"{}"[..]], &[b"a", b"bc"]] {
            let mut payload = header.to_line().unwrap();
            lines.iter().for_each(|line| payload.extend([line, &b"\n"[..]].concat()));
            let batch = RecordBatch::parse(&payload).unwrap();
            assert_eq!((&batch.header, &batch.lines[..]), (&header, lines));
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        let header = BatchHeader::new(unit(), None, 0).to_line().unwrap();
        let with = |lines: &[u8]| [&header[..], lines].concat();
        for (payload, expected) in [
            (b"".to_vec(), "ends within a line"),
            (b"\n".to_vec(), "not such a message"),
            (with(b"cut"), "ends within a line"),
            (with(&[&[b'x'; MAX_LINE_BYTES][..], b"\n"].concat()), "line 2 has 4097 bytes"),
            (vec![b'\n'; MAX_BATCH_BYTES + 1], "at most"),
        ] {
            let refused = RecordBatch::parse(&payload).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
        let payload = with(b"{}\n");
        let batch = RecordBatch::parse(&payload).unwrap();
        let refused = batch.records().next().unwrap().unwrap_err().to_string();
        assert!(refused.contains("line 2 is not a record"), "{refused}");
    }
}
