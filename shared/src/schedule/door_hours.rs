//! What a door does at certain hours instead of what its unit's configuration says: ask for other credentials, or stay
//! unlocked.

use super::calendar::Calendar;
use super::local_time::LocalTime;
use super::{MAX_GROUP_BYTES, MAX_SCHEDULE_NAME_BYTES, MAX_SCHEDULES, ScheduleError, is_name};
use crate::door_name::{DoorGroup, DoorName};
use crate::mode::Mode;
use crate::seal::Fingerprint;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The most doors and groups of doors that one entry names.
pub const MAX_DOORS: usize = 64;

/// Hours of a door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorHours {
    /// Their unique name: 1 to [`MAX_SCHEDULE_NAME_BYTES`] bytes.
    pub name: String,
    /// The doors that they apply to, at most [`MAX_DOORS`]; empty for every door that uses the database.
    pub doors: Vec<DoorName>,
    /// What these doors do.
    pub does: DoorUse,
    /// When.
    pub calendar: Calendar,
}

/// What a door does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DoorUse {
    /// It asks for these credentials; not [`Mode::Default`].
    Asks(Mode),
    /// It is held open, once a member of a group has been let in.
    HeldOpen {
        /// The group.
        after_first_of: String,
    },
}

/// What the hours of a door say at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DoorNow {
    /// The credentials to ask for; `None` for those of the configuration.
    pub asks: Option<Mode>,
    /// The index of the hours in which the door is held open.
    pub held_open: Option<usize>,
}

impl DoorHours {
    /// Whether they apply to this unit.
    pub(super) fn are_of(&self, unit: Option<Fingerprint>, groups: &[DoorGroup]) -> bool {
        self.doors.is_empty() || self.doors.iter().any(|door| door.includes(unit, groups))
    }

    /// The group whose member opens the door for everybody.
    pub fn after_first_of(&self) -> Option<&String> {
        match &self.does {
            DoorUse::HeldOpen { after_first_of } => Some(after_first_of),
            DoorUse::Asks(_) => None,
        }
    }

    fn asks(&self) -> Option<Mode> {
        match self.does {
            DoorUse::Asks(mode) => Some(mode),
            DoorUse::HeldOpen { .. } => None,
        }
    }

    /// An upper bound of their size as a record, in bytes.
    pub(super) fn most_bytes(&self) -> usize {
        let Self { name, doors, does: _, calendar } = self;
        name.len() + doors.len() * (MAX_GROUP_BYTES + 2) + MAX_GROUP_BYTES + calendar.most_bytes() + 16
    }
}

/// The credentials that the hours in force ask for: only what all of them accept. `None` if none asks.
fn asked_by<'a>(hours: impl Iterator<Item = &'a DoorHours>) -> Option<Mode> {
    hours.filter_map(DoorHours::asks).reduce(Mode::and)
}

/// What a door does at this local time. Hours that ask for credentials take precedence over hours that hold it open.
/// `opened_minutes_ago` returns for each entry how long ago somebody was let in who opens it, in whole minutes
/// of local time.
pub(super) fn door_now(
    hours: &[DoorHours],
    time: LocalTime,
    opened_minutes_ago: impl Fn(usize) -> Option<u64>,
) -> DoorNow {
    let in_force = |hours: &&DoorHours| hours.calendar.began_minutes_ago(time).is_some();
    let asks = asked_by(hours.iter().filter(in_force));
    let is_opened = |(index, hours): &(usize, &DoorHours)| {
        let began_minutes_ago = hours.calendar.began_minutes_ago(time).map(u64::from);
        let opened =
            || began_minutes_ago.zip(opened_minutes_ago(*index)).is_some_and(|(began, opened)| opened <= began);
        hours.after_first_of().is_some() && opened()
    };
    let held_open = hours.iter().enumerate().find(is_opened).map(|(index, _)| index);
    DoorNow { asks, held_open: held_open.filter(|_| asks.is_none()) }
}

/// The credentials that are enough at every hour, for a unit that does not know the time. `None` if no hours ask.
pub(super) fn asks_at_any_time(hours: &[DoorHours]) -> Option<Mode> {
    asked_by(hours.iter())
}

/// # Errors
/// The first problem found.
pub(super) fn check(hours: &[DoorHours]) -> Result<(), ScheduleError> {
    if hours.len() > MAX_SCHEDULES {
        return Err(ScheduleError::TooManyDoorHours(hours.len()));
    }
    for (index, one) in hours.iter().enumerate() {
        check_one(one)?;
        if hours[..index].iter().any(|other| other.name == one.name) {
            return Err(ScheduleError::NameTaken(one.name.clone()));
        }
    }
    Ok(())
}

