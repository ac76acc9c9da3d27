//! When people may enter a door: weekly hours for groups and individuals, optionally limited to a season and with
//! closed days.
//!
//! Terms: a *period* is a range of hours on days of the week; it belongs to the day on which it begins, even if it
//! continues past midnight. A schedule *binds* people, who may enter while any schedule that binds them is open; people
//! bound by no schedule may enter at all times. The caller supplies the time and knows whether the clock is right.

mod local_time;
mod period;

pub use local_time::{LocalTime, Weekday};
pub use period::{DAY_MINUTES, Period, Weekdays};

use crate::person_id::PersonId;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The most groups that one person may be in.
pub const MAX_GROUPS: usize = 8;
/// The most bytes in the name of a group.
pub const MAX_GROUP_BYTES: usize = 32;
/// The most schedules of a database.
pub const MAX_SCHEDULES: usize = 32;
/// Largest length of a schedule's name, in bytes.
pub const MAX_SCHEDULE_NAME_BYTES: usize = 32;
/// Largest number of periods of a schedule.
pub const MAX_PERIODS: usize = 32;
/// Largest number of ranges of closed days of a schedule.
pub const MAX_CLOSED: usize = 128;
/// Largest number of individuals that a schedule names.
pub const MAX_NAMED_PEOPLE: usize = 1000;

/// A range of days, both ends included, counted from 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day.
    pub first: i32,
    /// The last day, not before the first.
    pub last: i32,
}

impl Days {
    const fn has(&self, day: i32) -> bool {
        self.first <= day && day <= self.last
    }
}

/// A schedule: when some people may enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its unique name: 1 to [`MAX_SCHEDULE_NAME_BYTES`] bytes.
    pub name: String,
    /// The groups that it binds.
    pub groups: Vec<String>,
    /// The people that it binds in addition.
    pub people: Vec<PersonId>,
    /// Its hours, 1 to [`MAX_PERIODS`].
    pub periods: Vec<Period>,
    /// The days on which its periods may begin; `None` for all.
    pub season: Option<Days>,
    /// Days on which none of its periods begins, at most [`MAX_CLOSED`] ranges.
    pub closed: Vec<Days>,
    /// If set, each period opens only after a member of this group was let in.
    pub after_first_of: Option<String>,
}

/// Why schedules are invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// There are more than [`MAX_SCHEDULES`].
    #[error("{0} schedules: at most {MAX_SCHEDULES}")]
    TooMany(usize),
    /// A name is empty, too long, or has control characters.
    #[error("the schedule's name {0:?} must have 1 to {MAX_SCHEDULE_NAME_BYTES} bytes and no control characters")]
    Name(String),
    /// Two schedules have the same name.
    #[error("two schedules are called {0:?}: rename one")]
    NameTaken(String),
    /// A schedule binds nobody.
    #[error("the schedule {0:?} binds nobody: name groups or people")]
    BindsNobody(String),
    /// A group's name is invalid, or there are too many groups, people, periods or dates.
    #[error("the schedule {name:?}: {what}")]
    OutOfBounds {
        /// The name of the schedule.
        name: String,
        /// What is out of range, and the range.
        what: &'static str,
    },
}

/// A set of a database's schedules, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScheduleSet(u32);

impl ScheduleSet {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indices, lowest first.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_SCHEDULES).filter(move |index| self.0 & 1 << index != 0)
    }

    /// The schedules at these indices; indices beyond [`MAX_SCHEDULES`] are ignored.
    pub fn from_indices(indices: impl IntoIterator<Item = usize>) -> Self {
        let bit = |index: usize| u32::try_from(index).ok().and_then(|index| 1_u32.checked_shl(index)).unwrap_or(0);
        Self(indices.into_iter().fold(0, |bits, index| bits | bit(index)))
    }
}

/// How schedules apply to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hours {
    /// The schedules that bind the person.
    pub bound_by: ScheduleSet,
    /// The schedules that open when the person is let in, see [`Schedule::after_first_of`].
    pub opens: ScheduleSet,
}

/// Whether a person may enter at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Yes.
    Open,
    /// Yes, after a member of another group has been let in.
    NobodyYet,
    /// No.
    Closed,
}

/// The schedules of a database, validated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedules(Vec<Schedule>);

impl Schedules {
    /// No schedules.
    pub const NONE: Self = Self(Vec::new());

    /// Validates schedules.
    ///
    /// # Errors
    /// The first problem found.
    pub fn new(schedules: Vec<Schedule>) -> Result<Self, ScheduleError> {
        if schedules.len() > MAX_SCHEDULES {
            return Err(ScheduleError::TooMany(schedules.len()));
        }
        for (index, schedule) in schedules.iter().enumerate() {
            check(schedule)?;
            if schedules[..index].iter().any(|other| other.name == schedule.name) {
                return Err(ScheduleError::NameTaken(schedule.name.clone()));
            }
        }
        Ok(Self(schedules))
    }

