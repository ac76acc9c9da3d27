//! Anti-passback: who went through a door a short while ago, so that their face or card does not let in a second
//! person, here or at another door.
//!
//! Doors lead *in* or *out*. Whoever was let in is not let in again until they were let out, or the time is over: people
//! also leave by ways that no unit sees.

use super::observation::Now;
use crate::gallery::PersonId;
use alloc::collections::BTreeMap;
use serde::{Deserialize, Serialize};

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
    /// Milliseconds after which a passage counts no more, at least 1.
    pub for_ms: u64,
}

/// Somebody was let through a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Who.
    pub person: PersonId,
    /// Where to.
    pub direction: Direction,
    /// When, milliseconds since 1970, UTC: the one time that two units have in common.
    pub utc_ms: i64,
}

/// The last passage of each person.
#[derive(Debug, Default)]
pub(super) struct Passages {
    last: BTreeMap<PersonId, (Direction, i64)>,
}

impl Passages {
    pub(super) fn of(passages: &[Passage]) -> Self {
        let mut all = Self::default();
        passages.iter().for_each(|passage| all.hear_of(passage));
        all
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Passage> {
        self.last.iter().map(|(&person, &(direction, utc_ms))| Passage { person, direction, utc_ms })
    }

    /// A passage counts unless a later one of the person is known.
    pub(super) fn hear_of(&mut self, passage: &Passage) {
        let Passage { person, direction, utc_ms } = *passage;
        if self.last.get(&person).is_some_and(|(_, known)| *known > utc_ms) {
            return;
        }
        if self.last.len() >= MAX_PASSAGES && !self.last.contains_key(&person) {
            let oldest = self.last.iter().min_by_key(|(_, (_, utc_ms))| *utc_ms).map(|(&person, _)| person);
            oldest.map(|oldest| self.last.remove(&oldest));
        }
        self.last.insert(person, (direction, utc_ms));
    }

    /// In place of what is known of the person.
    pub(super) fn put_back(&mut self, person: PersonId, passage: Option<Passage>) {
        match passage {
            Some(Passage { direction, utc_ms, .. }) => self.last.insert(person, (direction, utc_ms)),
            None => self.last.remove(&person),
        };
    }

    pub(super) fn last_of(&self, person: PersonId) -> Option<Passage> {
        self.last.get(&person).map(|&(direction, utc_ms)| Passage { person, direction, utc_ms })
    }

    /// Whether the person went the same way a short while ago. What lies in the future tells of a clock that was wrong,
    /// and counts no more.
    pub(super) fn bars(&self, person: PersonId, rule: AntiPassback, now: &Now) -> bool {
        self.last.get(&person).is_some_and(|&(direction, utc_ms)| {
            let ago_ms = now.utc_ms.saturating_sub(utc_ms);
            direction == rule.direction && u64::try_from(ago_ms).is_ok_and(|ago_ms| ago_ms < rule.for_ms)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);

    fn passage(person: PersonId, direction: Direction, utc_ms: i64) -> Passage {
        Passage { person, direction, utc_ms }
    }

    #[test]
    fn nobody_goes_the_same_way_twice_in_a_short_while() {
        use Direction::{In, Out};
        let cases = [
            (&[][..], In, 500, false),
            (&[passage(ADA, In, 0)], In, 0, true),
            (&[passage(ADA, In, 0)], In, 999, true),
            (&[passage(ADA, In, 0)], In, 1000, false),
            (&[passage(ADA, In, 0)], Out, 500, false),
            (&[passage(BEN, In, 0)], In, 500, false),
            (&[passage(ADA, In, 0), passage(ADA, Out, 100)], In, 500, false),
            (&[passage(ADA, Out, 100), passage(ADA, In, 0)], In, 500, false),
            (&[passage(ADA, In, 501)], In, 500, false),
        ];
        for (passages, direction, utc_ms, expected) in cases {
            let rule = AntiPassback { direction, for_ms: 1000 };
            let barred = Passages::of(passages).bars(ADA, rule, &Now::new(utc_ms, 0));
            assert_eq!(barred, expected, "{passages:?} then {direction:?} at {utc_ms}");
        }
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
            all.hear_of(&passage(person(number), Direction::In, number as i64));
        }
        assert_eq!(all.iter().count(), MAX_PASSAGES);
        assert_eq!(all.last_of(person(0)), None);
        assert!(all.last_of(person(1)).is_some() && all.last_of(person(MAX_PASSAGES)).is_some());
    }
}
