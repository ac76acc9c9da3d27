//! `audit present`: a roll call of the people who came in and did not go out.
//!
//! For an evacuation it is better to look for somebody who has left than to miss somebody, so in doubt a person is
//! listed.

use super::logs::{Building, Logs, Passed};
use super::table::csv;
use super::words::{local, utc};
use crate::commands::moment::Moment;
use crate::config::Direction;
use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::audit::Event;
use serde::Serialize;
use shared::gallery::PersonId;
use shared::pass::PassId;
use std::collections::BTreeMap;
use terminal::{Answer, counted, print, print_json};

/// How far back the roll call looks unless told otherwise.
const LOOKS_BACK_MS: i64 = 24 * 3_600_000;

/// List who came in and did not go out: a roll call.
///
/// With a reader inside (--out-log), people who went out are left out. Without one, everybody who came in is listed: the
/// exit button does not say who pressed it.
///
/// Exit codes: 0 if somebody is listed, 1 if nobody is, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(super) struct Present {
    /// At this time, such as 2027-01-31T18:00; now if not given
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    at: Option<Moment>,
    /// Only people who came in from this time on; 24 hours before if not given
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,
    #[command(flatten)]
    logs: Logs,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, PartialEq, Serialize)]
struct RollCall {
    since: String,
    at: String,
    people: Vec<Listed>,
    /// Whether a door that leads out records who leaves.
    knows_who_left: bool,
    /// What the list cannot know.
    doubts: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Listed {
    person_id: String,
    name: Option<String>,
    /// The last entry.
    came_in: String,
}

/// Prints the list. Returns yes if somebody is on it.
///
/// # Errors
/// If the logs cannot be read, or a time does not exist.
pub(super) fn run(arguments: &Present) -> anyhow::Result<Answer> {
    let building = arguments.logs.read()?;
    let utc_ms = |moment: Moment| moment.utc_ms(&building.zone);
    let at = arguments.at.map(utc_ms).transpose()?.unwrap_or_else(|| Timestamp::now().as_millisecond());
    let since = arguments.since.map(utc_ms).transpose()?.unwrap_or_else(|| at.saturating_sub(LOOKS_BACK_MS));
    let list = roll_call(&building, since, at);
    match (arguments.json, arguments.csv) {
        (true, _) => print_json(&list)?,
        (_, true) => {
            let rows = list.people.iter().map(|person| {
                [
                    person.name.clone().unwrap_or_default(),
                    person.person_id.clone(),
                    local(&person.came_in, &building.zone),
                ]
            });
            print(&csv(["name", "person_id", "came_in"], rows)?)?;
        }
        _ => print(&in_words(&list, &building.zone))?,
    }
    Ok(Answer::yes_if(!list.people.is_empty()))
}

fn roll_call(building: &Building, since: i64, at: i64) -> RollCall {
    let mut inside: BTreeMap<PersonId, i64> = BTreeMap::new();
    let (mut followed, mut held_open, mut opened_otherwise) = (0, 0, 0);
    let mut passes: BTreeMap<PassId, usize> = BTreeMap::new();
    for Passed { record, direction } in &building.passed {
        if record.utc_ms > at || record.utc_ms < since {
            continue;
        }
        match (&record.event, direction) {
            (Event::Granted { person, .. }, Direction::In) => {
                inside.insert(*person, record.utc_ms);
            }
            // At the same millisecond, the entry may have been later.
            (Event::Granted { person, .. }, Direction::Out)
                if inside.get(person).is_some_and(|came_in| *came_in < record.utc_ms) =>
            {
                inside.remove(person);
            }
            (Event::PassGranted { pass, .. }, Direction::In) => *passes.entry(*pass).or_default() += 1,
            (Event::Tailgating { others, .. }, Direction::In) => followed += others,
            (Event::HeldOpen { .. }, _) => held_open += 1,
            (Event::DoorForced | Event::DoorReleased, _) => opened_otherwise += 1,
            _ => {}
        }
    }
    let mut people: Vec<Listed> = inside
        .iter()
        .map(|(person, came_in)| Listed {
            person_id: person.to_string(),
            name: building.name(person).map(str::to_owned),
            came_in: utc(*came_in),
        })
        .collect();
    people.sort_by_key(|listed| (listed.name.is_none(), listed.name.clone(), listed.person_id.clone()));
    let mut doubts = Vec::new();
    if !building.has_way_out {
        doubts.push("no log of a door that leads out was given: nobody is known to have left".to_owned());
    }
    if !passes.is_empty() {
        let each = passes.iter().map(|(pass, times)| format!("{pass} ({})", counted(*times, "time")));
        let each = each.collect::<Vec<_>>().join(", ");
        doubts.push(format!(
            "visitors came in with these passes, and may have left: {each}; `encoder-tool pass list` has the names"
        ));
    }
    if followed > 0 {
        doubts.push(format!("{followed} more may have followed somebody in"));
    }
    if held_open > 0 {
        doubts.push("a door was held open for everybody: people came in and left without a record".to_owned());
    }
    if opened_otherwise > 0 {
        doubts.push("a door was forced, or released by the fire alarm".to_owned());
    }
    if building.complete_from_utc_ms.is_none_or(|from| from > since) {
        doubts.push("a log does not reach back that far".to_owned());
    }
    if building.unreadable > 0 {
        doubts.push(format!("{} could not be read", counted(building.unreadable, "line")));
    }
    RollCall { since: utc(since), at: utc(at), people, knows_who_left: building.has_way_out, doubts }
}

fn in_words(list: &RollCall, zone: &TimeZone) -> String {
    let who = |listed: &Listed| listed.name.clone().unwrap_or_else(|| listed.person_id.clone());
    let width = list.people.iter().map(|listed| who(listed).chars().count()).max().unwrap_or(0);
    let count = counted(list.people.len(), "person");
    let mut lines = vec![format!(
        "{count} came in since {} and did not leave, at {}",
        local(&list.since, zone),
        local(&list.at, zone)
    )];
    lines.extend(
        list.people.iter().map(|listed| format!("{:width$}  since {}", who(listed), local(&listed.came_in, zone))),
    );
    lines.extend(list.doubts.iter().map(|doubt| format!("note: {doubt}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::logs::building;
    use super::*;
    use crate::audit_log::sample_records::granted;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);

    #[test]
    fn everybody_who_may_be_inside_is_listed() {
        use Direction::{In, Out};
        let cases = [
            (vec![(10, In, granted(ADA)), (20, Out, granted(ADA))], vec![]),
            (vec![(10, In, granted(ADA)), (20, Out, granted(BEN))], vec![ADA]),
            (vec![(10, In, granted(ADA)), (20, Out, granted(ADA)), (30, In, granted(ADA))], vec![ADA]),
            (vec![(10, In, granted(ADA)), (10, Out, granted(ADA))], vec![ADA]),
            (vec![(10, Out, granted(ADA))], vec![]),
            (vec![(-1, In, granted(ADA)), (101, In, granted(BEN))], vec![]),
            (vec![(10, In, granted(ADA)), (101, Out, granted(ADA))], vec![ADA]),
        ];
        for (records, expected) in cases {
            let found = roll_call(&building(records.clone(), true), 0, 100);
            let found: Vec<String> = found.people.into_iter().map(|listed| listed.person_id).collect();
            assert_eq!(found, expected.iter().map(PersonId::to_string).collect::<Vec<_>>(), "{records:?}");
        }
    }

    #[test]
    fn a_list_says_what_it_cannot_know() {
        let records = vec![
            (0, Direction::In, granted(ADA)),
            (5, Direction::In, Event::Tailgating { person: ADA, others: 2 }),
            (6, Direction::In, Event::DoorForced),
            (7, Direction::In, Event::PassGranted { pass: PassId([5; 6]), host: None }),
        ];
        let list = roll_call(&building(records, false), 0, 100);
        let found = list.doubts.join("; ");
        for expected in ["nobody is known to have left", "2 more may have followed", "forced", "050505050505 (1 time)"]
        {
            assert!(found.contains(expected), "{expected} is not in {found}");
        }
        assert!(!list.knows_who_left && !found.contains("does not reach back"));
        let late = roll_call(&building(vec![(7, Direction::In, granted(ADA))], true), 0, 100);
        assert_eq!(late.doubts, ["a log does not reach back that far"]);
    }
}
