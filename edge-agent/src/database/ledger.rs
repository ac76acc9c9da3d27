//! The ledger of accepted databases, which prevents an accidental return to an older one: the highest sequence number,
//! the two databases that may be used although they are older, and those of them that were accepted before databases
//! had audiences.

use super::refused::Refused;
use files::Storage;
use serde::{Deserialize, Serialize};
use shared::gallery::DatabaseDigest;

/// Version of the file format. Version 1 is older than audiences.
const SCHEMA: u32 = 2;

/// The content of `people.db.accepted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    schema: u32,
    /// Databases with a lower number are refused, unless a rollback names them.
    pub(super) highest_sequence: u64,
    /// SHA-256 of the database in use and of the previous one. They may have lower numbers, because they were used
    /// before or a rollback named one of them.
    digests: Vec<DatabaseDigest>,
    /// Those of `digests` that a version without audiences accepted: an upgrade must not lock people out.
    #[serde(default)]
    before_audiences: Vec<DatabaseDigest>,
}

/// The field that all versions of the file have.
#[derive(Deserialize)]
struct HighestSequence {
    highest_sequence: u64,
}

/// What the ledger says about a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// The lowest sequence number that is accepted.
    pub(super) least_sequence: u64,
    /// This unit used this file before databases had audiences.
    pub(super) before_audiences: bool,
}

impl Past {
    /// The entry of a new file.
    pub(super) fn new_file(highest_sequence: u64) -> Self {
        Self { least_sequence: highest_sequence, before_audiences: false }
    }
}

impl Ledger {
    /// The ledger that follows `before`, if there was one.
    pub(super) fn after(before: Option<&Self>, highest_sequence: u64, digests: Vec<DatabaseDigest>) -> Self {
        let known = before.map(|before| &before.before_audiences[..]).unwrap_or_default();
        let before_audiences = known.iter().copied().filter(|digest| digests.contains(digest)).collect();
        Self { schema: SCHEMA, highest_sequence, digests, before_audiences }
    }

    /// Reads the ledger. `None` if it is missing or unreadable; then the databases themselves give the highest number.
    pub(super) fn read(storage: &mut dyn Storage, file: &str) -> Option<Self> {
        match storage.read(file) {
            Ok(None) => None,
            Ok(Some(bytes)) => Self::parse(&bytes)
                .inspect(|ledger| ledger.warn_if_from_a_later_version(file))
                .inspect_err(|error| tracing::warn!("{file} cannot be used: {error}; it is rewritten"))
                .ok(),
            Err(error) => {
                tracing::warn!("{file} cannot be read: {error}");
                None
            }
        }
    }

    /// Parses the ledger. From a later version it takes only the highest number, which still protects against older
    /// databases.
    fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        match serde_json::from_slice::<Self>(bytes) {
            Ok(ledger) if ledger.schema <= SCHEMA => Ok(ledger.upgraded()),
            Ok(_) | Err(_) => {
                let HighestSequence { highest_sequence } = serde_json::from_slice(bytes)?;
                Ok(Self { schema: SCHEMA, highest_sequence, digests: Vec::new(), before_audiences: Vec::new() })
            }
        }
    }

    fn warn_if_from_a_later_version(&self, file: &str) {
        if self.digests.is_empty() {
            tracing::warn!(
                "{file} is from a later version: only databases with a sequence number of at least {} are accepted",
                self.highest_sequence
            );
        }
    }

    pub(super) fn write(&self, storage: &mut dyn Storage, file: &str) -> Result<(), Refused> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        Ok(storage.replace(file, &text)?)
    }

    fn upgraded(mut self) -> Self {
        if self.schema < SCHEMA {
            self.before_audiences = self.digests.clone();
            self.schema = SCHEMA;
        }
        self
    }

    /// What the ledger says about the file with this digest.
    pub(super) fn past_of(&self, digest: DatabaseDigest) -> Past {
        Past {
            least_sequence: if self.digests.contains(&digest) { 0 } else { self.highest_sequence },
            before_audiences: self.before_audiences.contains(&digest),
        }
    }
}
