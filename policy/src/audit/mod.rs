//! What is kept of a decision: one record for each approach and each event, one line of JSON each, each with the hash of
//! the line before. Where the lines are stored, rotated and signed is for the programs; nothing here knows a name, only
//! person ids.
//!
//! A line has the keys `schema` (1), `sequence` (from 1), `utc_ms`, `boot` and `event`, then those of the [`Event`], then
//! `previous` (SHA-256 of the line before, without its line feed; zeros in the first line) and `checksum` (CRC-32 of the
//! line before this key). The chain finds what somebody changed; the checksum finds damage in the very line that has
//! it, also in the last one, which no other line vouches for yet. Neither finds a tail that was cut off at a line, nor a
//! log that was written anew as a whole: for that a [`Head`] must be kept elsewhere. The device signs heads into the chain and
//! beside it; how is the program's affair, what it signs is [`Head::signed_bytes`].

mod chain;
mod event;
mod part;
mod record;
mod signature;
mod verify;

pub use chain::{Chain, Head, NextLine, SIGNED_PREFIX};
pub use event::{Event, MAX_CODE_BYTES, MAX_USB_PORT_BYTES, MAX_VERSION_BYTES};
pub use part::Part;
pub use record::{BootId, LineHash, LineProblem, MAX_LINE_BYTES, Record, RecordError, SCHEMA};
pub use signature::HeadSignature;
pub use verify::{ChainError, Summary, TornLine, Verifier, verify};

#[cfg(test)]
mod tests;
