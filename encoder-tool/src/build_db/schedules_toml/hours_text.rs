//! Hours and dates as people write them: `mon-fri 06:00-20:00`, `2026-12-24..2027-01-06`.

use jiff::civil::Date;
use shared::schedule::{DAY_MINUTES, Days, Period, Weekday, Weekdays};

/// Parses `mon-fri 06:00-20:00`; without days, `daily` applies.
pub(crate) fn period(text: &str) -> Option<Period> {
    let (days, hours) = text.trim().rsplit_once(char::is_whitespace).unwrap_or(("daily", text.trim()));
    let (from, until) = hours.split_once('-')?;
    let (from_minute, until_minute) = (minute(from)?, minute(until)?);
    (from_minute < DAY_MINUTES).then_some(Period { weekdays: weekdays(days)?, from_minute, until_minute })
}

/// Writes it as [`period`] reads it. The end of a day is 24:00.
pub(crate) fn written(period: Period) -> String {
    let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let until = if period.until_minute == 0 { DAY_MINUTES } else { period.until_minute };
    format!("{} {}-{}", days_written(period.weekdays), time(period.from_minute), time(until))
}

/// `mon-wed,fri`: three days or more that follow each other are a range.
fn days_written(weekdays: Weekdays) -> String {
    if weekdays == Weekdays::ALL {
        return "daily".to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut day = 0;
    while day < 7 {
        let following = (day..7).take_while(|day| weekdays.has(Weekday::ALL[*day])).count();
        match following {
            0 => day += 1,
            1 | 2 => {
                parts.push(SHORT_NAMES[day].to_owned());
                day += 1;
            }
            _ => {
                parts.push(format!("{}-{}", SHORT_NAMES[day], SHORT_NAMES[day + following - 1]));
                day += following;
            }
        }
    }
    parts.join(",")
}

/// From Monday on.
const SHORT_NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

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

    #[test]
    fn what_is_written_is_read() {
        for (text, expected) in [
            ("mon-fri 06:00-20:00", "mon-fri 06:00-20:00"),
            ("Saturday,sunday 9:00-24:00", "sat,sun 09:00-24:00"),
            ("sat-mon 22:00-0:00", "mon,sat,sun 22:00-24:00"),
            ("mon-wed fri 00:00-24:00", "mon-wed,fri 00:00-24:00"),
            ("22:00-02:00", "daily 22:00-02:00"),
        ] {
            assert_eq!(written(period(text).unwrap()), expected);
        }
        for bits in 1..128_u8 {
            let weekdays = Weekdays::from_days((0..7).filter(|day| bits >> day & 1 == 1).map(|day| Weekday::ALL[day]));
            let one = Period { weekdays, from_minute: 61, until_minute: 1440 };
            assert_eq!(period(&written(one)), Some(one));
        }
    }
}
