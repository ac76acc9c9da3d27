//! Applies the hours of the door: which credentials it asks for, and whether it is held open.
//!
//! A unit that does not know the time asks for what is enough at every hour, and holds nothing open.

use super::first_in::FirstIn;
use super::observation::{ClockTrust, Now};
use alloc::string::String;
use shared::gallery::{Mode, PersonId};
use shared::schedule::{DoorNow, Schedules};

/// For how many milliseconds one grant holds the door open. The caller renews it every turn; if the loop hangs, the
/// relock timer locks the door after this time.
pub(super) const HELD_OPEN_MS: u64 = 5000;

/// Hours in which the door is held open, and who opened it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) hours: String,
    pub(super) opened_by: PersonId,
}

/// Why a door is no longer held open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldEnd {
    /// Its hours are over, or the database has changed.
    HoursOver,
    /// The clock can no longer be trusted.
    ClockUnknown,
    /// The unit is locked down.
    LockedDown,
    /// The lock did not move.
    DoorFailed,
    /// The unit lets nobody in, because the networks failed their self-test.
    SelfTestFailed,
}

impl HoldEnd {
    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::HoursOver => "hours_over",
            Self::ClockUnknown => "clock_unknown",
            Self::LockedDown => "locked_down",
            Self::DoorFailed => "door_failed",
            Self::SelfTestFailed => "self_test_failed",
        }
    }
}

/// The credentials that the door asks for now, instead of those of its configuration.
pub(super) fn mode_now(configured: Mode, schedules: &Schedules, now: &Now) -> Mode {
    match now.clock {
        ClockTrust::Trusted => schedules.door_now(now.local(), |_| None).asks.unwrap_or(configured),
        ClockTrust::Unknown => schedules.door_asks_at_any_time().map_or(configured, |asks| asks.and(configured)),
    }
}

/// The hours that hold the door open now, on a clock that is trusted.
pub(super) fn holding_now(schedules: &Schedules, first_in: &FirstIn, now: &Now) -> Option<Holding> {
    let came = |index| first_in.of(schedules, index, now);
    let DoorNow { held_open, .. } = schedules.door_now(now.local(), |index| came(index).map(|(_, minutes)| minutes));
    let index = held_open?;
    Some(Holding { hours: schedules.doors().get(index)?.name.clone(), opened_by: came(index)?.0 })
}
