//! Checks the number of comparisons that an attacker gets. Comparisons without a match are counted from the door's
//! answers, over all lives of the unit, independently of the policy's count of failed attempts. Every eight of them are
//! at least one failed attempt, and must have cost the corresponding delay.

use super::people::number_of;
use crate::loop_turn::Granted;
use policy::{Credential, Reason, Refusal};
use std::collections::HashMap;

const COMPARISONS_PER_ATTEMPT: u64 = 8;

/// A kind of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Comparison {
    /// A face with everybody (identification).
    Face,
    /// A face with the holder of a card (verification).
    CardOf(u8),
}

/// Comparisons of one kind without a match, since the last match.
#[derive(Debug, Clone, Copy)]
struct Unmatched {
    comparisons: u64,
    first_ms: u64,
}

/// The comparisons of all lives.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    unmatched: HashMap<Comparison, Unmatched>,
    /// The memory file when the disk became full.
    kept_before: Option<Option<Vec<u8>>>,
}

impl Attempts {
    /// Notes a refusal. Returns why the face should not have been compared.
    pub(super) fn refused(&mut self, refusal: &Refusal, now_ms: u64) -> Option<String> {
        let comparison = match (refusal.reason, refusal.person) {
            _ if refusal.distance.is_none() => return None,
            (Reason::NotKnown | Reason::Ambiguous, _) => Comparison::Face,
            (Reason::NotCardHolder | Reason::NearerToAnother, Some(person)) => Comparison::CardOf(number_of(person)),
            _ => return None,
        };
        let objection = self.objection(comparison, now_ms);
        let first = Unmatched { comparisons: 0, first_ms: now_ms };
        self.unmatched.entry(comparison).or_insert(first).comparisons += 1;
        objection
    }

    /// Notes a grant. Returns why the face should not have been compared.
    pub(super) fn granted(&mut self, granted: &Granted, now_ms: u64) -> Option<String> {
        let comparison = match granted.credential {
            Credential::Face => Comparison::Face,
            Credential::CardAndFace => Comparison::CardOf(number_of(granted.person)),
            _ => return None,
        };
        let objection = self.objection(comparison, now_ms);
        self.unmatched.remove(&Comparison::Face);
        self.unmatched.remove(&comparison);
        objection
    }

    /// A visitor was let in: the attempts that had not ended do not count.
    pub(super) fn note_visit(&mut self) {
        for unmatched in self.unmatched.values_mut() {
            unmatched.comparisons = unmatched.comparisons.saturating_sub(COMPARISONS_PER_ATTEMPT);
        }
    }

    /// Resets the count, because it is not known what the unit remembers.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Notes the memory file that the unit has on its disk, which may be full.
    pub(super) fn kept(&mut self, is_full: bool, memory: impl FnOnce() -> Option<Vec<u8>>) {
        match &self.kept_before {
            None if is_full => self.kept_before = Some(memory()),
            Some(before) if !is_full && *before != memory() => self.kept_before = None,
            _ => {}
        }
    }

    /// The unit exits, and forgets what it could not save.
    pub(super) fn end_life(&mut self) {
        if self.kept_before.is_some() {
            self.forget();
        }
    }

    fn objection(&self, comparison: Comparison, now_ms: u64) -> Option<String> {
        let Unmatched { comparisons, first_ms } = *self.unmatched.get(&comparison)?;
        let (passed_ms, needed_ms) = (now_ms - first_ms, least_ms(comparison, comparisons / COMPARISONS_PER_ATTEMPT));
        (passed_ms < needed_ms).then(|| {
            format!("{comparison:?}: {comparisons} comparisons without a match in {passed_ms} ms, which must take at least {needed_ms} ms")
        })
    }
}

/// Shortest time for this many failed attempts. The delay after the fifth is 30 s, and doubles with each further one up
/// to 15 min. From the fiftieth on it is 5 min; with a card, the card is blocked permanently.
fn least_ms(comparison: Comparison, failures: u64) -> u64 {
    let wait_ms = |failure: u64| match (comparison, failure) {
        (Comparison::Face, 50..) => 300_000,
        (Comparison::CardOf(_), 50..) => u64::MAX,
        _ => (30_000 << (failure - 5)).min(900_000),
    };
    (5..=failures).map(wait_ms).fold(0, u64::saturating_add)
}
