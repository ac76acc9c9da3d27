//! `audit report`: who came and was refused on a day or in a week.

use super::logs::{Building, Logs, Passed};
use super::period::{Period, monday_of};
use super::table::csv;
use super::words::{local, utc};
use crate::config::Direction;
use clap::Args;
use jiff::ZonedDateTime;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::audit::Event;
use serde::Serialize;
use shared::gallery::PersonId;
use std::collections::BTreeMap;
use terminal::{Answer, counted, print, print_json};

/// Report who came on a day or in a week: first in, last seen, refusals by reason.
///
/// Days are those of the unit's time zone. The records of several doors are put together. Leaving by a door that leads
/// out (--out-log) is no entry.
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
    /// Entries with a visitor pass.
    visitor_entries: u64,
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
    /// The last record of an entry, an exit or a refusal with this person's card or face.
    last_seen: String,
    entries: u64,
    refusals: u64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Counted {
    what: &'static str,
    /// The reason of a refusal as a sentence, or a noun for an event.
    #[serde(skip)]
    in_words: &'static str,
    count: u64,
}

/// Prints the report. Returns yes if somebody was let in.
///
/// # Errors
/// If the logs cannot be read, or the day does not exist.
pub(super) fn run(arguments: &Report) -> anyhow::Result<Answer> {
    let building = arguments.logs.read()?;
    let today = ZonedDateTime::now().with_time_zone(building.zone.clone()).date();
    let period = match arguments.week {
        Some(week) => Period::of_days(monday_of(week.unwrap_or(today))?, 7, &building.zone)?,
        None => Period::of_days(arguments.day.flatten().unwrap_or(today), 1, &building.zone)?,
    };
    let reported = reported(&building, period);
    match (arguments.json, arguments.csv) {
        (true, _) => print_json(&reported)?,
        (_, true) => print(&in_csv(&reported, &building.zone)?)?,
        _ => print(&in_words(&reported, &building.zone))?,
    }
    Ok(Answer::yes_if(reported.has_entries()))
}

fn reported(building: &Building, period: Period) -> Reported {
    let mut people: BTreeMap<PersonId, Person> = BTreeMap::new();
    let mut visitor_entries = 0;
    let mut refusals = BTreeMap::new();
    let mut events = BTreeMap::new();
    let mut refused_people: BTreeMap<PersonId, u64> = BTreeMap::new();
    let mut last_seen: BTreeMap<PersonId, i64> = BTreeMap::new();
    for Passed { record, direction } in building.passed.iter().filter(|passed| period.has(passed.record.utc_ms)) {
        if let Event::Granted { person, .. } | Event::Refused { person: Some(person), .. } = &record.event {
            last_seen.insert(*person, record.utc_ms);
        }
        match (&record.event, direction) {
            (Event::Granted { person, .. }, Direction::In) => {
                let known = people.entry(*person).or_insert_with(|| Person {
                    person_id: person.to_string(),
                    name: building.name(person).map(str::to_owned),
                    first_in: utc(record.utc_ms),
                    last_seen: String::new(),
                    entries: 0,
                    refusals: 0,
                });
                known.entries += 1;
            }
            (Event::PassGranted { .. }, Direction::In) => visitor_entries += 1,
            (Event::Refused { reason, person, .. }, _) => {
                *refusals.entry((reason.code(), reason.in_words())).or_default() += 1;
                if let Some(person) = person {
                    *refused_people.entry(*person).or_default() += 1;
                }
            }
            (other, _) => {
                if let Some(what) = attention(other) {
                    *events.entry(what).or_default() += 1;
                }
            }
        }
    }
    for (id, person) in &mut people {
        person.refusals = refused_people.get(id).copied().unwrap_or(0);
        person.last_seen = last_seen.get(id).map_or_else(|| person.first_in.clone(), |utc_ms| utc(*utc_ms));
    }
    let mut people: Vec<Person> = people.into_values().collect();
    people.sort_by(|one, other| (&one.first_in, &one.name).cmp(&(&other.first_in, &other.name)));
    Reported {
        from: utc(period.from_utc_ms),
        until: utc(period.until_utc_ms),
        people,
        visitor_entries,
        refusals: most_frequent_first(refusals),
        events: most_frequent_first(events),
        is_complete: building.complete_from_utc_ms.is_some_and(|from| from <= period.from_utc_ms),
        unreadable_lines: building.unreadable,
    }
}

