//! Parses `schedules.toml`: the administrator's rules on when people may enter. The file uses groups and names; ids are
//! filled in later, when every person has one.
//!
//! ```toml
//! [[schedule]]
//! name = "cleaning"
//! groups = ["cleaners"]
//! hours = ["mon-fri 06:00-08:30", "sat 22:00-02:00"]
//! closed = ["2026-12-24..2027-01-06"]
//! ```

use super::roster::Member;
use anyhow::Context;
use jiff::civil::Date;
use serde::Deserialize;
use shared::gallery::{PersonId, PersonName};
use shared::schedule::{DAY_MINUTES, Days, Period, Schedule, Schedules, Weekday, Weekdays};
use std::collections::BTreeSet;

/// The largest `schedules.toml` that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 1 << 20;

const HOURS: &str =
    "expected days and hours, such as \"mon-fri 06:00-20:00\", \"sat,sun 10:00-16:00\", \"daily 22:00-02:00\"";
const DATES: &str = "expected a date such as \"2026-12-24\", or two, \"2026-12-24..2027-01-06\"";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schedule: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    people: Vec<String>,
    hours: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    closed: Vec<String>,
    after_first_of: Option<String>,
}

/// A schedule with people's names instead of ids.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    schedule: Schedule,
    people: Vec<PersonName>,
}

/// Why `schedules.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SchedulesError {
    /// Another encoding, such as UTF-16.
    #[error("schedules.toml is not UTF-8 text: save it in UTF-8")]
    NotUtf8,
    /// It is not valid TOML, or has unknown or missing keys.
    #[error("schedules.toml: {0}")]
    NotToml(#[from] toml::de::Error),
    /// A value is invalid.
    #[error("schedules.toml, schedule {schedule:?}, {key} {found:?}: {wanted}")]
    Value {
        /// The schedule's name.
        schedule: String,
        /// The key.
        key: &'static str,
        /// The value.
        found: String,
        /// What is allowed.
        wanted: String,
    },
}

/// Reads all schedules.
///
/// # Errors
/// [`SchedulesError`] names the schedule and the allowed values.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Planned>, SchedulesError> {
    let text = str::from_utf8(bytes).map_err(|_| SchedulesError::NotUtf8)?;
    toml::from_str::<File>(text.strip_prefix('\u{feff}').unwrap_or(text))?.schedule.into_iter().map(planned).collect()
}

fn planned(written: Written) -> Result<Planned, SchedulesError> {
    let Written { name, groups, people, hours, from, to, closed, after_first_of } = written;
    let wrong = |key: &'static str, wanted: &str| {
        let (schedule, wanted) = (name.clone(), wanted.to_owned());
        move |found: String| SchedulesError::Value { schedule: schedule.clone(), key, found, wanted: wanted.clone() }
    };
    let each = |texts: Vec<String>, key, wanted: &str, read: fn(&str) -> Option<Days>| {
        texts.into_iter().map(|text| read(&text).ok_or_else(|| wrong(key, wanted)(text))).collect::<Result<Vec<_>, _>>()
    };
    let season = match (&from, &to) {
        (None, None) => None,
        (from, to) => {
            let day = |text: &Option<String>, key, open: i32| match text {
                None => Ok(open),
                Some(text) => day(text).ok_or_else(|| wrong(key, DATES)(text.clone())),
            };
            Some(Days { first: day(from, "from", i32::MIN)?, last: day(to, "to", i32::MAX)? })
        }
    };
    let closed = each(closed, "closed", DATES, days)?;
    let periods = hours.into_iter().map(|text| period(&text).ok_or_else(|| wrong("hours", HOURS)(text)));
    let periods = periods.collect::<Result<Vec<_>, _>>()?;
    let parse_name =
        |text: String| PersonName::parse(&text).map_err(|error| wrong("people", &error.to_string())(text.clone()));
    let people = people.into_iter().map(parse_name).collect::<Result<Vec<_>, _>>()?;
    let schedule = Schedule { name, groups, people: Vec::new(), periods, season, closed, after_first_of };
    Ok(Planned { schedule, people })
}

