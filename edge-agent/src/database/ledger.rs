//! What a unit has accepted, so that it never goes back by mistake: the highest sequence number, and the two databases
//! that may be used though a higher one was there.

use super::read::Refused;
use crate::storage::Storage;
use serde::{Deserialize, Serialize};
use shared::gallery::DatabaseDigest;

/// The content of `people.db.accepted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    schema: u32,
    /// Nothing lower is taken, unless it is asked for by name.
    pub(super) highest_sequence: u64,
    /// SHA-256 of the database in use and of the one before, which may have lower numbers: they were used before, or
    /// somebody went back to one of them by name.
    digests: Vec<DatabaseDigest>,
}

impl Ledger {
    pub(super) fn new(highest_sequence: u64, digests: Vec<DatabaseDigest>) -> Self {
        Self { schema: 1, highest_sequence, digests }
    }

    /// `None` if there is none, or none that can be read: then the databases themselves say which number is the highest.
    pub(super) fn read(storage: &mut dyn Storage, file: &str) -> Option<Self> {
        match storage.read(file) {
            Ok(None) => None,
            Ok(Some(bytes)) => serde_json::from_slice(&bytes)
                .inspect_err(|error| tracing::warn!("{file} cannot be used: {error}; it is written anew"))
                .ok(),
            Err(error) => {
                tracing::warn!("{file} cannot be read: {error}");
                None
            }
        }
    }

    pub(super) fn write(&self, storage: &mut dyn Storage, file: &str) -> Result<(), Refused> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        Ok(storage.replace(file, &text)?)
    }

    /// The lowest sequence number with which this file is taken.
    pub(super) fn least_sequence_of(&self, bytes: &[u8]) -> u64 {
        if self.digests.contains(&DatabaseDigest::of(bytes)) { 0 } else { self.highest_sequence }
    }
}
