//! Times of passes: on the command line, in `passes.toml`, and for the reader. Passes count whole minutes.

use anyhow::{Context, anyhow};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use shared::pass::{PassError, PassHours};
use terminal::Help;

const FORMS: &str =
    "use a day (2027-01-31), a local time (2027-01-31T18:00) or a time with Z or an offset (2027-01-31T18:00+01:00)";

/// Which end of a day is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Its first minute.
    Start,
    /// The first minute after it.
    End,
}

/// Reads a time; one without a zone is in `zone`.
///
/// # Errors
/// If the text has none of the forms, or the calendar has no such day or time.
pub(super) fn parse(text: &str, edge: Edge, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    in_form(text, edge, zone).with_context(|| format!("{text:?} is not a time")).help(FORMS)
}

fn in_form(text: &str, edge: Edge, zone: &TimeZone) -> Option<Timestamp> {
    // jiff reads many other forms, and drops what it does not use, such as a zone in brackets.
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let local: DateTime = match (shape.as_str(), edge) {
        ("0000-00-00", Edge::Start) => text.parse::<Date>().ok()?.at(0, 0, 0, 0),
        ("0000-00-00", Edge::End) => text.parse::<Date>().ok()?.checked_add(1.day()).ok()?.at(0, 0, 0, 0),
        ("0000-00-00T00:00" | "0000-00-00T00:00:00", _) => text.parse().ok()?,
        (shape, _) => {
            let time = ["Z", "+00:00", "-00:00"].iter().find_map(|offset| shape.strip_suffix(offset))?;
            // Programs print fractions of a second.
            let time = time.trim_end_matches('0').strip_suffix('.').unwrap_or(time);
            let is_time = matches!(time, "0000-00-00T00:00" | "0000-00-00T00:00:00");
            return if is_time { text.parse().ok() } else { None };
        }
    };
    Some(local.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

/// The validity of a pass: its first minute is rounded down, its end up.
///
/// # Errors
/// If it is empty, too long, or begins before 1970.
pub(super) fn hours(from: Timestamp, to: Timestamp) -> anyhow::Result<PassHours> {
    if to <= from {
        return Err(anyhow!("the pass would end at {to}, and begin at {from}")).help("give a later time with --to");
    }
    let first = from.as_second().div_euclid(60);
    let end = to.as_second().div_euclid(60) + i64::from(to.as_second().rem_euclid(60) > 0);
    let from_minute = u32::try_from(first).map_err(|_| PassError::Begin).help("give another time with --from")?;
    Ok(PassHours { from_minute, minutes: u32::try_from(end - first).unwrap_or(u32::MAX) })
}

/// The first moment of a minute since 1970.
pub(super) fn of_minute(minute: u64) -> Timestamp {
    let seconds = i64::try_from(minute).ok().and_then(|minute| minute.checked_mul(60));
    seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::MAX)
}

/// `2027-01-31 18:00` in this zone.
pub(super) fn in_zone(time: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(time).strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_local_times_and_times_with_a_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for (text, edge, expected) in [
            ("2027-01-31", Edge::Start, Some("2027-01-30T23:00:00Z")),
            ("2027-01-31", Edge::End, Some("2027-01-31T23:00:00Z")),
            ("2027-01-31T18:00", Edge::End, Some("2027-01-31T17:00:00Z")),
            ("2027-01-31T18:00:30", Edge::Start, Some("2027-01-31T17:00:30Z")),
            ("2027-01-31T18:00:00Z", Edge::Start, Some("2027-01-31T18:00:00Z")),
            ("2027-01-31T18:00Z", Edge::Start, Some("2027-01-31T18:00:00Z")),
            ("2027-01-31T18:00:00.546525424Z", Edge::Start, Some("2027-01-31T18:00:00.546525424Z")),
            ("2027-01-31T18:00-05:00", Edge::End, Some("2027-01-31T23:00:00Z")),
            ("2027-02-30T18:00", Edge::Start, None),
            ("2027-01-31T25:00", Edge::Start, None),
            ("9999-12-31", Edge::End, None),
            ("2027-02-30", Edge::Start, None),
            ("31.1.2027", Edge::Start, None),
            ("tomorrow", Edge::Start, None),
            ("", Edge::Start, None),
        ] {
            let found = parse(text, edge, &zone).ok().map(|time| time.to_string());
            assert_eq!(found.as_deref(), expected, "{text} {edge:?}");
        }
    }

    /// Regression test: a zone in brackets was dropped, and some days without hyphens ended at their beginning.
    #[test]
    fn other_forms_of_a_time_are_refused() {
        for text in [
            "2027-01-31T18:00[America/New_York]",
            "2027-01-31T18:00-05:00[America/New_York]",
            "2027-01-31[America/New_York]",
            "20990302",
            "+002099-03-02",
            "2027-01-31 18:00",
            "2027-01-31T18",
            "2027-01-31T18:00:00.5",
            "2027-01-31T18:00.5Z",
            "2027-01-31T18:00:00.1234567890Z",
            "2027-01-31T18:00:00.Z",
            "2027-01-31t18:00z",
            "2027-W04-7",
            " 2027-01-31",
            "2027-01-31T18:00+01",
            "٢٠٢٧-01-31",
        ] {
            for edge in [Edge::Start, Edge::End] {
                let refused = terminal::in_words(&parse(text, edge, &TimeZone::UTC).unwrap_err());
                assert!(refused.contains("is not a time") && refused.contains("help: use a day"), "{refused}");
            }
        }
    }

    #[test]
    fn a_pass_counts_whole_minutes() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let hours = |from, to| hours(time(from), time(to)).ok().map(|hours| (hours.from_minute, hours.minutes));
        let nine = 30_015_900;
        for (from, to, expected) in [
            ("2027-01-26T09:00:00Z", "2027-01-26T10:00:00Z", Some((nine, 60))),
            ("2027-01-26T09:00:59Z", "2027-01-26T09:01:01Z", Some((nine, 2))),
            ("2027-01-26T09:00:00Z", "2027-01-26T09:00:00Z", None),
            ("2027-01-26T09:00:00Z", "2027-01-26T08:59:00Z", None),
            ("1969-12-31T23:00:00Z", "2027-01-26T08:59:00Z", None),
        ] {
            assert_eq!(hours(from, to), expected, "{from} {to}");
        }
        assert_eq!(of_minute(u64::from(nine)).to_string(), "2027-01-26T09:00:00Z");
        assert_eq!(of_minute(u64::MAX), Timestamp::MAX);
    }
}