/// Replaces people's names by ids.
///
/// # Errors
/// If a named person is not enrolled, or a schedule is invalid.
pub(crate) fn with_ids(
    planned: Vec<Planned>,
    id_of: impl Fn(&PersonName) -> Option<PersonId>,
) -> anyhow::Result<Schedules> {
    let mut schedules = Vec::new();
    for Planned { mut schedule, people } in planned {
        for name in people {
            let id = id_of(&name).with_context(|| {
                format!("schedules.toml, schedule {:?}: nobody called {name} is enrolled", schedule.name)
            })?;
            schedule.people.push(id);
        }
        schedules.push(schedule);
    }
    Schedules::new(schedules).context("schedules.toml")
}

/// Takes people out who are left out of the database for now, and groups that have no other members. A schedule that then
/// binds nobody is dropped: it would stop the build, and an expired person's data would stay in use.
pub(super) fn without(planned: Vec<Planned>, withheld: &[Member], enrolled: &[&Member]) -> Vec<Planned> {
    let key_of = |name: &PersonName| name.collision_key();
    let names: BTreeSet<String> = withheld.iter().map(|member| key_of(&member.name)).collect();
    let is_of = |member: &Member, group: &String| member.details.groups.contains(group);
    let is_gone = |group: &String| {
        withheld.iter().any(|member| is_of(member, group)) && !enrolled.iter().any(|member| is_of(member, group))
    };
    let changed = planned.into_iter().map(|mut planned| {
        planned.people.retain(|name| !names.contains(&key_of(name)));
        planned.schedule.groups.retain(|group| !is_gone(group));
        planned
    });
    changed.filter(|planned| !(planned.people.is_empty() && planned.schedule.groups.is_empty())).collect()
}

/// Parses `mon-fri 06:00-20:00`; without days, `daily` applies.
fn period(text: &str) -> Option<Period> {
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

fn days(text: &str) -> Option<Days> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    Some(Days { first: day(first)?, last: day(last)? })
}

