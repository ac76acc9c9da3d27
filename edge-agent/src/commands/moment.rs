//! Parses times on the command line and computes the start of today.

use anyhow::Context;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// A time that a person gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Moment {
    /// With an offset from UTC.
    Absolute(Timestamp),
    /// In the local time of the unit; a date means its first moment.
    Local(DateTime),
}

impl Moment {
    /// Reads 2027-01-31, 2027-01-31T18:00 or 2027-01-31T18:00:00Z.
    ///
    /// # Errors
    /// If the text has none of these forms.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        if let Ok(absolute) = text.parse() {
            return Ok(Self::Absolute(absolute));
        }
        let local = text.parse().context("want 2027-01-31, 2027-01-31T18:00 or 2027-01-31T18:00:00Z")?;
        Ok(Self::Local(local))
    }

    /// Milliseconds since 1970, UTC.
    ///
    /// # Errors
    /// If the zone has no such time.
    pub(super) fn utc_ms(self, zone: &TimeZone) -> anyhow::Result<i64> {
        Ok(match self {
            Self::Absolute(moment) => moment,
            Self::Local(local) => local.to_zoned_datetime(zone.clone())?.timestamp(),
        }
        .as_millisecond())
    }
}

/// The first moment of this day in that zone, milliseconds since 1970, UTC.
pub(super) fn start_of_today(zone: &TimeZone) -> i64 {
    let now = ZonedDateTime::now().with_time_zone(zone.clone());
    now.start_of_day().unwrap_or(now).timestamp().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_unless_they_have_an_offset() {
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        let ms = |text: &str| Moment::parse(text).unwrap().utc_ms(&berlin).unwrap();
        assert_eq!(ms("2027-01-15T08:00:00Z"), 1_800_000_000_000);
        assert_eq!(ms("2027-01-15T09:00"), 1_800_000_000_000);
        assert_eq!(ms("2027-01-16") - ms("2027-01-15"), 24 * 3600 * 1000);
        assert!(Moment::parse("yesterday").is_err());
    }

    #[test]
    fn today_begins_at_midnight() {
        let start = start_of_today(&TimeZone::UTC);
        let now = Timestamp::now().as_millisecond();
        assert!(start % (24 * 3600 * 1000) == 0 && (0..2 * 24 * 3600 * 1000).contains(&(now - start)));
    }
}
