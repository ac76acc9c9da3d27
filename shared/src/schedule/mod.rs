//! When people may enter a door, and what a door does at which hours.
//!
//! Terms: a *period* is a range of hours on days of the week; it belongs to the day on which it begins, even if it
//! continues past midnight. A schedule *binds* people, who may enter while any schedule that binds them is open; people
//! bound by no schedule may enter at all times. *Door hours* apply to a door, for everybody. The caller supplies the time and knows whether the clock is right.

mod calendar;
mod door_hours;
mod local_time;
mod period;

pub use calendar::{Calendar, Days, MAX_CLOSED, MAX_PERIODS};
pub use door_hours::{DoorHours, DoorNow, DoorUse, MAX_DOORS};
pub use local_time::{LocalTime, Weekday};
pub use period::{DAY_MINUTES, Period, Weekdays};

use crate::door_name::DoorGroup;
use crate::mode::Mode;
use crate::person_id::PersonId;
use crate::seal::Fingerprint;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The most groups that one person may be in.
pub const MAX_GROUPS: usize = 8;
/// The most bytes in the name of a group.
pub const MAX_GROUP_BYTES: usize = 32;
/// The most schedules of a database, and the most door hours.
pub const MAX_SCHEDULES: usize = 32;
/// Largest length of a schedule's name, in bytes.
pub const MAX_SCHEDULE_NAME_BYTES: usize = 32;
/// Largest number of individuals that a schedule names.
pub const MAX_NAMED_PEOPLE: usize = 1000;

/// A schedule: when some people may enter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its unique name: 1 to [`MAX_SCHEDULE_NAME_BYTES`] bytes.
    pub name: String,
    /// The groups that it binds.
    pub groups: Vec<String>,
    /// The people that it binds in addition.
    pub people: Vec<PersonId>,
    /// Its hours.
    pub calendar: Calendar,
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
    /// There are more than [`MAX_SCHEDULES`] door hours.
    #[error("{0} hours of doors: at most {MAX_SCHEDULES}")]
    TooManyDoorHours(usize),
    /// A name is empty, too long, or has control characters.
    #[error("the schedule's name {0:?} must have 1 to {MAX_SCHEDULE_NAME_BYTES} bytes and no control characters")]
    Name(String),
    /// Two schedules, or hours of doors, have the same name.
    #[error("two schedules or hours of doors are called {0:?}: rename one")]
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
    /// The door hours that begin when the person is let in, see [`DoorUse::HeldOpen`].
    pub holds_open: ScheduleSet,
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

/// The schedules and door hours of a database, validated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedules {
    people: Vec<Schedule>,
    doors: Vec<DoorHours>,
}

