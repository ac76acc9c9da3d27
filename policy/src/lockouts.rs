//! Counts failed attempts and imposes lockouts. `attempts` defines a failed attempt.
//!
//! Each [`Kind`] is counted separately, so that passers-by do not lock out people with cards. Only a grant, an
//! administrator or a new card resets a count; a gap, the passing of time or a restart does not. A grant by face resets
//! the count for faces. A grant by card and face resets that of faces and of the card. A grant by card alone resets
//! none.
//!
//! Consecutive failures are limited as NIST SP 800-63B-4, 3.2.3, requires: after [`MAX_FAILURES_OF_A_CLAIM`] a card is
//! refused until an administrator clears the count or the person has a new card. Identification by face claims no
//! account that could be blocked, and passers-by must not block everybody: after [`FAILURES_BEFORE_PACING`] failures,
//! one face every [`PACE_MS`] is judged.

use super::attempts::FRAMES_OF_AN_ATTEMPT;
use super::reason::Reason;
use super::rules::Rules;
use super::tried::{CardIssue, Kind, Tried};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use shared::gallery::{MAX_CARDS, PersonId};

/// After this many failed attempts without a grant, a person's cards are refused until the block is cleared.
pub const MAX_FAILURES_OF_A_CLAIM: u32 = 50;
/// Like [`MAX_FAILURES_OF_A_CLAIM`], at a door where a signal is required of everybody.
pub const MAX_FAILURES_WITH_LIVENESS: u32 = 100;
/// After this many failed attempts by face without a grant, faces are judged one at a time, with a pause between them.
pub const FAILURES_BEFORE_PACING: u32 = 50;
/// The pause between two faces while faces are paced, in milliseconds.
pub const PACE_MS: u64 = 5 * 60_000;
/// Largest number of counts. Beyond it, the card holder with the fewest failures is dropped.
pub const MAX_REMEMBERED: usize = 4096;

/// The number of failed attempts of one kind since the last grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// The kind.
    pub kind: Kind,
    /// The number.
    pub failures: u32,
}

/// Failed attempts of one kind, as saved across restarts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedFailures {
    /// The kind.
    pub kind: Kind,
    /// The number of failed attempts.
    pub failures: u32,
    /// Unmatched judged frames since the last failed attempt. A restart turns any remainder into one failed attempt.
    #[serde(default)]
    pub unmatched: u32,
    /// The cards that were presented, as [`CardIssue`] tells them apart; at most [`MAX_CARDS`].
    #[serde(default)]
    pub cards: Vec<u8>,
    /// The sequence number of the last database that contained them.
    #[serde(default)]
    pub database: u64,
}

/// A lockout: attempts of one kind are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Locked {
    /// The kind and the number of failures.
    pub after: Failures,
    /// When it ends.
    pub ends: LockoutEnd,
}

/// When a lockout ends, unless a grant or an administrator ends it sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockoutEnd {
    /// After this many milliseconds.
    InMs(u64),
    /// Never by itself; one face is judged every this many milliseconds.
    OneFaceEach(u64),
    /// Never by itself: an administrator clears it, or the person has a new card.
    WhenCleared,
}

/// The counts of all kinds.
#[derive(Debug, Clone, Default)]
pub(super) struct Lockouts {
    counts: BTreeMap<Kind, Count>,
    begun: Option<Locked>,
}

#[derive(Debug, Clone, Default)]
struct Count {
    failures: u32,
    unmatched: u32,
    locked_until_ms: u64,
    cards: Vec<u8>,
    database: u64,
}

impl Lockouts {
    /// Restores the counts after a restart. Lockouts in force then restart with their full duration.
    pub(super) fn remembered(remembered: &[RememberedFailures], rules: &Rules, now_ms: u64) -> Self {
        let count = |of: &RememberedFailures| {
            let failures = of.failures.saturating_add(u32::from(of.unmatched > 0));
            let locked_until_ms = locked_until_ms(of.kind, failures, rules, now_ms);
            let cards = of.cards.iter().copied().take(MAX_CARDS).collect();
            (of.kind, Count { failures, unmatched: 0, locked_until_ms, cards, database: of.database })
        };
        let counts = remembered.iter().filter(|of| of.kind != Kind::Card).take(MAX_REMEMBERED).map(count);
        Self { counts: counts.collect(), begun: None }
    }