    /// Removes a person. A schedule that binds nobody else is removed as well.
    pub(crate) fn without(mut self, person: &PersonId) -> Self {
        self.0.iter_mut().for_each(|schedule| schedule.people.retain(|id| id != person));
        self.0.retain(|schedule| !(schedule.groups.is_empty() && schedule.people.is_empty()));
        self
    }

    /// Whether there are no schedules.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All schedules.
    pub fn iter(&self) -> impl Iterator<Item = &Schedule> {
        self.0.iter()
    }

    /// How they apply to a person in these groups.
    pub fn hours_of(&self, person: &PersonId, groups: &[String]) -> Hours {
        let is_in = |group: &String| groups.contains(group);
        let binds = |schedule: &Schedule| schedule.people.contains(person) || schedule.groups.iter().any(is_in);
        let waits_for = |schedule: &Schedule| schedule.after_first_of.as_ref().is_some_and(is_in);
        let those = |which: &dyn Fn(&Schedule) -> bool| {
            ScheduleSet::from_indices(
                self.0.iter().enumerate().filter(|(_, schedule)| which(schedule)).map(|(index, _)| index),
            )
        };
        Hours { bound_by: those(&binds), opens: those(&waits_for) }
    }

    /// Whether a person who is bound by these schedules may enter at this local time. `opened_minutes_ago` returns for
    /// each schedule how long ago somebody who opens it was let in, in whole minutes of local time.
    ///
    /// A missing schedule is closed.
    pub fn opening(
        &self,
        bound_by: ScheduleSet,
        time: LocalTime,
        opened_minutes_ago: impl Fn(usize) -> Option<u64>,
    ) -> Opening {
        if bound_by.is_empty() {
            return Opening::Open;
        }
        let mut best = Opening::Closed;
        for index in bound_by.iter() {
            let Some(schedule) = self.0.get(index) else { continue };
            let Some(began_minutes_ago) = schedule.began_minutes_ago(time) else { continue };
            let opened = || opened_minutes_ago(index).is_some_and(|ago| ago <= u64::from(began_minutes_ago));
            if schedule.after_first_of.is_none() || opened() {
                return Opening::Open;
            }
            best = Opening::NobodyYet;
        }
        best
    }
}

impl Schedule {
    /// An upper bound of its size as a record, in bytes.
    pub(crate) fn most_bytes(&self) -> usize {
        let Self { name, groups, people, periods, season: _, closed, after_first_of } = self;
        let texts: usize = groups.iter().chain(after_first_of).map(|text| text.len() + 2).sum();
        name.len() + texts + people.len() * 16 + periods.len() * 7 + closed.len() * 10 + 64
    }

    /// How many minutes ago the earliest of the current periods began; `None` if there is none.
    fn began_minutes_ago(&self, time: LocalTime) -> Option<u32> {
        let begins_on = |day: i32| {
            self.season.is_none_or(|season| season.has(day)) && !self.closed.iter().any(|closed| closed.has(day))
        };
        self.periods.iter().filter_map(|period| period.began_minutes_ago(time, begins_on)).max()
    }
}

fn check(schedule: &Schedule) -> Result<(), ScheduleError> {
    let Schedule { name, groups, people, periods, season, closed, after_first_of } = schedule;
    if !is_name(name, MAX_SCHEDULE_NAME_BYTES) {
        return Err(ScheduleError::Name(name.clone()));
    }
    if groups.is_empty() && people.is_empty() {
        return Err(ScheduleError::BindsNobody(name.clone()));
    }
    let is_group = |group: &String| is_name(group, MAX_GROUP_BYTES);
    let in_order = |days: &Days| days.first <= days.last;
    let bounds = [
        (groups.len() <= MAX_GROUPS, "it names more than 8 groups"),
        (groups.iter().chain(after_first_of).all(is_group), "a group has 1 to 32 bytes and no control characters"),
        (people.len() <= MAX_NAMED_PEOPLE, "it names more than 1000 people: put them into a group"),
        ((1..=MAX_PERIODS).contains(&periods.len()), "it has 1 to 32 periods of hours"),
        (periods.iter().all(Period::is_sound), "hours lie between 00:00 and 24:00 on at least one day of the week"),
        (closed.len() <= MAX_CLOSED, "it names more than 128 closed dates"),
        (closed.iter().chain(season).all(in_order), "the last day of a range is before the first"),
    ];
    match bounds.into_iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(ScheduleError::OutOfBounds { name: name.clone(), what }),
        None => Ok(()),
    }
}

fn is_name(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
