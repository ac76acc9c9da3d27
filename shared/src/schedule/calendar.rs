//! Hours on the days of a year: weekly periods, optionally limited to a season and with closed days.

use super::local_time::LocalTime;
use super::period::Period;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// Largest number of periods of a calendar.
pub const MAX_PERIODS: usize = 32;
/// Largest number of ranges of closed days of a calendar.
pub const MAX_CLOSED: usize = 128;

/// A range of days, both ends included, counted from 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day.
    pub first: i32,
    /// The last day, not before the first.
    pub last: i32,
}

/// When something applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Its hours, 1 to [`MAX_PERIODS`].
    pub periods: Vec<Period>,
    /// The days on which its periods may begin; `None` for all.
    pub season: Option<Days>,
    /// Days on which none of its periods begins, at most [`MAX_CLOSED`] ranges.
    pub closed: Vec<Days>,
}

impl Days {
    const fn has(&self, day: i32) -> bool {
        self.first <= day && day <= self.last
    }

    const fn is_in_order(&self) -> bool {
        self.first <= self.last
    }
}

impl Calendar {
    /// These periods on every day of the year.
    pub const fn of(periods: Vec<Period>) -> Self {
        Self { periods, season: None, closed: Vec::new() }
    }

    /// How many minutes ago the earliest of the current periods began; `None` if there is none.
    pub(super) fn began_minutes_ago(&self, time: LocalTime) -> Option<u32> {
        let begins_on = |day: i32| {
            self.season.is_none_or(|season| season.has(day)) && !self.closed.iter().any(|closed| closed.has(day))
        };
        self.periods.iter().filter_map(|period| period.began_minutes_ago(time, begins_on)).max()
    }

    /// An upper bound of its size as a record, in bytes.
    pub(super) fn most_bytes(&self) -> usize {
        self.periods.len() * 7 + self.closed.len() * 10 + 32
    }

    /// What is out of range, and the range.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let Self { periods, season, closed } = self;
        let bounds = [
            ((1..=MAX_PERIODS).contains(&periods.len()), "it has 1 to 32 periods of hours"),
            (periods.iter().all(Period::is_sound), "hours lie between 00:00 and 24:00 on at least one day of the week"),
            (closed.len() <= MAX_CLOSED, "it names more than 128 closed dates"),
            (closed.iter().chain(season).all(Days::is_in_order), "the last day of a range is before the first"),
        ];
        bounds.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what))
    }
}
