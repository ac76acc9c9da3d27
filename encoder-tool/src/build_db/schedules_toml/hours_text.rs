//! Parses hours and dates as people write them: `mon-fri 06:00-20:00`, `2026-12-24..2027-01-06`.

use jiff::civil::Date;
use shared::schedule::{DAY_MINUTES, Days, Period, Weekday, Weekdays};

/// Parses `mon-fri 06:00-20:00`; without days, `daily` applies.
pub(super) fn period(text: &str) -> Option<Period> {
    let (days, hours) = text.trim().rsplit_once(char::is_whitespace).unwrap_or(("daily", text.trim()));
    let (from, until) = hours.split_once('-')?;
    let (from_minute, until_minute) = (minute(from)?, minute(until)?);
    (from_minute < DAY_MINUTES).then_some(Period { weekdays: weekdays(days)?, from_minute, until_minute })
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok())?;
    let (hour, minute) = (number(hour)?, number(minute).filter(|_| minute.len() == 2)?);
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && minutes <= DAY_MINUTES).then_some(minutes)
}

fn weekdays(text: &str) -> Option<Weekdays> {
    if text.trim().eq_ignore_ascii_case("daily") {
        return Some(Weekdays::ALL);
    }
    let mut days = Vec::new();
    for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        // `sat-mon` wraps around the end of the week.
        let length = (last + 7 - first) % 7;
        days.extend((first..=first + length).map(|day| Weekday::ALL[day % 7]));
    }
    (!days.is_empty()).then(|| Weekdays::from_days(days))
}

fn weekday(text: &str) -> Option<usize> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let text = text.trim().to_ascii_lowercase();
    NAMES.iter().position(|name| text.len() >= 3 && name.starts_with(&text))
}

pub(super) fn days(text: &str) -> Option<Days> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    Some(Days { first: day(first)?, last: day(last)? })
}

/// Days since 1 January 1970.
pub(super) fn day(text: &str) -> Option<i32> {
    let date: Date = text.trim().parse().ok()?;
    date.since(Date::constant(1970, 1, 1)).ok().map(|span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_week() {
        let of = |days: &[usize]| Some(Weekdays::from_days(days.iter().map(|&day| Weekday::ALL[day])));
        for (text, expected) in [
            ("mon", of(&[0])),
            ("Monday", of(&[0])),
            ("sat,sun", of(&[5, 6])),
            ("mon wed, fri", of(&[0, 2, 4])),
            ("sat-mon", of(&[5, 6, 0])),
            ("mon-sun", Some(Weekdays::ALL)),
            ("DAILY", Some(Weekdays::ALL)),
            ("mo", None),
            ("mondays", None),
            ("mon-", None),
            ("", None),
            ("1-5", None),
        ] {
            assert_eq!(weekdays(text), expected, "{text:?}");
        }
    }
}
