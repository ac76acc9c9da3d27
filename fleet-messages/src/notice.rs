//! Says where a people database can be fetched.

use super::{MAX_SMALL_BYTES, MessageError, SCHEMA, read};
use serde::{Deserialize, Serialize};
use shared::gallery::DatabaseDigest;

/// The longest place, in bytes.
pub const MAX_PLACE_BYTES: usize = 2048;

/// A people database that a unit should have. The link fetches exactly these bytes; the unit decides whether it uses them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseNotice {
    schema: u32,
    /// The sequence number in its header.
    pub sequence: u64,
    /// SHA-256 of the file.
    pub digest: DatabaseDigest,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// An `https://` address.
    pub place: String,
    /// The link waits for a random time up to this before it fetches the file, in seconds.
    pub within_seconds: u32,
}

impl DatabaseNotice {
    /// A notice of this file.
    pub fn new(sequence: u64, digest: DatabaseDigest, bytes: u64, place: String, within_seconds: u32) -> Self {
        Self { schema: SCHEMA, sequence, digest, bytes, place, within_seconds }
    }

    /// Reads a payload.
    ///
    /// # Errors
    /// [`MessageError`]
    pub fn parse(payload: &[u8]) -> Result<Self, MessageError> {
        let notice: Self = read(payload, MAX_SMALL_BYTES)?;
        match notice.place.len() {
            found if found > MAX_PLACE_BYTES => Err(MessageError::TooLong { found, most: MAX_PLACE_BYTES }),
            _ => Ok(notice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_read_and_a_place_has_a_largest_length() {
        let notice = |place: usize| DatabaseNotice::new(7, DatabaseDigest([1; 32]), 8, "x".repeat(place), 60);
        let read = |notice: &DatabaseNotice| DatabaseNotice::parse(&serde_json::to_vec(notice).unwrap());
        assert_eq!(read(&notice(MAX_PLACE_BYTES)).unwrap(), notice(MAX_PLACE_BYTES));
        assert!(matches!(read(&notice(MAX_PLACE_BYTES + 1)), Err(MessageError::TooLong { .. })));
    }
}
