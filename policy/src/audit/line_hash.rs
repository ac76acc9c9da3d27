//! The hash that ties a line to the next one.

use sha2::{Digest, Sha256};
use shared::hex::hex_text;

/// SHA-256 of a line without its line feed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineHash(pub [u8; 32]);
hex_text!(LineHash, 32);

impl LineHash {
    /// The hash of a line, which is given without its line feed.
    pub fn from_line(line: &[u8]) -> Self {
        Self(Sha256::digest(line).into())
    }
}
