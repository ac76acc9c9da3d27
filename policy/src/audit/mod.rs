//! The audit log's format: one record for each approach and each event, as one line of JSON that contains the hash of
//! the previous line. The programs store, rotate and sign the lines. Records contain person ids, never names.
//!
//! A line has the keys `schema` (1), `sequence` (from 1), `utc_ms`, `boot` and `event`, then those of the [`Event`], then
//! `previous` (SHA-256 of the line before, without its line feed; zeros in the first line) and `checksum` (CRC-32 of the
//! line before this key). The chain reveals changes; the checksum reveals damage in the line that carries
//! it, including the last one, which no later line covers yet. Neither reveals a tail cut off at a line boundary, nor a
//! log that was rewritten as a whole: for that, a [`Head`] must be kept elsewhere. The device signs heads into the
//! chain and beside it. It signs [`Head::signed_bytes`]; the programs hold the key.

mod chain;
mod chain_check;
mod event;
mod journal;
mod line_hash;
mod part;
mod record;
mod signature;

pub use chain::{Chain, Head, NextLine, SIGNED_PREFIX};
pub use chain_check::{ChainError, Summary, TornLine, Verifier, verify};
pub use event::{Event, MAX_CODE_BYTES, MAX_USB_PORT_BYTES, MAX_VERSION_BYTES};
pub use line_hash::LineHash;
pub use part::Part;
pub use record::{BootId, LineProblem, MAX_LINE_BYTES, Record, RecordError, SCHEMA};
pub use signature::HeadSignature;

#[cfg(test)]
mod tests;