impl Reported {
    fn has_entries(&self) -> bool {
        !self.people.is_empty() || self.visitor_entries > 0
    }
}

/// The code of an event that a report counts, and a noun for it.
fn attention(event: &Event) -> Option<(&'static str, &'static str)> {
    Some(match event {
        Event::DoorForced => ("door_forced", "forced opening"),
        Event::DoorHeld { .. } => ("door_held", "long opening"),
        Event::DoorReleased => ("door_released", "fire-alarm opening"),
        Event::FireAlarmOn => ("fire_alarm", "fire alarm"),
        Event::Tailgating { .. } => ("tailgating", "tailgating warning"),
        Event::HeldOpen { .. } => ("held_open", "held-open period"),
        Event::LockdownBegan { .. } => ("lockdown", "lockdown"),
        Event::FaceRecognitionOff { .. } => ("face_recognition_off", "switching-off of face recognition"),
        Event::LockedOut { .. } | Event::FacesPaced { .. } | Event::CardBlocked { .. } => ("lockout", "lockout"),
        Event::LockTested { .. } => ("lock_test", "lock test"),
        Event::AimBegan { .. } => ("aim", "live view"),
        Event::DoorFailed => ("door_failed", "lock failure"),
        Event::PartFailed { .. } => ("part_failed", "part failure"),
        Event::SelfTestFailed => ("self_test_failed", "failed self-test"),
        Event::TailMissing { .. } => ("tail_missing", "log gap"),
        _ => return None,
    })
}

