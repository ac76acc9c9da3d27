//! The days that a report is about, in the unit's time zone.

use anyhow::Context;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Days of a zone: from the first moment of the first to that of the day after the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Period {
    pub(super) from_utc_ms: i64,
    pub(super) until_utc_ms: i64,
}

impl Period {
    /// This many days from this one on. A day on which the clocks change has 23 or 25 hours.
    ///
    /// # Errors
    /// If the calendar ends there.
    pub(super) fn of_days(first: Date, days: i32, zone: &TimeZone) -> anyhow::Result<Self> {
        let start = |date: Date| -> anyhow::Result<i64> {
            let start = date.at(0, 0, 0, 0).to_zoned_datetime(zone.clone())?.start_of_day()?;
            Ok(start.timestamp().as_millisecond())
        };
        let mut after = first;
        for _ in 0..days {
            after = after.tomorrow().context("the calendar ends there")?;
        }
        Ok(Self { from_utc_ms: start(first)?, until_utc_ms: start(after)? })
    }

    pub(super) fn has(self, utc_ms: i64) -> bool {
        (self.from_utc_ms..self.until_utc_ms).contains(&utc_ms)
    }
}

/// The Monday of the week with this day.
///
/// # Errors
/// If the calendar begins there.
pub(super) fn monday_of(day: Date) -> anyhow::Result<Date> {
    let mut monday = day;
    for _ in 0..day.weekday().to_monday_zero_offset() {
        monday = monday.yesterday().context("the calendar begins there")?;
    }
    Ok(monday)
}

#[cfg(test)]
mod tests {
    use super::super::words::utc;
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let hours = |first: &str, days| {
            let Period { from_utc_ms, until_utc_ms } = Period::of_days(first.parse().unwrap(), days, &berlin).unwrap();
            (utc(from_utc_ms), (until_utc_ms - from_utc_ms) / 3_600_000)
        };
        assert_eq!(hours("2026-11-30", 1), ("2026-11-29T23:00:00Z".to_owned(), 24));
        assert_eq!(hours("2026-10-25", 1), ("2026-10-24T22:00:00Z".to_owned(), 25), "the clocks go back");
        assert_eq!(hours("2027-03-28", 1), ("2027-03-27T23:00:00Z".to_owned(), 23));
        assert_eq!(hours("2026-11-30", 7).1, 7 * 24);
    }

    #[test]
    fn a_week_begins_on_monday() {
        for (day, monday) in [("2026-11-30", "2026-11-30"), ("2026-12-06", "2026-11-30"), ("2026-11-29", "2026-11-23")]
        {
            assert_eq!(monday_of(day.parse().unwrap()).unwrap(), monday.parse().unwrap(), "{day}");
        }
    }
}
