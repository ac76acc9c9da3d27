//! Failed attempts, and how long nobody may try again after too many of them.
//!
//! A *failed attempt* is a face that was good enough to be judged and was at the door for [`Rules::attempt_ms`] without
//! being matched, once for each approach and again for each [`LONG_STAY_MS`] that it goes on; or a card that is nobody's.
//! Attempts of each [`Kind`] are counted by themselves, so that passers-by do not keep out whoever has a card. A face
//! that matches ends the count of its kind, and a card with its own matching face that of all; a card alone ends none.

use super::rules::Rules;
use crate::gallery::PersonId;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// An approach of somebody who is not matched is a new attempt after so many milliseconds: else whoever shows one
/// picture after the other would have all day for them.
pub const LONG_STAY_MS: u64 = 30_000;
/// The most kinds of attempts that are remembered at a time: faces, cards, and the holders of this many cards less two.
pub const MAX_REMEMBERED: usize = 64;

/// What was tried in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A face among all enrolled.
    Face,
    /// A card, whosever.
    Card,
    /// The face that belongs to the card of this person.
    CardOf(PersonId),
}

/// So many failed attempts of a kind, none of which a match followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// Of this kind.
    pub kind: Kind,
    /// How many.
    pub failures: u32,
}

/// The beginning of a time in which one kind of attempt is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// What is refused, and after how many failed attempts.
    pub after: Failures,
    /// For how many milliseconds.
    pub for_ms: u64,
}

/// Attempts of one kind are refused now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Locked {
    /// Of this kind, after this many failures.
    pub after: Failures,
    /// Until when.
    pub ends: LockoutEnd,
}

/// When a lockout ends, unless a grant or an administrator ends it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockoutEnd {
    /// After this many milliseconds.
    InMs(u64),
    /// Never by itself: an administrator clears it, or the person has a new card.
    WhenCleared,
}

/// The counts of all kinds.
#[derive(Debug, Default)]
pub(super) struct Lockouts {
    counts: Vec<Count, MAX_REMEMBERED>,
    begun: Option<Lockout>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    of: Failures,
    last_ms: u64,
    locked_until_ms: u64,
}