    pub(super) fn to_remember(&self) -> impl Iterator<Item = RememberedFailures> {
        self.counts.iter().map(|(&kind, count)| {
            let Count { failures, unmatched, ref cards, database, .. } = *count;
            RememberedFailures { kind, failures, unmatched, cards: cards.clone(), database }
        })
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = Failures> {
        let failed = self.counts.iter().filter(|(_, count)| count.failures > 0);
        failed.map(|(&kind, count)| Failures { kind, failures: count.failures })
    }

    /// Handles a clock that went back: no lockout lasts longer than if the last failure had just happened.
    pub(super) fn go_back_to(&mut self, rules: &Rules, now_ms: u64) {
        for (&kind, count) in &mut self.counts {
            let longest = locked_until_ms(kind, count.failures, rules, now_ms);
            count.locked_until_ms = count.locked_until_ms.min(longest);
        }
    }

    /// The reason why attempts of a kind are refused now, if they are.
    pub(super) fn check(&self, kind: Kind, rules: &Rules, now_ms: u64) -> Result<(), Reason> {
        match self.counts.get(&kind).and_then(|count| Some((lockout_end(kind, count.failures, rules)?, count))) {
            Some((LockoutEnd::WhenCleared, _)) => Err(Reason::CardBlocked),
            Some((LockoutEnd::OneFaceEach(_), count)) if now_ms < count.locked_until_ms => Err(Reason::FacesPaced),
            Some((LockoutEnd::InMs(_), count)) if now_ms < count.locked_until_ms => Err(Reason::LockedOut),
            _ => Ok(()),
        }
    }

    /// Whether faces are judged one at a time.
    pub(super) fn are_faces_paced(&self, rules: &Rules) -> bool {
        let count = self.counts.get(&Kind::Face);
        count.is_some_and(|count| {
            matches!(lockout_end(Kind::Face, count.failures, rules), Some(LockoutEnd::OneFaceEach(_)))
        })
    }

    /// Admits one face; the next one must wait.
    pub(super) fn admit_one_face(&mut self, now_ms: u64) {
        if let Some(count) = self.counts.get_mut(&Kind::Face) {
            count.locked_until_ms = now_ms.saturating_add(PACE_MS);
        }
    }

    /// Records a judged frame that matched nobody. Returns whether the frames now make a failed attempt, and whether
    /// this is the first of them.
    pub(super) fn note_unmatched(&mut self, tried: Tried) -> (bool, bool) {
        let count = self.count(tried.kind);
        count.note_card(tried);
        count.unmatched = count.unmatched.saturating_add(1);
        (count.unmatched >= FRAMES_OF_AN_ATTEMPT, count.unmatched == 1)
    }

    pub(super) fn note_failure(&mut self, tried: Tried, rules: &Rules, now_ms: u64) {
        let kind = tried.kind;
        let count = self.count(kind);
        count.note_card(tried);
        count.failures = count.failures.saturating_add(1);
        count.unmatched = 0;
        let failures = count.failures;
        if let Some(ends) = lockout_end(kind, failures, rules) {
            count.locked_until_ms = locked_until_ms(kind, failures, rules, now_ms);
            self.begun = Some(Locked { after: Failures { kind, failures }, ends });
        }
    }

    /// Records a presented card. A card is new if no failed frame or attempt used it, and its database is later than
    /// that of the cards that failed; a new card resets the count. Returns whether it did.
    pub(super) fn note_card(&mut self, person: PersonId, card: CardIssue) -> bool {
        let kind = Kind::CardOf(person);
        let is_new = |count: &Count| card.database > count.database && !count.cards.contains(&card.tag);
        self.counts.get(&kind).is_some_and(is_new) && self.counts.remove(&kind).is_some()
    }

    fn count(&mut self, kind: Kind) -> &mut Count {
        if self.counts.len() >= MAX_REMEMBERED && !self.counts.contains_key(&kind) {
            let of_cards = self.counts.iter().filter(|(kind, _)| matches!(kind, Kind::CardOf(_)));
            let least = of_cards.min_by_key(|(_, count)| count.failures).map(|(&kind, _)| kind);
            least.map(|least| self.counts.remove(&least));
        }
        self.counts.entry(kind).or_default()
    }

    /// Whether there was anything to forget.
    pub(super) fn forget(&mut self, is_forgotten: impl Fn(Kind) -> bool) -> bool {
        let before = self.counts.len();
        self.counts.retain(|&kind, _| !is_forgotten(kind));
        self.counts.len() != before
    }

    /// The lockouts in force.
    pub(super) fn locked(&self, rules: &Rules, now_ms: u64) -> impl Iterator<Item = Locked> {
        self.counts.iter().filter_map(move |(&kind, count)| {
            let after = Failures { kind, failures: count.failures };
            match lockout_end(kind, count.failures, rules)? {
                LockoutEnd::InMs(_) if now_ms >= count.locked_until_ms => None,
                LockoutEnd::InMs(_) => Some(Locked { after, ends: LockoutEnd::InMs(count.locked_until_ms - now_ms) }),
                ends => Some(Locked { after, ends }),
            }
        })
    }

    pub(super) fn take_begun(&mut self) -> Option<Locked> {
        self.begun.take()
    }
}

impl Count {
    /// Records the card of an unmatched frame or failed attempt, if there was one.
    fn note_card(&mut self, Tried { kind, card }: Tried) {
        if matches!(kind, Kind::CardOf(_)) {
            self.database = self.database.max(card.database);
            if !self.cards.contains(&card.tag) && self.cards.len() < MAX_CARDS {
                self.cards.push(card.tag);
            }
        }
    }
}

/// The duration of a lockout: none for the free attempts, then the first duration, doubled with each further failure.
fn lockout_end(kind: Kind, failures: u32, rules: &Rules) -> Option<LockoutEnd> {
    match kind {
        Kind::Card => None,
        Kind::Face if failures >= FAILURES_BEFORE_PACING => Some(LockoutEnd::OneFaceEach(PACE_MS)),
        Kind::CardOf(_) if failures >= most_failures_of_a_claim(rules) => Some(LockoutEnd::WhenCleared),
        Kind::Face | Kind::CardOf(_) => {
            let doublings = failures.checked_sub(rules.lockout_after)?;
            let doubled = 1_u64.checked_shl(doublings).and_then(|times| rules.lockout_ms.checked_mul(times));
            Some(LockoutEnd::InMs(doubled.unwrap_or(u64::MAX).min(rules.lockout_ceiling_ms)))
        }
    }
}

fn most_failures_of_a_claim(rules: &Rules) -> u32 {
    if rules.liveness.required.is_empty() { MAX_FAILURES_OF_A_CLAIM } else { MAX_FAILURES_WITH_LIVENESS }
}

fn locked_until_ms(kind: Kind, failures: u32, rules: &Rules, now_ms: u64) -> u64 {
    match lockout_end(kind, failures, rules) {
        None => 0,
        Some(LockoutEnd::InMs(ms) | LockoutEnd::OneFaceEach(ms)) => now_ms.saturating_add(ms),
        Some(LockoutEnd::WhenCleared) => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LivenessRules, Signal, Signals};
    use std::vec;

    const ADA: PersonId = PersonId([1; 16]);

    fn rules() -> Rules {
        Rules { lockout_after: 3, lockout_ms: 1000, lockout_ceiling_ms: 5000, ..Rules::face_alone(1.0) }
    }

    fn with_card(tag: u8, database: u64) -> Tried {
        Tried { kind: Kind::CardOf(ADA), card: CardIssue { database, tag } }
    }

    fn failed(tried: Tried, times: u32, at_ms: u64) -> Lockouts {
        let mut lockouts = Lockouts::default();
        (0..times).for_each(|_| lockouts.note_failure(tried, &rules(), at_ms));
        lockouts
    }

    /// A regression: an attacker with a found card presented it before every eighth frame and was compared without
    /// limit. Unfinished attempts did not store the card, so each card counted as new.
    #[test]
    fn a_card_presented_again_before_the_attempt_fails_is_no_new_card() {
        let tried = with_card(5, 7);
        let mut lockouts = Lockouts::default();
        let mut failed = 0;
        for frame in 0..80 {
            if frame % 7 == 0 {
                assert!(!lockouts.note_card(ADA, tried.card), "frame {frame}");
            }
            if lockouts.note_unmatched(tried).0 {
                lockouts.note_failure(tried, &rules(), 0);
                failed += 1;
            }
        }
        assert_eq!(failed, 80 / FRAMES_OF_AN_ATTEMPT);
    }

    #[test]
    fn the_time_doubles_up_to_a_ceiling_and_a_limit() {
        use LockoutEnd::{InMs, OneFaceEach, WhenCleared};
        let card = Kind::CardOf(ADA);
        for (kind, failures, expected) in [
            (Kind::Face, 0, None),
            (Kind::Face, 2, None),
            (Kind::Face, 3, Some(InMs(1000))),
            (Kind::Face, 4, Some(InMs(2000))),
            (Kind::Face, 5, Some(InMs(4000))),
            (Kind::Face, 6, Some(InMs(5000))),
            (Kind::Face, 49, Some(InMs(5000))),
            (Kind::Face, 50, Some(OneFaceEach(PACE_MS))),
            (Kind::Face, u32::MAX, Some(OneFaceEach(PACE_MS))),
            (card, 49, Some(InMs(5000))),
            (card, 50, Some(WhenCleared)),
            (Kind::Card, u32::MAX, None),
        ] {
            assert_eq!(lockout_end(kind, failures, &rules()), expected, "{kind:?} {failures}");
        }
        let required = Signals::only(Signal::HeadTurn);
        let with_liveness = Rules { liveness: LivenessRules { required, ..LivenessRules::NONE }, ..rules() };
        assert_eq!(lockout_end(card, 99, &with_liveness), Some(InMs(5000)));
        assert_eq!(lockout_end(card, 100, &with_liveness), Some(WhenCleared));
    }

    #[test]
    fn one_kind_is_locked_out_and_only_for_its_time() {
        let lockouts = failed(Tried::FACE, 3, 100);
        let (ada, refused) = (Kind::CardOf(ADA), Err(Reason::LockedOut));
        for (kind, now_ms, expected) in
            [(Kind::Face, 100, refused), (Kind::Face, 1099, refused), (Kind::Face, 1100, Ok(())), (ada, 100, Ok(()))]
        {
            assert_eq!(lockouts.check(kind, &rules(), now_ms), expected, "{kind:?} at {now_ms}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_does_not_extend_a_lockout() {
        let mut went_back = failed(Tried::FACE, 3, 1_000_000);
        went_back.go_back_to(&rules(), 0);
        assert!(went_back.check(Kind::Face, &rules(), 999).is_err());
        assert!(went_back.check(Kind::Face, &rules(), 1000).is_ok());
    }

    #[test]
    fn lockouts_survive_a_restart() {
        for (failures, unmatched, locked_ms) in [(2, false, 0), (3, false, 1000), (3, true, 2000)] {
            let mut before = failed(Tried::FACE, failures, 777);
            if unmatched {
                before.note_unmatched(Tried::FACE);
            }
            let remembered: Vec<_> = before.to_remember().collect();
            let after = Lockouts::remembered(&remembered, &rules(), 50);
            let counted = Failures { kind: Kind::Face, failures: failures + u32::from(unmatched) };
            assert_eq!(after.failures().collect::<Vec<_>>(), [counted], "what was going on has failed");
            assert!(after.check(Kind::Face, &rules(), 50 + locked_ms).is_ok());
            assert_eq!(after.check(Kind::Face, &rules(), 49 + locked_ms).is_err(), locked_ms > 0, "{failures}");
        }
    }

    #[test]
    fn a_card_stays_blocked_until_there_is_a_new_one() {
        let blocked = failed(with_card(7, 10), 50, 0);
        for (card, is_new) in [
            (CardIssue { tag: 7, database: 10 }, false),
            (CardIssue { tag: 7, database: 11 }, false),
            (CardIssue { tag: 8, database: 10 }, false),
            (CardIssue { tag: 8, database: 9 }, false),
            (CardIssue { tag: 8, database: 11 }, true),
        ] {
            let remembered: Vec<_> = blocked.to_remember().collect();
            let mut lockouts = Lockouts::remembered(&remembered, &rules(), 0);
            assert_eq!(lockouts.check(Kind::CardOf(ADA), &rules(), u64::MAX), Err(Reason::CardBlocked));
            assert_eq!(lockouts.note_card(ADA, card), is_new, "{card:?}");
            assert_eq!(lockouts.check(Kind::CardOf(ADA), &rules(), 0).is_ok(), is_new, "{card:?}");
        }
    }

    #[test]
    fn many_stolen_cards_do_not_displace_the_count_of_faces() {
        let mut lockouts = failed(Tried::FACE, 2, 0);
        for number in 0..5000_u32 {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_le_bytes());
            let tried = Tried { kind: Kind::CardOf(PersonId(id)), ..Tried::FACE };
            lockouts.note_failure(tried, &rules(), 0);
        }
        assert_eq!(lockouts.failures().count(), MAX_REMEMBERED);
        assert_eq!(lockouts.failures().next(), Some(Failures { kind: Kind::Face, failures: 2 }));
    }

    #[test]
    fn the_memory_of_an_earlier_version_is_read() {
        let json = r#"[{"kind":"face","failures":4},{"kind":"card","failures":3}]"#;
        let remembered: Vec<RememberedFailures> = serde_json::from_str(json).unwrap();
        let lockouts = Lockouts::remembered(&remembered, &rules(), 0);
        assert_eq!(lockouts.failures().collect::<Vec<_>>(), vec![Failures { kind: Kind::Face, failures: 4 }]);
    }
}
