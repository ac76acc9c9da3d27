//! What a unit has accepted, so that it never goes back by mistake: the highest sequence number, the two databases that
//! may be used though a higher one was there, and those of them that it used before databases named doors.

use super::read::Refused;
use files::Storage;
use serde::{Deserialize, Serialize};
use shared::gallery::DatabaseDigest;

/// Written since databases name doors; 1 before.
const SCHEMA: u32 = 2;

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
    /// Those of them that a version without audiences accepted: an upgrade must not lock a door's people out.
    #[serde(default)]
    before_audiences: Vec<DatabaseDigest>,
}

/// The part of the file that every version has.
#[derive(Deserialize)]
struct HighestSequence {
    highest_sequence: u64,
}

/// What a unit knows of a file from before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// The lowest sequence number with which it is taken.
    pub(super) least_sequence: u64,
    /// This very unit used this very file before databases named doors.
    pub(super) before_audiences: bool,
}

impl Past {
    /// That of a file that has just come.
    pub(super) fn of_a_new_file(highest_sequence: u64) -> Self {
        Self { least_sequence: highest_sequence, before_audiences: false }
    }
}

impl Ledger {
    /// The next one after `before`, if there was one.
    pub(super) fn after(before: Option<&Self>, highest_sequence: u64, digests: Vec<DatabaseDigest>) -> Self {
        let known = before.map(|before| &before.before_audiences[..]).unwrap_or_default();
        let before_audiences = known.iter().copied().filter(|digest| digests.contains(digest)).collect();
        Self { schema: SCHEMA, highest_sequence, digests, before_audiences }
    }

    /// `None` if there is none, or none that can be read: then the databases themselves say which number is the highest.
    pub(super) fn read(storage: &mut dyn Storage, file: &str) -> Option<Self> {
        match storage.read(file) {
            Ok(None) => None,
            Ok(Some(bytes)) => Self::parse(&bytes)
                .inspect(|ledger| ledger.warn_if_only_the_number_is_known(file))
                .inspect_err(|error| tracing::warn!("{file} cannot be used: {error}; it is rewritten"))
                .ok(),
            Err(error) => {
                tracing::warn!("{file} cannot be read: {error}");
                None
            }
        }
    }

    /// Of a later version only the highest number is taken over, so that it still protects against older databases.
    fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        match serde_json::from_slice::<Self>(bytes) {
            Ok(ledger) if ledger.schema <= SCHEMA => Ok(ledger.brought_up_to_date()),
            Ok(_) | Err(_) => {
                let HighestSequence { highest_sequence } = serde_json::from_slice(bytes)?;
                Ok(Self { schema: SCHEMA, highest_sequence, digests: Vec::new(), before_audiences: Vec::new() })
            }
        }
    }

    fn warn_if_only_the_number_is_known(&self, file: &str) {
        if self.digests.is_empty() {
            tracing::warn!(
                "{file} is of a later version: only databases from number {} on are accepted",
                self.highest_sequence
            );
        }
    }

    pub(super) fn write(&self, storage: &mut dyn Storage, file: &str) -> Result<(), Refused> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        Ok(storage.replace(file, &text)?)
    }

    fn brought_up_to_date(mut self) -> Self {
        if self.schema < SCHEMA {
            self.before_audiences = self.digests.clone();
            self.schema = SCHEMA;
        }
        self
    }

    /// What is known of this file.
    pub(super) fn past_of(&self, digest: DatabaseDigest) -> Past {
        Past {
            least_sequence: if self.digests.contains(&digest) { 0 } else { self.highest_sequence },
            before_audiences: self.before_audiences.contains(&digest),
        }
    }
}