fn most_frequent_first(counts: BTreeMap<(&'static str, &'static str), u64>) -> Vec<Counted> {
    let counted = |((what, in_words), count)| Counted { what, in_words, count };
    let mut counts: Vec<Counted> = counts.into_iter().map(counted).collect();
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
    if !reported.has_entries() {
        lines.push("nobody was let in".to_owned());
    }
    let times = |count| counted(count, "time");
    lines.extend(reported.people.iter().map(|person| {
        let refused = if person.refusals > 0 { format!(", refused {}", times(person.refusals)) } else { String::new() };
        format!(
            "{:width$}  first in {}  last seen {}  let in {}{refused}",
            who(person),
            local(&person.first_in, zone),
            local(&person.last_seen, zone),
            times(person.entries)
        )
    }));
    if reported.visitor_entries > 0 {
        lines.push(format!("visitors with a pass: let in {}", times(reported.visitor_entries)));
    }
    lines.extend(reported.refusals.iter().map(|one| format!("refused {}: {}", times(one.count), one.in_words)));
    if !reported.events.is_empty() {
        let events: Vec<String> = reported.events.iter().map(|one| counted(one.count, one.in_words)).collect();
        lines.push(format!("also: {}", events.join(", ")));
    }
    if !reported.is_complete {
        lines.push(
            "the log does not reach back to the beginning: older records were removed, or there were none".to_owned(),
        );
    }
    if reported.unreadable_lines > 0 {
        let lines_left_out = counted(reported.unreadable_lines, "line");
        lines.push(format!("{lines_left_out} could not be read: run `edge-agent audit verify`"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::logs::building;
    use super::*;
    use crate::audit_log::sample_records::{granted, refused};
    use policy::Reason;
    use shared::pass::PassId;

    const ADA: PersonId = PersonId([1; 16]);
    const DAY: Period = Period { from_utc_ms: 0, until_utc_ms: 100_000 };

    fn visitor() -> Event {
        Event::PassGranted { pass: PassId([5; 6]), host: Some(ADA) }
    }

    #[test]
    fn a_day_is_summed_up() {
        let ben = PersonId([2; 16]);
        let records = vec![
            (-1, granted(ben)),
            (1_000, granted(ADA)),
            (2_000, refused(Reason::NotKnown, None)),
            (3_000, refused(Reason::NotKnown, None)),
            (4_000, refused(Reason::OutsideHours, Some(ben))),
            (5_000, Event::DoorForced),
            (5_000, Event::DoorForced),
            (5_500, visitor()),
            (6_000, granted(ADA)),
            (7_000, refused(Reason::LockedDown, Some(ADA))),
            (100_000, granted(ben)),
        ];
        let records = records.into_iter().map(|(at, event)| (at, Direction::In, event)).collect();
        let found = reported(&building(records, false), DAY);
        let expected = Person {
            person_id: ADA.to_string(),
            name: None,
            first_in: "1970-01-01T00:00:01Z".to_owned(),
            last_seen: "1970-01-01T00:00:07Z".to_owned(),
            entries: 2,
            refusals: 1,
        };
        assert_eq!((&found.people[..], found.visitor_entries), (&[expected][..], 1));
        let of = |counts: &[Counted]| counts.iter().map(|one| (one.what, one.count)).collect::<Vec<_>>();
        assert_eq!(of(&found.refusals), [("not_known", 2), ("locked_down", 1), ("outside_hours", 1)]);
        assert_eq!(of(&found.events), [("door_forced", 2)]);
        assert!(found.is_complete, "a record from before the period shows that nothing is missing");
    }

    #[test]
    fn leaving_is_no_entry() {
        let (of_in, of_out) = (Direction::In, Direction::Out);
        let ben = PersonId([2; 16]);
        let records = vec![
            (1_000, of_out, granted(ben)),
            (2_000, of_in, granted(ADA)),
            (3_000, of_out, granted(ADA)),
            (4_000, of_out, visitor()),
        ];
        let found = reported(&building(records, true), DAY);
        let people: Vec<_> =
            found.people.iter().map(|person| (&*person.person_id, person.entries, &*person.last_seen)).collect();
        assert_eq!(people, [(&*ADA.to_string(), 1, "1970-01-01T00:00:03Z")]);
        assert_eq!(found.visitor_entries, 0);
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        let said = |records: Vec<(i64, Event)>| {
            let records = records.into_iter().map(|(at, event)| (at, Direction::In, event)).collect();
            let found = reported(&building(records, false), DAY);
            (found.has_entries(), in_words(&found, &TimeZone::UTC))
        };
        let head = "from 1970-01-01 00:00:00 to 1970-01-01 00:01:40\n";
        let (has_entries, nobody) = said(vec![(0, Event::Stopped)]);
        assert_eq!((has_entries, nobody), (false, format!("{head}nobody was let in")));
        let lockdown = Event::lockdown_began("switch", None);
        let (has_entries, visitors) = said(vec![(0, visitor()), (1, lockdown.clone()), (2, lockdown)]);
        let expected = format!("{head}visitors with a pass: let in 1 time\nalso: 2 lockdowns");
        assert_eq!((has_entries, visitors), (true, expected), "a day with visitors only");
        let (_, one) = said(vec![
            (0, granted(ADA)),
            (1_000, refused(Reason::NotKnown, None)),
            (2_000, refused(Reason::LockedDown, Some(ADA))),
            (3_000, refused(Reason::LockedDown, Some(ADA))),
            (4_000, Event::FireAlarmOn),
        ]);
        let expected = format!(
            "{head}{ADA}  first in 1970-01-01 00:00:00  last seen 1970-01-01 00:00:03  let in 1 time, refused 2 times\n\
             refused 2 times: {}\nrefused 1 time: {}\nalso: 1 fire alarm",
            Reason::LockedDown.in_words(),
            Reason::NotKnown.in_words()
        );
        assert_eq!(one, expected);
    }
}
