//! Hours on days of the week.

use super::local_time::{LocalTime, Weekday};
use serde::{Deserialize, Serialize};

/// Minutes in a day.
pub const DAY_MINUTES: u16 = 24 * 60;

/// A set of days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const ALL: Self = Self(0x7f);

    /// The set of these days.
    pub fn from_days(days: impl IntoIterator<Item = Weekday>) -> Self {
        Self(days.into_iter().fold(0, |bits, day| bits | 1 << day as u8))
    }

    /// Whether the set contains a day.
    pub const fn has(self, day: Weekday) -> bool {
        self.0 & 1 << day as u8 != 0
    }
}

/// A half-open range of minutes of the day; it ends on the next day if the end is not later than the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The days on which the period begins.
    pub weekdays: Weekdays,
    /// Start in minutes since midnight, 0 to 1439.
    pub from_minute: u16,
    /// End in minutes since midnight, 0 to 1440.
    pub until_minute: u16,
}

impl Period {
    pub(super) const fn is_sound(&self) -> bool {
        let Self { weekdays: Weekdays(days), from_minute, until_minute } = *self;
        days != 0 && days <= Weekdays::ALL.0 && from_minute < DAY_MINUTES && until_minute <= DAY_MINUTES
    }

    /// How many minutes ago the period began, if it is in progress and the day on which it began is allowed.
    pub(super) fn began_minutes_ago(&self, time: LocalTime, begins_on: impl Fn(i32) -> bool) -> Option<u32> {
        let begins_on = |day: i32| self.weekdays.has(Weekday::from_day(day)) && begins_on(day);
        let Self { from_minute, until_minute, .. } = *self;
        let is_past_midnight = until_minute <= from_minute;
        let last_minute = if is_past_midnight { DAY_MINUTES } else { until_minute };
        if (from_minute..last_minute).contains(&time.minute) && begins_on(time.day) {
            return Some(u32::from(time.minute - from_minute));
        }
        let began_yesterday = is_past_midnight && time.minute < until_minute && begins_on(time.day.checked_sub(1)?);
        began_yesterday.then(|| u32::from(time.minute + DAY_MINUTES - from_minute))
    }
}
