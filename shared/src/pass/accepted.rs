//! What a people database says about passes: who may issue them, and which are revoked.

use super::PassId;
use crate::seal::PassIssuer;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Largest number of pass keys of a database.
pub const MAX_PASS_ISSUERS: usize = 4;
/// Largest number of revoked passes of a database. Passes that have expired need not be listed.
pub const MAX_REVOKED_PASSES: usize = 10_000;

/// A pass that was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedPass {
    /// Which.
    pub id: PassId,
    /// When it would have ended: the first minute after its validity, since 1970, UTC.
    pub until_minute: u64,
}

/// Who may issue passes, and which passes are revoked. Without an issuer, no pass is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AcceptedPasses {
    issuers: Vec<PassIssuer>,
    revoked: Vec<RevokedPass>,
}

impl AcceptedPasses {
    /// No passes.
    pub const NONE: Self = Self { issuers: Vec::new(), revoked: Vec::new() };

    /// Sorts both. Duplicates count once. `None` if there are too many.
    pub fn new(issuers: Vec<PassIssuer>, revoked: Vec<RevokedPass>) -> Option<Self> {
        let mut accepted = Self { issuers, revoked };
        accepted.issuers.sort_unstable();
        accepted.issuers.dedup();
        accepted.revoked.sort_unstable_by_key(|revoked| revoked.id);
        accepted.revoked.dedup_by_key(|revoked| revoked.id);
        let fits = accepted.issuers.len() <= MAX_PASS_ISSUERS && accepted.revoked.len() <= MAX_REVOKED_PASSES;
        fits.then_some(accepted)
    }

    /// Whether no pass is accepted.
    pub fn is_empty(&self) -> bool {
        self.issuers.is_empty()
    }

    /// The keys of those who may issue passes.
    pub fn issuers(&self) -> &[PassIssuer] {
        &self.issuers
    }

    /// The revoked passes, ordered by id.
    pub fn revoked(&self) -> &[RevokedPass] {
        &self.revoked
    }

    /// Whether the pass with this id is revoked.
    pub fn is_revoked(&self, id: PassId) -> bool {
        self.revoked.binary_search_by_key(&id, |revoked| revoked.id).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_count_once_and_the_number_is_limited() {
        let revoked = |number: usize| RevokedPass {
            id: PassId([0, 0, 0, 0, (number >> 8) as u8, number as u8]),
            until_minute: 5,
        };
        let some = AcceptedPasses::new(Vec::new(), [revoked(7), revoked(2), revoked(7)].to_vec()).unwrap();
        assert_eq!(some.revoked().len(), 2);
        assert!(some.is_revoked(revoked(7).id) && !some.is_revoked(revoked(3).id));
        assert!(some.is_empty() && AcceptedPasses::NONE.is_empty());
        let most = |count| AcceptedPasses::new(Vec::new(), (0..count).map(revoked).collect()).is_some();
        assert_eq!([most(MAX_REVOKED_PASSES), most(MAX_REVOKED_PASSES + 1)], [true, false]);
    }
}