/// Days since 1 January 1970.
fn day(text: &str) -> Option<i32> {
    let date: Date = text.trim().parse().ok()?;
    date.since(Date::constant(1970, 1, 1)).ok().map(|span| span.get_days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::Details;

    fn one(lines: &str) -> Result<Schedule, String> {
        let text = format!("[[schedule]]\nname = \"s\"\n{lines}");
        let planned = parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let schedules = with_ids(planned, |name| (name.as_str() == "Ann Lee").then_some(PersonId([7; 16])))
            .map_err(|error| format!("{error:#}"))?;
        Ok(schedules.iter().next().unwrap().clone())
    }

    #[test]
    fn all_keys_are_parsed() {
        let schedule = one(
            "groups = [\"cleaners\"]\npeople = [\"Ann Lee\"]\nhours = [\"mon-fri 06:00-08:30\", \"22:00-2:00\"]\n\
             from = \"2026-11-23\"\nclosed = [\"2026-12-24..2027-01-06\", \"2027-05-01\"]\nafter-first-of = \"staff\"\n",
        )
        .unwrap();
        let weekdays = Weekdays::from_days(Weekday::ALL[..5].iter().copied());
        let expected = Schedule {
            name: "s".to_owned(),
            groups: vec!["cleaners".to_owned()],
            people: vec![PersonId([7; 16])],
            periods: vec![
                Period { weekdays, from_minute: 360, until_minute: 510 },
                Period { weekdays: Weekdays::ALL, from_minute: 1320, until_minute: 120 },
            ],
            season: Some(Days { first: 20_780, last: i32::MAX }),
            closed: vec![Days { first: 20_811, last: 20_824 }, Days { first: 20_939, last: 20_939 }],
            after_first_of: Some("staff".to_owned()),
        };
        assert_eq!(schedule, expected);
    }

    #[test]
    fn schedules_forget_people_who_are_withheld() {
        use crate::build_db::retention::Retention;
        let member = |name: &str, groups: &[&str]| Member {
            name: PersonName::parse(name).unwrap(),
            id: None,
            details: Details { groups: groups.iter().map(|&group| group.to_owned()).collect(), ..Details::default() },
            cards: Vec::new(),
            folder: None,
            retention: Retention::of_unlisted(true),
        };
        let withheld = [member("Ann Lee", &["night", "staff"])];
        let enrolled = member("Bo", &["staff"]);
        for (binds, expected) in [
            ("people = [\"ann lee\"]", None),
            ("people = [\"Ann Lee\", \"Bo\"]", Some((0, 1))),
            ("groups = [\"night\"]", None),
            ("groups = [\"night\", \"staff\"]", Some((1, 0))),
            ("groups = [\"misspelt\"]", Some((1, 0))),
            ("groups = [\"night\"]\npeople = [\"Bo\"]", Some((0, 1))),
        ] {
            let text = format!("[[schedule]]\nname = \"s\"\nhours = [\"daily 8:00-9:00\"]\n{binds}\n");
            let left = without(parse(text.as_bytes()).unwrap(), &withheld, &[&enrolled]);
            let left = left.first().map(|planned| (planned.schedule.groups.len(), planned.people.len()));
            assert_eq!(left, expected, "{binds}");
        }
    }

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
    fn what_cannot_be_understood_is_named() {
        for (lines, named) in [
            ("groups = [\"a\"]\n", "hours"),
            ("groups = [\"a\"]\nhours = []\n", "1 to 32 periods"),
            ("hours = [\"06:00-08:00\"]\n", "binds nobody"),
            ("groups = [\"a\"]\nhours = [\"06:00-08:00\"]\nperson = \"x\"\n", "person"),
            ("groups = [\"a\"]\nhours = [\"6-8\"]\n", "mon-fri 06:00-20:00"),
            ("groups = [\"a\"]\nhours = [\"24:00-08:00\"]\n", "24:00-08:00"),
            ("groups = [\"a\"]\nhours = [\"06:00-24:01\"]\n", "24:01"),
            ("groups = [\"a\"]\nhours = [\"06:00-08:60\"]\n", "08:60"),
            ("groups = [\"a\"]\nhours = [\"+6:00-08:00\"]\n", "+6:00"),
            ("groups = [\"a\"]\nhours = [\"weekend 06:00-08:00\"]\n", "weekend"),
            ("groups = [\"a\"]\nhours = [\"06:00-08:00\"]\nclosed = [\"24.12.2026\"]\n", "2026-12-24"),
            (
                "groups = [\"a\"]\nhours = [\"06:00-08:00\"]\nclosed = [\"2027-01-06..2026-12-24\"]\n",
                "before the first",
            ),
            ("groups = [\"a\"]\nhours = [\"06:00-08:00\"]\nto = \"tomorrow\"\n", "tomorrow"),
            ("people = [\"Bo\"]\nhours = [\"06:00-08:00\"]\n", "nobody called Bo is enrolled"),
            ("people = [\"\"]\nhours = [\"06:00-08:00\"]\n", "people"),
        ] {
            let message = one(lines).unwrap_err();
            assert!(message.contains(named), "{lines:?}: {message}");
        }
        assert!(parse(b"").unwrap_err().to_string().contains("missing field `schedule`"));
        assert!(parse(b"\xff\xfes\0").unwrap_err().to_string().contains("save it in UTF-8"));
        assert_eq!(parse("\u{feff}schedule = []\r\n".as_bytes()).unwrap(), []);
        assert!(parse(b"schedules = []\n").unwrap_err().to_string().contains("schedules.toml"));
    }
}
