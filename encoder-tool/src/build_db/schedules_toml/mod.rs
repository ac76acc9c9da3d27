//! Parses `schedules.toml`: the administrator's rules on when people may enter, and what doors do at which hours. The
//! file uses groups and names; ids are filled in later, when every person has one.
//!
//! ```toml
//! [[schedule]]
//! name = "cleaning"
//! groups = ["cleaners"]
//! hours = ["mon-fri 06:00-08:30", "sat 22:00-02:00"]
//! closed = ["2026-12-24..2027-01-06"]
//!
//! [[door]]
//! name = "reception"
//! doors = ["front"]
//! mode = "free"
//! after-first-of = "staff"
//! hours = ["mon-fri 09:00-17:00"]
//! ```

pub(crate) mod hours_text;

use super::roster::Member;
use anyhow::Context;
use hours_text::{day, days, period};
use serde::Deserialize;
use shared::gallery::{DoorName, Mode, PersonId, PersonName};
use shared::schedule::{Calendar, Days, DoorHours, DoorUse, Schedule, Schedules};
use std::collections::BTreeSet;

/// The largest `schedules.toml` that is read, in bytes.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

const HOURS: &str =
    "expected days and hours, such as \"mon-fri 06:00-20:00\", \"sat,sun 10:00-16:00\", \"daily 22:00-02:00\"";
const DATES: &str = "expected a date such as \"2026-12-24\", or two, \"2026-12-24..2027-01-06\"";
const MODES: &str = "expected \"face\", \"card\", \"card-or-face\", \"card-and-face\" or \"free\" (held open)";
const WITH_FREE: &str = "expected with mode = \"free\", and only there: the group whose first member opens the door";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schedule: Option<Vec<Written>>,
    door: Option<Vec<WrittenDoor>>,
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

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenDoor {
    name: String,
    #[serde(default)]
    doors: Vec<String>,
    mode: String,
    hours: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    closed: Vec<String>,
    after_first_of: Option<String>,
}

/// All rules of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TimeRules {
    people: Vec<Planned>,
    doors: Vec<DoorHours>,
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
    /// It has neither schedules nor hours of doors, so it is probably misspelt.
    #[error("schedules.toml: expected [[schedule]] or [[door]]")]
    Nothing,
    /// It is not valid TOML, or has unknown or missing keys.
    #[error("schedules.toml: {0}")]
    NotToml(#[from] toml::de::Error),
    /// A value is invalid.
    #[error("schedules.toml, {what} {name:?}, {key} {found:?}: {wanted}")]
    Value {
        /// `schedule` or `door`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The key.
        key: &'static str,
        /// The value.
        found: String,
        /// What is allowed.
        wanted: String,
    },
}

/// Names the schedule or the hours of a door whose values are parsed.
struct Named<'a> {
    what: &'static str,
    name: &'a str,
}

impl Named<'_> {
    fn wrong(&self, key: &'static str, found: &str, wanted: &str) -> SchedulesError {
        let (what, name) = (self.what, self.name.to_owned());
        SchedulesError::Value { what, name, key, found: found.to_owned(), wanted: wanted.to_owned() }
    }

    fn each<T>(
        &self,
        key: &'static str,
        texts: &[String],
        wanted: &str,
        read: fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, SchedulesError> {
        texts.iter().map(|text| read(text).ok_or_else(|| self.wrong(key, text, wanted))).collect()
    }

    fn calendar(
        &self,
        hours: &[String],
        season: (Option<String>, Option<String>),
        closed: &[String],
    ) -> Result<Calendar, SchedulesError> {
        let season = match season {
            (None, None) => None,
            (from, to) => {
                let day = |text: Option<String>, key, open: i32| match text {
                    None => Ok(open),
                    Some(text) => day(&text).ok_or_else(|| self.wrong(key, &text, DATES)),
                };
                Some(Days { first: day(from, "from", i32::MIN)?, last: day(to, "to", i32::MAX)? })
            }
        };
        let closed = self.each("closed", closed, DATES, days)?;
        Ok(Calendar { periods: self.each("hours", hours, HOURS, period)?, season, closed })
    }
}