impl Lockouts {
    /// What was counted before a restart. What was locked out then is so again, for as long.
    pub(super) fn remembered(failures: &[Failures], rules: &Rules, now_ms: u64) -> Self {
        let count = |of: &Failures| {
            let locked_until_ms = lockout_ms(of.failures, rules).map_or(0, |ms| now_ms.saturating_add(ms));
            Count { of: *of, last_ms: now_ms, locked_until_ms }
        };
        Self { counts: failures.iter().take(MAX_REMEMBERED).map(count).collect(), begun: None }
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = Failures> {
        self.counts.iter().map(|count| count.of)
    }

    /// Forgets attempts if for as long as the longest lockout there was none, and none was refused. A clock that went back begins to count anew.
    pub(super) fn let_time_pass(&mut self, rules: &Rules, now_ms: u64) -> bool {
        let before = self.counts.len();
        for count in &mut self.counts {
            let longest = now_ms.saturating_add(lockout_ms(count.of.failures, rules).unwrap_or(0));
            (count.last_ms, count.locked_until_ms) = (count.last_ms.min(now_ms), count.locked_until_ms.min(longest));
        }
        let quiet_since_ms = |count: &Count| count.last_ms.max(count.locked_until_ms);
        self.counts.retain(|count| now_ms.saturating_sub(quiet_since_ms(count)) < rules.lockout_ceiling_ms);
        self.counts.len() != before
    }

    pub(super) fn is_locked_out(&self, kind: Kind, now_ms: u64) -> bool {
        self.counts.iter().any(|count| count.of.kind == kind && now_ms < count.locked_until_ms)
    }

    pub(super) fn note_failure(&mut self, kind: Kind, rules: &Rules, now_ms: u64) {
        let index = self.counts.iter().position(|count| count.of.kind == kind).unwrap_or_else(|| self.make_room(kind));
        let count = &mut self.counts[index];
        count.of.failures = count.of.failures.saturating_add(1);
        count.last_ms = now_ms;
        if let Some(for_ms) = lockout_ms(count.of.failures, rules) {
            count.locked_until_ms = now_ms.saturating_add(for_ms);
            self.begun = Some(Lockout { after: count.of, for_ms });
        }
    }

    /// In place of the holder of a card with the fewest failures, if need be.
    fn make_room(&mut self, kind: Kind) -> usize {
        let new = Count { of: Failures { kind, failures: 0 }, last_ms: 0, locked_until_ms: 0 };
        if self.counts.push(new).is_ok() {
            return self.counts.len() - 1;
        }
        let of_cards = self.counts.iter().enumerate().filter(|(_, count)| matches!(count.of.kind, Kind::CardOf(_)));
        let least = of_cards.min_by_key(|(_, count)| (count.of.failures, count.last_ms)).map_or(0, |(index, _)| index);
        self.counts[least] = new;
        least
    }

    /// Whether there was anything to forget.
    pub(super) fn forget(&mut self, forgotten: impl Fn(Kind) -> bool) -> bool {
        let before = self.counts.len();
        self.counts.retain(|count| !forgotten(count.of.kind));
        self.counts.len() != before
    }

    /// What is refused now.
    pub(super) fn locked(&self, now_ms: u64) -> impl Iterator<Item = Locked> {
        let ends = move |count: &Count| LockoutEnd::InMs(count.locked_until_ms.saturating_sub(now_ms));
        let is_locked = move |count: &&Count| now_ms < count.locked_until_ms;
        self.counts.iter().filter(is_locked).map(move |count| Locked { after: count.of, ends: ends(count) })
    }

    pub(super) fn take_begun(&mut self) -> Option<Lockout> {
        self.begun.take()
    }
}

/// None up to the last attempt that is free; then the first time, and twice as long with each further attempt.
fn lockout_ms(failures: u32, rules: &Rules) -> Option<u64> {
    let doublings = failures.checked_sub(rules.lockout_after)?;
    let doubled = 1_u64.checked_shl(doublings).and_then(|times| rules.lockout_ms.checked_mul(times));
    Some(doubled.unwrap_or(u64::MAX).min(rules.lockout_ceiling_ms))
}

/// How long somebody has been at the door without being matched.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    unmatched: Option<Unmatched>,
}

#[derive(Debug, Clone, Copy)]
struct Unmatched {
    kind: Kind,
    since_ms: u64,
    /// Milliseconds after the beginning at which it is a failed attempt, again.
    fails_after_ms: u64,
}

impl Attempt {
    /// A face was judged, and not matched. Whether this is a failed attempt now.
    pub(super) fn goes_on(&mut self, kind: Kind, rules: &Rules, now_ms: u64) -> bool {
        let begin = Unmatched { kind, since_ms: now_ms, fails_after_ms: rules.attempt_ms };
        let unmatched = self.unmatched.get_or_insert(begin);
        if unmatched.kind != kind {
            *unmatched = begin;
        }
        unmatched.since_ms = unmatched.since_ms.min(now_ms);
        let fails = now_ms - unmatched.since_ms >= unmatched.fails_after_ms;
        if fails {
            unmatched.fails_after_ms = (now_ms - unmatched.since_ms).saturating_add(LONG_STAY_MS);
        }
        fails
    }

