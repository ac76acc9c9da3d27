//! Anti-passback: who went through the door a short while ago, so that their face or card does not let in a second person.
//!
//! The age of a passage is measured on the unit's monotonic clock, so setting the time has no effect. Only passages
//! from before a restart depend on the wall clock, and only if it was trusted both times; otherwise they count from the
//! restart. A wrong clock can therefore keep people out longer, but never let them in sooner.

use super::observation::{ClockTrust, Now};
use alloc::collections::BTreeMap;
use serde::{Deserialize, Serialize};
use shared::gallery::PersonId;

/// The most passages that are remembered. Beyond it, the oldest is forgotten.
pub const MAX_PASSAGES: usize = 4096;

/// Where a door leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Into what it protects.
    In,
    /// Out of it.
    Out,
}

/// The rule of a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AntiPassback {
    /// Where this door leads.
    pub direction: Direction,
    /// Milliseconds after which a passage no longer counts, at least 1.
    pub for_ms: u64,
}

/// Somebody was let through the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Who.
    pub person: PersonId,
    /// Where to.
    pub direction: Direction,
    /// When, milliseconds since 1970, UTC, as far as the unit knew.
    pub utc_ms: i64,
    /// Whether it knew.
    #[serde(default)]
    pub clock_was_right: bool,
}

/// The last passage of each person.
#[derive(Debug, Clone, Default)]
pub(super) struct Passages {
    last: BTreeMap<PersonId, Passed>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    passage: Passage,
    /// When the unit learnt of it, on its monotonic clock.
    known_since_ms: u64,
    is_remembered: bool,
}

