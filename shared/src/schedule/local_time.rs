//! Local time.

use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    /// All days, Monday first.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// The day of the week of a day counted from 1 January 1970, which was a Thursday.
    pub const fn from_day(day: i32) -> Self {
        Self::ALL[(day as i64 + 3).rem_euclid(7) as usize]
    }
}

/// A minute of a day in a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// Days since 1 January 1970.
    pub day: i32,
    /// Minutes since midnight, 0 to 1439.
    pub minute: u16,
}

impl LocalTime {
    /// Converts Unix milliseconds to the local time this many seconds ahead of UTC. Days beyond the range of `i32` are
    /// clamped.
    pub fn from_utc(utc_ms: i64, utc_offset_s: i32) -> Self {
        let local_ms = utc_ms.saturating_add(i64::from(utc_offset_s) * 1000);
        let day = local_ms.div_euclid(DAY_MS).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
        Self { day, minute: (local_ms.rem_euclid(DAY_MS) / 60_000) as u16 }
    }

    /// How many minutes later the clock on the wall shows this time; 0 if it shows an earlier one, because clocks were
    /// put back.
    pub fn minutes_since(self, earlier: Self) -> u64 {
        let minutes = |time: Self| i64::from(time.day) * 1440 + i64::from(time.minute);
        u64::try_from(minutes(self) - minutes(earlier)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_minutes_are_those_of_the_zone() {
        // 2026-11-25T23:30:00Z, a Wednesday.
        let utc_ms = 1_795_649_400_000;
        for (offset_hours, day, minute, weekday) in [
            (0, 20_782, 23 * 60 + 30, Weekday::Wednesday),
            (1, 20_783, 30, Weekday::Thursday),
            (-12, 20_782, 11 * 60 + 30, Weekday::Wednesday),
            (14, 20_783, 13 * 60 + 30, Weekday::Thursday),
        ] {
            let time = LocalTime::from_utc(utc_ms, offset_hours * 3600);
            assert_eq!((time, Weekday::from_day(time.day)), (LocalTime { day, minute }, weekday), "{offset_hours}");
        }
        assert_eq!(Weekday::from_day(0), Weekday::Thursday);
        assert_eq!(Weekday::from_day(-1), Weekday::Wednesday);
        assert_eq!(LocalTime::from_utc(-1, 0), LocalTime { day: -1, minute: 1439 });
        assert_eq!(LocalTime::from_utc(i64::MAX, i32::MAX).day, i32::MAX);
        let _whatever: [Weekday; 2] = [Weekday::from_day(i32::MIN), Weekday::from_day(i32::MAX)];
    }
}