/// Reads all rules.
///
/// # Errors
/// [`SchedulesError`] names the rule and the allowed values.
pub(crate) fn parse(bytes: &[u8]) -> Result<TimeRules, SchedulesError> {
    let text = str::from_utf8(bytes).map_err(|_| SchedulesError::NotUtf8)?;
    let File { schedule, door } = toml::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))?;
    if schedule.is_none() && door.is_none() {
        return Err(SchedulesError::Nothing);
    }
    let people = schedule.unwrap_or_default().into_iter().map(planned).collect::<Result<_, _>>()?;
    let doors = door.unwrap_or_default().into_iter().map(door_hours).collect::<Result<_, _>>()?;
    Ok(TimeRules { people, doors })
}

fn planned(written: Written) -> Result<Planned, SchedulesError> {
    let Written { name, groups, people, hours, from, to, closed, after_first_of } = written;
    let named = Named { what: "schedule", name: &name };
    let calendar = named.calendar(&hours, (from, to), &closed)?;
    let parse_name =
        |text: &String| PersonName::parse(text).map_err(|error| named.wrong("people", text, &error.to_string()));
    let people = people.iter().map(parse_name).collect::<Result<Vec<_>, _>>()?;
    let schedule = Schedule { name, groups, people: Vec::new(), calendar, after_first_of };
    Ok(Planned { schedule, people })
}

fn door_hours(written: WrittenDoor) -> Result<DoorHours, SchedulesError> {
    let WrittenDoor { name, doors, mode, hours, from, to, closed, after_first_of } = written;
    let named = Named { what: "door", name: &name };
    let parse_door = |text: &String| {
        text.parse::<DoorName>().map_err(|_| {
            named.wrong("doors", text, "expected the ids of units or the names of their groups, as for --for")
        })
    };
    let doors = doors.iter().map(parse_door).collect::<Result<Vec<_>, _>>()?;
    let does = match (mode.as_str(), Mode::parse(&mode), after_first_of) {
        ("free", _, Some(after_first_of)) => DoorUse::HeldOpen { after_first_of },
        ("free", _, None) => return Err(named.wrong("after-first-of", "", WITH_FREE)),
        (_, Some(_), Some(group)) => return Err(named.wrong("after-first-of", &group, WITH_FREE)),
        (_, None | Some(Mode::Default), _) => return Err(named.wrong("mode", &mode, MODES)),
        (_, Some(mode), None) => DoorUse::Asks(mode),
    };
    let calendar = named.calendar(&hours, (from, to), &closed)?;
    Ok(DoorHours { name, doors, does, calendar })
}

/// Replaces people's names by ids.
///
/// # Errors
/// If a named person is not enrolled, or a schedule is invalid.
pub(crate) fn with_ids(rules: TimeRules, id_of: impl Fn(&PersonName) -> Option<PersonId>) -> anyhow::Result<Schedules> {
    let mut schedules = Vec::new();
    for Planned { mut schedule, people } in rules.people {
        for name in people {
            let id = id_of(&name).with_context(|| {
                format!("schedules.toml, schedule {:?}: nobody called {name} is enrolled", schedule.name)
            })?;
            schedule.people.push(id);
        }
        schedules.push(schedule);
    }
    Schedules::new(schedules).and_then(|schedules| schedules.with_doors(rules.doors)).context("schedules.toml")
}