    /// Somebody was matched, or nobody is there any more.
    pub(super) fn end(&mut self) {
        self.unmatched = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec as List;

    const ADA: Kind = Kind::CardOf(PersonId([1; 16]));

    fn rules() -> Rules {
        Rules { lockout_after: 3, lockout_ms: 1000, lockout_ceiling_ms: 5000, ..Rules::new(1.0) }
    }

    fn failed(times: u32, at_ms: u64) -> Lockouts {
        let mut lockouts = Lockouts::default();
        (0..times).for_each(|_| lockouts.note_failure(Kind::Face, &rules(), at_ms));
        lockouts
    }

    #[test]
    fn the_time_doubles_up_to_a_ceiling() {
        for (failures, expected) in [
            (0, None),
            (2, None),
            (3, Some(1000)),
            (4, Some(2000)),
            (5, Some(4000)),
            (6, Some(5000)),
            (67, Some(5000)),
            (u32::MAX, Some(5000)),
        ] {
            assert_eq!(lockout_ms(failures, &rules()), expected, "{failures}");
            let begun = failed(failures.min(70), 0).take_begun();
            let after = Failures { kind: Kind::Face, failures: failures.min(70) };
            assert_eq!(begun, expected.map(|for_ms| Lockout { after, for_ms }), "{failures}");
        }
    }

    #[test]
    fn one_kind_is_locked_out_and_only_for_its_time() {
        let lockouts = failed(3, 100);
        for (kind, now_ms, expected) in [
            (Kind::Face, 100, true),
            (Kind::Face, 1099, true),
            (Kind::Face, 1100, false),
            (Kind::Card, 100, false),
            (ADA, 100, false),
        ] {
            assert_eq!(lockouts.is_locked_out(kind, now_ms), expected, "{kind:?} at {now_ms}");
        }
    }

    #[test]
    fn old_attempts_are_forgotten_and_a_lockout_is_not_cut_short() {
        for (now_ms, remembered) in [(5099, true), (5100, false)] {
            let mut lockouts = failed(2, 100);
            assert_eq!(lockouts.let_time_pass(&rules(), now_ms), !remembered);
            assert_eq!(lockouts.failures().count(), usize::from(remembered), "{now_ms}");
        }
        let mut went_back = failed(3, 1_000_000);
        went_back.let_time_pass(&rules(), 0);
        assert!(went_back.is_locked_out(Kind::Face, 999) && !went_back.is_locked_out(Kind::Face, 1000));
    }

    #[test]
    fn what_was_locked_out_before_a_restart_is_so_again() {
        for (failures, locked_until) in [(2, 0), (3, 1000), (4, 2000)] {
            let before: List<Failures> = failed(failures, 777).failures().collect();
            let after = Lockouts::remembered(&before, &rules(), 50);
            assert_eq!(after.failures().collect::<List<_>>(), before);
            assert!(!after.is_locked_out(Kind::Face, 50 + locked_until));
            assert_eq!(after.is_locked_out(Kind::Face, 49 + locked_until), locked_until > 0, "{failures}");
        }
    }

    #[test]
    fn many_stolen_cards_do_not_push_out_what_is_counted_of_faces() {
        let mut lockouts = failed(2, 0);
        for number in 0..100 {
            lockouts.note_failure(Kind::CardOf(PersonId([number; 16])), &rules(), u64::from(number));
        }
        assert_eq!(lockouts.failures().count(), MAX_REMEMBERED);
        assert_eq!(lockouts.failures().next(), Some(Failures { kind: Kind::Face, failures: 2 }));
    }

    #[test]
    fn a_long_stay_is_an_attempt_again_and_again() {
        let rules = Rules { attempt_ms: 2000, ..rules() };
        let mut attempt = Attempt::default();
        let failures: List<u64> =
            (0..100).map(|step| step * 1000).filter(|&ms| attempt.goes_on(Kind::Face, &rules, ms)).collect();
        assert_eq!(failures, [2000, 32_000, 62_000, 92_000]);
    }

    #[test]
    fn whoever_is_matched_or_tries_something_else_begins_anew() {
        let rules = Rules { attempt_ms: 2000, ..rules() };
        let mut attempt = Attempt::default();
        assert!(!attempt.goes_on(Kind::Face, &rules, 0));
        assert!(!attempt.goes_on(ADA, &rules, 1900));
        assert!(!attempt.goes_on(ADA, &rules, 3800));
        attempt.end();
        assert!(!attempt.goes_on(ADA, &rules, 4000));
        assert!(attempt.goes_on(ADA, &rules, 6000));
        assert!(!attempt.goes_on(ADA, &rules, 0), "the clock went back");
    }
}
