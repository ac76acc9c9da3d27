//! When schedules were opened by somebody's entry.

use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use shared::schedule::{MAX_SCHEDULES, Schedules};

/// A schedule that somebody's entry has opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The schedule's name. Unlike the index, it is stable across databases.
    pub schedule: String,
    /// When, milliseconds since 1970, UTC.
    pub utc_ms: i64,
}

/// When schedules were last opened.
#[derive(Debug, Clone, Default)]
pub(super) struct Openings(Vec<Opened>);

impl Openings {
    pub(super) fn new(openings: &[Opened]) -> Self {
        Self(openings.iter().take(MAX_SCHEDULES).cloned().collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Opened> {
        self.0.iter()
    }

    /// Schedules that no longer exist are dropped.
    pub(super) fn note(&mut self, schedules: &Schedules, opened: impl Fn(usize) -> bool, utc_ms: i64) {
        self.0.retain(|known| schedules.iter().any(|schedule| schedule.name == known.schedule));
        for (_, schedule) in schedules.iter().enumerate().filter(|(index, _)| opened(*index)) {
            match self.0.iter_mut().find(|known| known.schedule == schedule.name) {
                Some(known) => known.utc_ms = utc_ms,
                None => self.0.push(Opened { schedule: schedule.name.clone(), utc_ms }),
            }
        }
    }

    /// How many minutes ago it was opened; `None` if never, or in the future because the clock was wrong.
    pub(super) fn minutes_ago(&self, schedules: &Schedules, index: usize, utc_ms: i64) -> Option<u64> {
        let name = &schedules.iter().nth(index)?.name;
        let opened = self.0.iter().find(|known| known.schedule == *name)?;
        minutes_between(opened.utc_ms, utc_ms)
    }
}

/// How many minutes of the day began between the two times; `None` if the first is after the second. An entry a second
/// before the full hour was a minute ago, because hours begin with a minute.
pub(super) fn minutes_between(before_utc_ms: i64, utc_ms: i64) -> Option<u64> {
    let minutes = utc_ms.div_euclid(60_000).saturating_sub(before_utc_ms.div_euclid(60_000));
    u64::try_from(minutes).ok().filter(|_| before_utc_ms <= utc_ms)
}