/// Takes people out who are left out of the database for now, and groups that have no other members. A schedule that then
/// binds nobody is dropped: it would stop the build, and an expired person's data would stay in use. Doors that only
/// those people could open for everybody stay locked.
pub(super) fn without(rules: TimeRules, withheld: &[Member], enrolled: &[&Member]) -> TimeRules {
    let key_of = |name: &PersonName| name.collision_key();
    let names: BTreeSet<String> = withheld.iter().map(|member| key_of(&member.name)).collect();
    let is_of = |member: &Member, group: &String| member.details.groups.contains(group);
    let is_gone = |group: &String| {
        withheld.iter().any(|member| is_of(member, group)) && !enrolled.iter().any(|member| is_of(member, group))
    };
    let people = rules.people.into_iter().map(|mut planned| {
        planned.people.retain(|name| !names.contains(&key_of(name)));
        planned.schedule.groups.retain(|group| !is_gone(group));
        planned
    });
    let people = people.filter(|planned| !(planned.people.is_empty() && planned.schedule.groups.is_empty()));
    let doors = rules.doors.into_iter().filter(|hours| !hours.after_first_of().is_some_and(is_gone));
    TimeRules { people: people.collect(), doors: doors.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::Details;
    use shared::schedule::{Period, Weekday, Weekdays};

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
            calendar: Calendar {
                periods: vec![
                    Period { weekdays, from_minute: 360, until_minute: 510 },
                    Period { weekdays: Weekdays::ALL, from_minute: 1320, until_minute: 120 },
                ],
                season: Some(Days { first: 20_780, last: i32::MAX }),
                closed: vec![Days { first: 20_811, last: 20_824 }, Days { first: 20_939, last: 20_939 }],
            },
            after_first_of: Some("staff".to_owned()),
        };
        assert_eq!(schedule, expected);
    }

    fn door(lines: &str) -> Result<DoorHours, String> {
        let text = format!("[[door]]\nname = \"d\"\nhours = [\"mon 09:00-17:00\"]\n{lines}");
        let rules = parse(text.as_bytes()).map_err(|error| error.to_string())?;
        let schedules = with_ids(rules, |_| None).map_err(|error| format!("{error:#}"))?;
        Ok(schedules.doors()[0].clone())
    }

    #[test]
    fn what_a_door_does_is_parsed() {
        let id = "5f0c-8a71-0123-4567-89ab";
        let period = Period { weekdays: Weekdays::from_days([Weekday::Monday]), from_minute: 540, until_minute: 1020 };
        let expected = DoorHours {
            name: "d".to_owned(),
            doors: vec!["front".parse().unwrap(), id.parse().unwrap()],
            does: DoorUse::HeldOpen { after_first_of: "staff".to_owned() },
            calendar: Calendar::of(vec![period]),
        };
        let lines = format!("doors = [\"front\", \"{id}\"]\nmode = \"free\"\nafter-first-of = \"staff\"\n");
        assert_eq!(door(&lines), Ok(expected));
        assert_eq!(door("mode = \"card-and-face\"").unwrap().does, DoorUse::Asks(Mode::CardAndFace));
        for (lines, named) in [
            ("", "missing field `mode`"),
            ("mode = \"default\"", "\"default\": expected \"face\""),
            ("mode = \"open\"", "\"free\" (held open)"),
            ("mode = \"free\"", "after-first-of"),
            ("mode = \"card\"\nafter-first-of = \"staff\"", "only there"),
            ("mode = \"card\"\ndoors = [\"Front\"]", "the ids of units"),
            ("mode = \"card\"\npeople = [\"Bo\"]", "people"),
            ("mode = \"card\"\nclosed = [\"24.12.2026\"]", "2026-12-24"),
        ] {
            let message = door(lines).unwrap_err();
            assert!(message.contains(named), "{lines:?}: {message}");
        }
    }

    #[test]
    fn a_door_that_only_withheld_people_could_open_stays_locked() {
        let lines = "[[door]]\nname = \"d\"\nhours = [\"9:00-17:00\"]\nmode = \"free\"\nafter-first-of = ";
        for (group, is_kept) in [("night", false), ("staff", true), ("misspelt", true)] {
            let rules = parse(format!("{lines}\"{group}\"\n").as_bytes()).unwrap();
            let (withheld, enrolled) = (member("Ann Lee", &["night", "staff"]), member("Bo", &["staff"]));
            assert_eq!(without(rules, &[withheld], &[&enrolled]).doors.len() == 1, is_kept, "{group}");
        }
    }

    fn member(name: &str, groups: &[&str]) -> Member {
        use crate::build_db::retention::Retention;
        Member {
            name: PersonName::parse(name).unwrap(),
            id: None,
            details: Details { groups: groups.iter().map(|&group| group.to_owned()).collect(), ..Details::default() },
            cards: Vec::new(),
            folder: None,
            retention: Retention::of_unlisted(true),
        }
    }

    #[test]
    fn schedules_forget_people_who_are_withheld() {
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
            let left = left.people.first().map(|planned| (planned.schedule.groups.len(), planned.people.len()));
            assert_eq!(left, expected, "{binds}");
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
        assert!(parse(b"").unwrap_err().to_string().contains("expected [[schedule]] or [[door]]"));
        assert!(parse(b"\xff\xfes\0").unwrap_err().to_string().contains("save it in UTF-8"));
        assert_eq!(parse("\u{feff}schedule = []\r\n".as_bytes()).unwrap(), TimeRules::default());
        assert!(parse(b"schedules = []\n").unwrap_err().to_string().contains("schedules.toml"));
    }
}