fn check_one(hours: &DoorHours) -> Result<(), ScheduleError> {
    let DoorHours { name, doors, does: _, calendar } = hours;
    if !is_name(name, MAX_SCHEDULE_NAME_BYTES) {
        return Err(ScheduleError::Name(name.clone()));
    }
    let bounds = [
        (doors.len() <= MAX_DOORS, "it names more than 64 doors: put them into a group"),
        (hours.asks() != Some(Mode::Default), "a door asks for a face, a card or both"),
        (hours.after_first_of().is_none_or(|group| is_name(group, MAX_GROUP_BYTES)), super::GROUP_NAME),
    ];
    let wrong = bounds.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, what)| Err(what));
    wrong.and_then(|()| calendar.check()).map_err(|what| ScheduleError::OutOfBounds { name: name.clone(), what })
}

#[cfg(test)]
mod tests {
    use super::super::period::{Period, Weekdays};
    use super::*;
    use alloc::borrow::ToOwned;
    use std::vec;

    const MONDAY: i32 = 20_780;

    fn hours(name: &str, does: DoorUse, from: u16, until: u16) -> DoorHours {
        let period = Period { weekdays: Weekdays::ALL, from_minute: from * 60, until_minute: until * 60 };
        DoorHours { name: name.to_owned(), doors: Vec::new(), does, calendar: Calendar::of(vec![period]) }
    }

    fn held_open() -> DoorUse {
        DoorUse::HeldOpen { after_first_of: "staff".to_owned() }
    }

    #[test]
    fn the_day_of_a_door() {
        let all = [
            hours("night", DoorUse::Asks(Mode::CardAndFace), 20, 6),
            hours("day", DoorUse::Asks(Mode::CardOrFace), 6, 9),
            hours("early", DoorUse::Asks(Mode::Card), 6, 7),
            hours("open", held_open(), 8, 17),
        ];
        for (hour, opened_minutes_ago, asks, is_held_open) in [
            (5, None, Some(Mode::CardAndFace), false),
            (6, None, Some(Mode::Card), false),
            (7, None, Some(Mode::CardOrFace), false),
            (8, Some(0), Some(Mode::CardOrFace), false),
            (9, None, None, false),
            (9, Some(60), None, true),
            (9, Some(61), None, false),
            (16, Some(400), None, true),
            (17, Some(0), None, false),
            (23, Some(0), Some(Mode::CardAndFace), false),
        ] {
            let now = door_now(&all, LocalTime { day: MONDAY, minute: hour * 60 }, |_| opened_minutes_ago);
            let expected = DoorNow { asks, held_open: is_held_open.then_some(3) };
            assert_eq!(now, expected, "{hour}:00, opened {opened_minutes_ago:?} minutes ago");
        }
        assert_eq!(asks_at_any_time(&all), Some(Mode::CardAndFace));
        assert_eq!(asks_at_any_time(&all[3..]), None);
    }

    #[test]
    fn hours_apply_to_the_doors_that_they_name() {
        let (unit, other) = (Fingerprint::from_bytes([7; 10]), Fingerprint::from_bytes([8; 10]));
        let office: DoorGroup = "office".parse().unwrap();
        for (doors, expected) in [
            (vec![], true),
            (vec![DoorName::Unit(unit)], true),
            (vec![DoorName::Unit(other)], false),
            (vec![DoorName::Unit(other), DoorName::Group(office.clone())], true),
        ] {
            let hours = DoorHours { doors, ..hours("open", held_open(), 8, 17) };
            assert_eq!(hours.are_of(Some(unit), core::slice::from_ref(&office)), expected, "{hours:?}");
        }
    }

    #[test]
    fn invalid_hours_are_refused() {
        type Change = fn(&mut DoorHours);
        let cases: [(Change, bool); 8] = [
            (|_| (), true),
            (|h| h.name = String::new(), false),
            (|h| h.does = DoorUse::Asks(Mode::Card), true),
            (|h| h.does = DoorUse::Asks(Mode::Default), false),
            (|h| h.does = DoorUse::HeldOpen { after_first_of: String::new() }, false),
            (|h| h.doors = vec![DoorName::Unit(Fingerprint::from_bytes([0; 10])); 65], false),
            (|h| h.calendar.periods.clear(), false),
            (|h| h.calendar.closed = vec![super::super::Days { first: 2, last: 1 }], false),
        ];
        for (index, (change, is_sound)) in cases.into_iter().enumerate() {
            let mut changed = hours("open", held_open(), 8, 17);
            change(&mut changed);
            assert_eq!(check(&[changed.clone()]).is_ok(), is_sound, "case {index}: {changed:?}");
        }
        let twice = hours("open", held_open(), 8, 17);
        assert_eq!(check(&[twice.clone(), twice.clone()]), Err(ScheduleError::NameTaken("open".to_owned())));
        assert_eq!(check(&vec![twice; 33]), Err(ScheduleError::TooManyDoorHours(33)));
    }
}