impl Passages {
    /// Restores the passages from before a restart.
    pub(super) fn remembered(passages: &[Passage], now_ms: u64) -> Self {
        let mut all = Self::default();
        for passage in passages {
            all.insert(Passed { passage: *passage, known_since_ms: now_ms, is_remembered: true });
        }
        all
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Passage> {
        self.last.values().map(|passed| passed.passage)
    }

    /// Records that somebody goes through now, and drops expired passages.
    pub(super) fn note(&mut self, person: PersonId, rule: AntiPassback, now: &Now) {
        let (utc_ms, clock_was_right) = (now.utc_ms, now.clock == ClockTrust::Trusted);
        let passage = Passage { person, direction: rule.direction, utc_ms, clock_was_right };
        self.last.retain(|_, passed| passed.age_ms(now) < rule.for_ms);
        self.insert(Passed { passage, known_since_ms: now.monotonic_ms, is_remembered: false });
    }

    fn insert(&mut self, passed: Passed) {
        let person = passed.passage.person;
        if self.last.len() >= MAX_PASSAGES && !self.last.contains_key(&person) {
            let age = |passed: &Passed| (passed.known_since_ms, passed.passage.utc_ms);
            let oldest = self.last.iter().min_by_key(|(_, passed)| age(passed)).map(|(&person, _)| person);
            oldest.map(|oldest| self.last.remove(&oldest));
        }
        self.last.insert(person, passed);
    }

    /// Restores the person's previous passage, or removes the current one.
    pub(super) fn put_back(&mut self, person: PersonId, before: Option<Passed>) {
        match before {
            Some(passed) => self.last.insert(person, passed),
            None => self.last.remove(&person),
        };
    }

    pub(super) fn last_of(&self, person: PersonId) -> Option<Passed> {
        self.last.get(&person).copied()
    }

    /// Handles a monotonic clock that went back: later passages count as now.
    pub(super) fn go_back_to(&mut self, now_ms: u64) {
        for passed in self.last.values_mut() {
            passed.known_since_ms = passed.known_since_ms.min(now_ms);
        }
    }

    /// Whether the person went the same way a short while ago.
    pub(super) fn blocks(&self, person: PersonId, rule: AntiPassback, now: &Now) -> bool {
        let went_the_same_way = |passed: &&Passed| passed.passage.direction == rule.direction;
        self.last.get(&person).filter(went_the_same_way).is_some_and(|passed| passed.age_ms(now) < rule.for_ms)
    }
}

impl Passed {
    /// The least number of milliseconds that must have passed since.
    fn age_ms(&self, now: &Now) -> u64 {
        let here_ms = now.monotonic_ms.saturating_sub(self.known_since_ms);
        let clocks_were_right = self.passage.clock_was_right && now.clock == ClockTrust::Trusted;
        match u64::try_from(now.utc_ms.saturating_sub(self.passage.utc_ms)) {
            Ok(by_clock_ms) if self.is_remembered && clocks_were_right => here_ms.max(by_clock_ms),
            _ => here_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);
    const RULE: AntiPassback = AntiPassback { direction: Direction::In, for_ms: 1000 };

    #[test]
    fn a_repeated_passage_is_refused_whatever_the_wall_clock_says() {
        for (then_utc_ms, now_utc_ms) in [(0, 500), (i64::MAX, 0), (0, i64::MAX), (i64::MIN, i64::MAX)] {
            let mut passages = Passages::default();
            passages.note(ADA, RULE, &Now::trusted(then_utc_ms, 100));
            for (person, direction, monotonic_ms, expected) in [
                (ADA, Direction::In, 100, true),
                (ADA, Direction::In, 1099, true),
                (ADA, Direction::In, 1100, false),
                (ADA, Direction::Out, 500, false),
                (BEN, Direction::In, 500, false),
            ] {
                let rule = AntiPassback { direction, ..RULE };
                let barred = passages.blocks(person, rule, &Now::trusted(now_utc_ms, monotonic_ms));
                assert_eq!(barred, expected, "{then_utc_ms} {now_utc_ms} {monotonic_ms}");
            }
        }
    }

    #[test]
    fn what_was_remembered_counts_from_the_restart_unless_both_clocks_were_right() {
        let (right, wrong) = (Now::trusted(10_500, 50), Now::new(10_500, 50));
        for (utc_ms, clock_was_right, now, expected) in [
            (10_000, true, right, true),
            (9_000, true, right, false),
            (9_000, true, wrong, true),
            (9_000, false, right, true),
            (i64::MAX, true, right, true),
            (i64::MIN, true, right, false),
        ] {
            let passage = Passage { person: ADA, direction: Direction::In, utc_ms, clock_was_right };
            let passages = Passages::remembered(&[passage], 0);
            assert_eq!(passages.blocks(ADA, RULE, &now), expected, "{utc_ms} {clock_was_right} {now:?}");
            assert!(!passages.blocks(ADA, RULE, &Now { monotonic_ms: 1000, ..now }), "in the end it is over");
        }
    }

    #[test]
    fn a_passage_of_the_future_does_not_keep_later_ones_from_being_known() {
        let passage = Passage { person: ADA, direction: Direction::In, utc_ms: i64::MAX, clock_was_right: true };
        let mut passages = Passages::remembered(&[passage], 0);
        passages.note(ADA, RULE, &Now::trusted(5000, 5000));
        assert!(passages.blocks(ADA, RULE, &Now::trusted(5999, 5999)));
        passages.go_back_to(10);
        assert!(passages.blocks(ADA, RULE, &Now::trusted(0, 10)));
        assert!(!passages.blocks(ADA, RULE, &Now::trusted(0, 1010)));
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut all = Passages::default();
        let person = |number: usize| {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&(number as u64).to_le_bytes());
            PersonId(id)
        };
        for number in 0..=MAX_PASSAGES {
            let rule = AntiPassback { for_ms: u64::MAX, ..RULE };
            all.note(person(number), rule, &Now::trusted(0, number as u64));
        }
        assert_eq!(all.iter().count(), MAX_PASSAGES);
        assert!(all.last_of(person(0)).is_none());
        assert!(all.last_of(person(1)).is_some() && all.last_of(person(MAX_PASSAGES)).is_some());
    }
}