impl Schedules {
    /// No schedules.
    pub const NONE: Self = Self { people: Vec::new(), doors: Vec::new() };

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
        Ok(Self { people: schedules, doors: Vec::new() })
    }

    /// Adds door hours.
    ///
    /// # Errors
    /// The first problem found.
    pub fn with_doors(self, doors: Vec<DoorHours>) -> Result<Self, ScheduleError> {
        door_hours::check(&doors)?;
        Ok(Self { doors, ..self })
    }

    /// Removes the hours of other doors than this unit's. `unit` is its id if it has a key of its own, `groups` are its
    /// groups.
    pub(crate) fn keep_door(&mut self, unit: Option<Fingerprint>, groups: &[DoorGroup]) {
        self.doors.retain(|hours| hours.are_of(unit, groups));
    }

    /// Removes a person. A schedule that binds nobody else is removed as well.
    pub(crate) fn without(mut self, person: &PersonId) -> Self {
        self.people.iter_mut().for_each(|schedule| schedule.people.retain(|id| id != person));
        self.people.retain(|schedule| !(schedule.groups.is_empty() && schedule.people.is_empty()));
        self
    }

    /// Whether nothing depends on the time.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.doors.is_empty()
    }

    /// The schedules of people.
    pub fn iter(&self) -> impl Iterator<Item = &Schedule> {
        self.people.iter()
    }

    /// The hours of doors.
    pub fn doors(&self) -> &[DoorHours] {
        &self.doors
    }

    /// How they apply to a person in these groups.
    pub fn hours_of(&self, person: &PersonId, groups: &[String]) -> Hours {
        let is_in = |group: &String| groups.contains(group);
        let binds = |schedule: &Schedule| schedule.people.contains(person) || schedule.groups.iter().any(is_in);
        let waits_for = |schedule: &Schedule| schedule.after_first_of.as_ref().is_some_and(is_in);
        let those = |which: &dyn Fn(&Schedule) -> bool| indices_where(&self.people, which);
        let holds_open = indices_where(&self.doors, |hours| hours.after_first_of().is_some_and(is_in));
        Hours { bound_by: those(&binds), opens: those(&waits_for), holds_open }
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
            let Some(schedule) = self.people.get(index) else { continue };
            let Some(began_minutes_ago) = schedule.calendar.began_minutes_ago(time) else { continue };
            let opened = || opened_minutes_ago(index).is_some_and(|ago| ago <= u64::from(began_minutes_ago));
            if schedule.after_first_of.is_none() || opened() {
                return Opening::Open;
            }
            best = Opening::NobodyYet;
        }
        best
    }

    /// What the door does at this local time. `opened_minutes_ago` returns for each of the [`doors`](Self::doors) how
    /// long ago somebody was let in who opens it, in whole minutes of local time.
    ///
    /// Of several hours that ask for credentials, only what all of them accept is enough; they take precedence over hours
    /// that hold the door open.
    pub fn door_now(&self, time: LocalTime, opened_minutes_ago: impl Fn(usize) -> Option<u64>) -> DoorNow {
        door_hours::door_now(&self.doors, time, opened_minutes_ago)
    }

    /// The credentials that are enough at every hour, for a unit that does not know the time; `None` if no hours ask for
    /// any.
    pub fn door_asks_at_any_time(&self) -> Option<Mode> {
        door_hours::asks_at_any_time(&self.doors)
    }

    /// An upper bound of their size in a database, in bytes.
    pub(crate) fn most_bytes(&self) -> usize {
        let people: usize = self.people.iter().map(Schedule::most_bytes).sum();
        people + self.doors.iter().map(DoorHours::most_bytes).sum::<usize>()
    }
}

fn indices_where<T>(all: &[T], is_meant: impl Fn(&T) -> bool) -> ScheduleSet {
    ScheduleSet::from_indices(all.iter().enumerate().filter(|(_, one)| is_meant(one)).map(|(index, _)| index))
}

impl Schedule {
    /// An upper bound of its size as a record, in bytes.
    fn most_bytes(&self) -> usize {
        let Self { name, groups, people, calendar, after_first_of } = self;
        let texts: usize = groups.iter().chain(after_first_of).map(|text| text.len() + 2).sum();
        name.len() + texts + people.len() * 16 + calendar.most_bytes() + 32
    }
}

/// What is required of the name of a group.
const GROUP_NAME: &str = "a group has 1 to 32 bytes and no control characters";

fn check(schedule: &Schedule) -> Result<(), ScheduleError> {
    let Schedule { name, groups, people, calendar, after_first_of } = schedule;
    if !is_name(name, MAX_SCHEDULE_NAME_BYTES) {
        return Err(ScheduleError::Name(name.clone()));
    }
    if groups.is_empty() && people.is_empty() {
        return Err(ScheduleError::BindsNobody(name.clone()));
    }
    let is_group = |group: &String| is_name(group, MAX_GROUP_BYTES);
    let bounds = [
        (groups.len() <= MAX_GROUPS, "it names more than 8 groups"),
        (groups.iter().chain(after_first_of).all(is_group), GROUP_NAME),
        (people.len() <= MAX_NAMED_PEOPLE, "it names more than 1000 people: put them into a group"),
    ];
    let wrong = bounds.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what));
    wrong.and_then(|()| calendar.check()).map_err(|what| ScheduleError::OutOfBounds { name: name.clone(), what })
}

fn is_name(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
