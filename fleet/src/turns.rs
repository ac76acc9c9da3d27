//! Whose turn it is: each unit's next turn comes later than the one before, and by chance, so that the units of a fleet do
//! not answer in step. Knows no clock.

use shared::seal::Fingerprint;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// How soon a turn comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After the first turn.
    pub first: Duration,
    /// At most. It doubles from turn to turn.
    pub longest: Duration,
}

/// The turns of units.
#[derive(Debug)]
pub struct Turns {
    pace: Pace,
    order: BTreeSet<(u64, Fingerprint)>,
    of: HashMap<Fingerprint, Turn>,
}

#[derive(Debug, Clone, Copy)]
struct Turn {
    at_ms: u64,
    tries: u32,
}

impl Turns {
    /// No units yet.
    pub fn at(pace: Pace) -> Self {
        Self { pace, order: BTreeSet::new(), of: HashMap::new() }
    }

    /// It is this unit's turn at this time. If it had turns, they begin anew.
    pub fn add(&mut self, unit: Fingerprint, at_ms: u64) {
        self.set(unit, Turn { at_ms, tries: 0 });
    }

    /// It is this unit's turn at once, if it has turns.
    pub fn hurry(&mut self, unit: Fingerprint, now_ms: u64) {
        if let Some(turn) = self.of.get(&unit).copied() {
            self.set(unit, Turn { at_ms: now_ms.min(turn.at_ms), ..turn });
        }
    }

    /// The unit could not use its turn, and has it again at this time.
    pub fn put_back(&mut self, unit: Fingerprint, at_ms: u64) {
        if let Some(turn) = self.of.get(&unit).copied() {
            self.set(unit, Turn { at_ms, tries: turn.tries.saturating_sub(1) });
        }
    }

    /// The unit has no more turns.
    pub fn remove(&mut self, unit: Fingerprint) {
        if let Some(turn) = self.of.remove(&unit) {
            self.order.remove(&(turn.at_ms, unit));
        }
    }

    /// Whether a unit has turns.
    pub fn has(&self, unit: Fingerprint) -> bool {
        self.of.contains_key(&unit)
    }

    /// How many units have turns.
    pub fn count(&self) -> usize {
        self.of.len()
    }

    /// The units that have turns.
    pub fn units(&self) -> impl Iterator<Item = Fingerprint> {
        self.of.keys().copied()
    }

    /// A unit whose turn it is now. Its next turn comes later.
    pub fn next(&mut self, now_ms: u64) -> Option<Fingerprint> {
        let (at_ms, unit) = *self.order.first()?;
        if at_ms > now_ms {
            return None;
        }
        let tries = self.of.get(&unit).map_or(0, |turn| turn.tries);
        let wait = (self.pace.first * 2_u32.saturating_pow(tries)).min(self.pace.longest);
        let wait = wait.mul_f64(0.75 + fastrand::f64() / 2.0);
        let at_ms = now_ms.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)).max(now_ms + 1);
        self.set(unit, Turn { at_ms, tries: (tries + 1).min(16) });
        Some(unit)
    }

    /// When the next turn comes.
    pub fn next_at_ms(&self) -> Option<u64> {
        self.order.first().map(|(at_ms, _)| *at_ms)
    }

    fn set(&mut self, unit: Fingerprint, turn: Turn) {
        self.remove(unit);
        self.of.insert(unit, turn);
        self.order.insert((turn.at_ms, unit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(number: u8) -> Fingerprint {
        format!("{number:02x}00-0000-0000-0000-0000").parse().unwrap()
    }

    #[test]
    fn turns_come_later_and_later() {
        let mut turns = Turns::at(Pace { first: Duration::from_secs(1), longest: Duration::from_secs(8) });
        turns.add(unit(1), 500);
        assert_eq!(turns.next(499), None);
        let mut now = 500;
        for longest in [1000, 2000, 4000, 8000, 8000, 8000] {
            assert_eq!(turns.next(now), Some(unit(1)));
            assert_eq!(turns.next(now), None);
            let wait = turns.next_at_ms().unwrap() - now;
            assert!(longest * 3 / 4 <= wait && wait <= longest * 5 / 4, "{wait} of {longest}");
            now += wait;
        }
        turns.next(now);
        turns.hurry(unit(1), now + 1);
        assert_eq!(turns.next(now + 1), Some(unit(1)));
        turns.put_back(unit(1), now + 2);
        assert_eq!((turns.next(now + 1), turns.next(now + 2)), (None, Some(unit(1))));
        turns.remove(unit(1));
        assert_eq!((turns.next(u64::MAX - 100_000), turns.next_at_ms(), turns.count()), (None, None, 0));
        turns.hurry(unit(1), 0);
        assert!(!turns.has(unit(1)));
    }

    #[test]
    fn every_unit_has_its_turn() {
        let mut turns = Turns::at(Pace { first: Duration::from_secs(1), longest: Duration::from_secs(1) });
        (0..100).for_each(|number| turns.add(unit(number), 0));
        let mut had: Vec<Fingerprint> = std::iter::from_fn(|| turns.next(0)).collect();
        had.sort_unstable();
        assert_eq!(had, (0..100).map(unit).collect::<Vec<_>>());
    }
}
