//! How many comparisons somebody gets: those that matched nobody are counted by what the door answered, not as the policy
//! counts failed attempts, over all lives of the unit. Each eight of them must have been a failed attempt at least, and must
//! have cost the waiting that follows from it.

use super::people::number_of;
use crate::turn::Granted;
use policy::{Credential, Reason, Refusal};
use std::collections::HashMap;

const COMPARISONS_OF_AN_ATTEMPT: u64 = 8;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tried {
    /// A face with everybody.
    Face,
    /// A face with the holder of a card.
    CardOf(u8),
}

/// Comparisons of a kind that matched nobody, since one did.
#[derive(Debug, Clone, Copy)]
struct Unmatched {
    comparisons: u64,
    first_ms: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    unmatched: HashMap<Tried, Unmatched>,
    /// What the unit had kept when its disk was full and it could keep no more.
    kept_before: Option<Option<Vec<u8>>>,
}

impl Attempts {
    /// Somebody was refused. Why they should not even have been compared.
    pub(super) fn refused(&mut self, refusal: &Refusal, now_ms: u64) -> Option<String> {
        let tried = match (refusal.reason, refusal.person) {
            _ if refusal.distance.is_none() => return None,
            (Reason::NotKnown | Reason::Ambiguous, _) => Tried::Face,
            (Reason::NotCardHolder | Reason::NearerToAnother, Some(person)) => Tried::CardOf(number_of(person)),
            _ => return None,
        };
        let objection = self.objection(tried, now_ms);
        let first = Unmatched { comparisons: 0, first_ms: now_ms };
        self.unmatched.entry(tried).or_insert(first).comparisons += 1;
        objection
    }

    /// Somebody was let in. Why their face should not have been compared.
    pub(super) fn granted(&mut self, granted: &Granted, now_ms: u64) -> Option<String> {
        let tried = match granted.credential {
            Credential::Face => Tried::Face,
            Credential::CardAndFace => Tried::CardOf(number_of(granted.person)),
            _ => return None,
        };
        let objection = self.objection(tried, now_ms);
        self.unmatched.remove(&Tried::Face);
        self.unmatched.remove(&tried);
        objection
    }

    /// It is not known what the unit remembers.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The unit has this memory on its disk, which may be full.
    pub(super) fn kept(&mut self, is_full: bool, memory: impl FnOnce() -> Option<Vec<u8>>) {
        match &self.kept_before {
            None if is_full => self.kept_before = Some(memory()),
            Some(before) if !is_full && *before != memory() => self.kept_before = None,
            _ => {}
        }
    }

    /// The unit ends. What it could not keep it forgets.
    pub(super) fn end_life(&mut self) {
        if self.kept_before.is_some() {
            self.forget();
        }
    }

    fn objection(&self, tried: Tried, now_ms: u64) -> Option<String> {
        let Unmatched { comparisons, first_ms } = *self.unmatched.get(&tried)?;
        let (passed_ms, needed_ms) = (now_ms - first_ms, least_ms(tried, comparisons / COMPARISONS_OF_AN_ATTEMPT));
        (passed_ms < needed_ms).then(|| {
            format!("{tried:?} is compared after {comparisons} comparisons in vain in {passed_ms} ms, not {needed_ms}")
        })
    }
}

/// How long this many failed attempts take at least: after the fifth, and each that follows, one waits for 30 s, 1 min and so
/// on up to 15 min; after the fiftieth and each that follows for 5 min, and with a card for ever.
fn least_ms(tried: Tried, failures: u64) -> u64 {
    let wait_ms = |failure: u64| match (tried, failure) {
        (Tried::Face, 50..) => 300_000,
        (Tried::CardOf(_), 50..) => u64::MAX,
        _ => (30_000 << (failure - 5)).min(900_000),
    };
    (5..=failures).map(wait_ms).fold(0, u64::saturating_add)
}
