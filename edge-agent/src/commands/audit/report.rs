//! `audit report`: who came and was refused on a day or in a week.

use super::logs::{Building, Logs, Passed};
use super::period::{Period, monday_of};
use super::table::csv;
use super::words::{local, utc};
use clap::Args;
use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::audit::Event;
use serde::Serialize;
use shared::gallery::PersonId;
use std::collections::BTreeMap;
use terminal::{Answer, print, print_json};

/// Report who came on a day or in a week: first in, last seen, refusals by reason.
///
/// Days are those of the unit's time zone. The records of several doors are put together.
///
/// Exit codes: 0 if somebody came, 1 if nobody did, 2 if something cannot be read.
#[derive(Debug, Args)]
#[group(id = "period", required = true, multiple = false, args = ["day", "week"])]
pub(super) struct Report {
    /// Report this day, such as 2026-11-30; today if no day is given
    #[arg(long, value_name = "DATE")]
    day: Option<Option<Date>>,
    /// Report the week with this day, from Monday to Sunday; this week if no day is given
    #[arg(long, value_name = "DATE")]
    week: Option<Option<Date>>,
    #[command(flatten)]
    logs: Logs,
    /// Print the people as CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What happened.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Reported {
    from: String,
    until: String,
    people: Vec<Person>,
    /// Approaches that ended in a refusal, by reason; the most frequent first.
    refusals: Vec<Counted>,
    /// Other events that need attention, such as `door_forced`.
    events: Vec<Counted>,
    /// Whether the logs reach back to the beginning of the period.
    is_complete: bool,
    /// Lines that are not valid records, in all of the logs.
    unreadable_lines: u64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Person {
    person_id: String,
    name: Option<String>,
    /// The first entry.
    first_in: String,
    /// The last record of an entry or a refusal with this person's card or face.
    last_seen: String,
    entries: u64,
    refusals: u64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Counted {
    what: &'static str,
    count: u64,
}

/// Prints the report. Returns yes if somebody was let in.
///
/// # Errors
/// If the logs cannot be read, or the day does not exist.
pub(super) fn run(arguments: &Report) -> anyhow::Result<Answer> {
    let building = arguments.logs.read()?;
    let today = ZonedDateTime::now().with_time_zone(building.zone.clone()).date();
    let period = match (arguments.day, arguments.week) {
        (Some(day), _) => Period::of_days(day.unwrap_or(today), 1, &building.zone)?,
        (None, Some(week)) => Period::of_days(monday_of(week.unwrap_or(today))?, 7, &building.zone)?,
        (None, None) => Period::of_days(today, 1, &building.zone)?,
    };
    let reported = reported(&building, period);
    match (arguments.json, arguments.csv) {
        (true, _) => print_json(&reported)?,
        (_, true) => print(&in_csv(&reported, &building.zone)?)?,
        _ => print(&in_words(&reported, &building.zone))?,
    }
    Ok(Answer::yes_if(!reported.people.is_empty()))
}

fn reported(building: &Building, period: Period) -> Reported {
    let mut people: BTreeMap<PersonId, Person> = BTreeMap::new();
    let mut refusals: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut events: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut refused_people: BTreeMap<PersonId, (u64, i64)> = BTreeMap::new();
    for Passed { record, .. } in building.passed.iter().filter(|passed| period.has(passed.record.utc_ms)) {
        match &record.event {
            Event::Granted { person, .. } => {
                let at = utc(record.utc_ms);
                let known = people.entry(*person).or_insert_with(|| Person {
                    person_id: person.to_string(),
                    name: building.name(person).map(str::to_owned),
                    first_in: at.clone(),
                    last_seen: at.clone(),
                    entries: 0,
                    refusals: 0,
                });
                known.entries += 1;
                known.last_seen = at;
            }
            Event::Refused { reason, person, .. } => {
                *refusals.entry(reason.code()).or_default() += 1;
                if let Some(person) = person {
                    let (count, last_utc_ms) = refused_people.entry(*person).or_default();
                    (*count, *last_utc_ms) = (*count + 1, record.utc_ms);
                }
            }
            other => {
                if let Some(what) = attention(other) {
                    *events.entry(what).or_default() += 1;
                }
            }
        }
    }
    for (person, (count, last_utc_ms)) in refused_people {
        if let Some(known) = people.get_mut(&person) {
            known.refusals = count;
            known.last_seen = utc(last_utc_ms).max(std::mem::take(&mut known.last_seen));
        }
    }
    let mut people: Vec<Person> = people.into_values().collect();
    people.sort_by(|one, other| (&one.first_in, &one.name).cmp(&(&other.first_in, &other.name)));
    Reported {
        from: utc(period.from_utc_ms),
        until: utc(period.until_utc_ms),
        people,
        refusals: most_frequent_first(refusals),
        events: most_frequent_first(events),
        is_complete: building.complete_from_utc_ms.is_some_and(|from| from <= period.from_utc_ms),
        unreadable_lines: building.unreadable,
    }
}

/// The code of an event that a report counts.
fn attention(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::PassGranted { .. } => "pass_granted",
        Event::DoorForced => "door_forced",
        Event::DoorHeld { .. } => "door_held",
        Event::DoorReleased => "door_released",
        Event::FireAlarmOn => "fire_alarm",
        Event::Tailgating { .. } => "tailgating",
        Event::HeldOpen { .. } => "held_open",
        Event::LockdownBegan { .. } => "lockdown",
        Event::LockedOut { .. } | Event::FacesPaced { .. } | Event::CardBlocked { .. } => "lockout",
        Event::LockTested { .. } => "lock_test",
        Event::DoorFailed => "door_failed",
        Event::PartFailed { .. } => "part_failed",
        Event::SelfTestFailed => "self_test_failed",
        Event::TailMissing { .. } => "tail_missing",
        _ => return None,
    })
}

fn most_frequent_first(counts: BTreeMap<&'static str, u64>) -> Vec<Counted> {
    let mut counts: Vec<Counted> = counts.into_iter().map(|(what, count)| Counted { what, count }).collect();
    counts.sort_by_key(|counted| std::cmp::Reverse(counted.count));
    counts
}

fn in_csv(reported: &Reported, zone: &TimeZone) -> anyhow::Result<String> {
    let rows = reported.people.iter().map(|person| {
        let name = person.name.clone().unwrap_or_default();
        let (first_in, last_seen) = (local(&person.first_in, zone), local(&person.last_seen, zone));
        [name, person.person_id.clone(), first_in, last_seen, person.entries.to_string(), person.refusals.to_string()]
    });
    csv(["name", "person_id", "first_in", "last_seen", "entries", "refusals"], rows)
}

fn in_words(reported: &Reported, zone: &TimeZone) -> String {
    let who = |person: &Person| person.name.clone().unwrap_or_else(|| person.person_id.clone());
    let width = reported.people.iter().map(|person| who(person).chars().count()).max().unwrap_or(0);
    let mut lines = vec![format!("from {} to {}", local(&reported.from, zone), local(&reported.until, zone))];
    if reported.people.is_empty() {
        lines.push("nobody was let in".to_owned());
    }
    lines.extend(reported.people.iter().map(|person| {
        let refused = if person.refusals > 0 { format!(", refused {} times", person.refusals) } else { String::new() };
        format!(
            "{:width$}  first in {}  last seen {}  {} entries{refused}",
            who(person),
            local(&person.first_in, zone),
            local(&person.last_seen, zone),
            person.entries
        )
    }));
    let counts = |all: &[Counted]| {
        all.iter().map(|one| format!("{} {}", one.count, one.what.replace('_', " "))).collect::<Vec<_>>().join(", ")
    };
    if !reported.refusals.is_empty() {
        lines.push(format!("refused: {}", counts(&reported.refusals)));
    }
    if !reported.events.is_empty() {
        lines.push(format!("also: {}", counts(&reported.events)));
    }
    if !reported.is_complete {
        lines.push(
            "the log does not reach back to the beginning: older records were removed, or there were none".to_owned(),
        );
    }
    if reported.unreadable_lines > 0 {
        lines.push(format!("{} lines are not valid records: run `edge-agent audit verify`", reported.unreadable_lines));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::logs::building;
    use super::*;
    use crate::audit_log::sample_records::{granted, refused};
    use crate::config::Direction;
    use policy::Reason;
    use shared::pass::PassId;

    #[test]
    fn a_day_is_summed_up() {
        let (ada, ben) = (PersonId([1; 16]), PersonId([2; 16]));
        let records = vec![
            (-1, granted(ben)),
            (1_000, granted(ada)),
            (2_000, refused(Reason::NotKnown, None)),
            (3_000, refused(Reason::NotKnown, None)),
            (4_000, refused(Reason::OutsideHours, Some(ben))),
            (5_000, Event::DoorForced),
            (5_000, Event::DoorForced),
            (5_500, Event::PassGranted { pass: PassId([5; 6]), host: Some(ada) }),
            (6_000, granted(ada)),
            (7_000, refused(Reason::LockedDown, Some(ada))),
            (100_000, granted(ben)),
        ];
        let records = records.into_iter().map(|(at, event)| (at, Direction::In, event)).collect();
        let found = reported(&building(records, false), Period { from_utc_ms: 0, until_utc_ms: 100_000 });
        let expected = Person {
            person_id: ada.to_string(),
            name: None,
            first_in: "1970-01-01T00:00:01Z".to_owned(),
            last_seen: "1970-01-01T00:00:07Z".to_owned(),
            entries: 2,
            refusals: 1,
        };
        assert_eq!(found.people, [expected]);
        assert_eq!(found.refusals[0], Counted { what: "not_known", count: 2 });
        let events = [("door_forced", 2), ("pass_granted", 1)].map(|(what, count)| Counted { what, count });
        assert_eq!((found.refusals.len(), &found.events[..]), (3, &events[..]));
        assert!(found.is_complete, "a record from before the period shows that nothing is missing");
    }
}
