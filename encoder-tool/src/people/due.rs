//! `people due`: people whose time is up, and people who have not come for long.

use super::{Office, seen};
use crate::args::PeopleDue;
use crate::database_files::{self, Opened};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use shared::gallery::Gallery;
use std::collections::BTreeMap;
use std::path::PathBuf;
use terminal::{Answer, print, print_json};

#[derive(Debug, Default, Serialize)]
struct Listed {
    people: Vec<Person>,
    /// People who may or may not have come, by the logs.
    cannot_tell: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Person {
    name: String,
    /// `keep_until`, `valid_to` or `not_seen`.
    because: &'static str,
    /// The last day, or the day of the last entry; `null` if there is none in the logs.
    day: Option<String>,
    /// Whether that day has passed.
    is_over: bool,
}

/// Lists them. Yes if there are any.
///
/// # Errors
/// If a file cannot be read.
pub(crate) fn run(arguments: &PeopleDue) -> anyhow::Result<Answer> {
    let zone = TimeZone::system();
    let now = match arguments.at {
        Some(day) => day.at(0, 0, 0, 0).to_zoned_datetime(zone.clone())?.timestamp(),
        None => Timestamp::now(),
    };
    let office = Office::read(&arguments.photos)?;
    let mut listed = Listed { people: dated(&office, now, arguments.within, &zone)?, cannot_tell: Vec::new() };
    if let (Some(months), Some(db)) = (arguments.not_seen_for, &arguments.db) {
        let Opened { gallery, .. } = database_files::read(db, &arguments.keys)?;
        let since = now.to_zoned_datetime(zone.clone()).checked_sub(i64::from(months).months())?.timestamp();
        let seen = Seen::in_logs(&arguments.logs)?;
        seen.judge(&gallery, since, &zone, &mut listed);
    }
    match arguments.json {
        true => print_json(&listed)?,
        false => print(&in_words(&listed))?,
    }
    Ok(Answer::yes_if(!listed.people.is_empty()))
}

/// People with a date that has passed or passes soon.
fn dated(office: &Office, now: Timestamp, within: u32, zone: &TimeZone) -> anyhow::Result<Vec<Person>> {
    let soon = now.as_second().saturating_add(i64::from(within) * 86_400);
    let mut people = Vec::new();
    for row in office.listed()?.rows {
        let dates = [("keep_until", row.keep_until()), ("valid_to", row.details.valid_until)];
        let due = dates.into_iter().filter_map(|(because, until)| Some((because, until?)));
        people.extend(due.filter(|(_, until)| *until <= soon).map(|(because, until)| Person {
            name: row.name.to_string(),
            because,
            // The first second after the last day.
            day: Some(day_of(until.saturating_sub(1).saturating_mul(1000), zone)),
            is_over: until <= now.as_second(),
        }));
    }
    Ok(people)
}

/// Who was let in when, by some logs.
#[derive(Default)]
struct Seen {
    last_utc_ms: BTreeMap<String, i64>,
    /// The time of the first record of the log that begins last; `None` without a record.
    complete_from_utc_ms: Option<i64>,
}

impl Seen {
    fn in_logs(logs: &[PathBuf]) -> anyhow::Result<Self> {
        let mut seen = Self::default();
        let mut firsts = Vec::new();
        for log in logs {
            let mut first = None;
            seen::each_record(log, |record| {
                let Some(utc_ms) = seen::utc_ms(&record) else { return };
                first.get_or_insert(utc_ms);
                if let (Some("granted"), Some(person)) = (record["event"].as_str(), record["person"].as_str()) {
                    let last = seen.last_utc_ms.entry(person.to_owned()).or_insert(utc_ms);
                    *last = utc_ms.max(*last);
                }
            })?;
            firsts.push(first);
        }
        seen.complete_from_utc_ms =
            firsts.into_iter().collect::<Option<Vec<i64>>>().and_then(|all| all.into_iter().max());
        Ok(seen)
    }

    fn judge(&self, gallery: &Gallery, since: Timestamp, zone: &TimeZone, listed: &mut Listed) {
        let since_ms = since.as_millisecond();
        let reaches_back = self.complete_from_utc_ms.is_some_and(|from| from <= since_ms);
        for (index, person) in gallery.people().iter().enumerate() {
            let last = self.last_utc_ms.get(&person.id.to_string()).copied();
            if last.is_some_and(|last| last >= since_ms) {
                continue;
            }
            // Somebody who was enrolled since then may not have come yet.
            let is_new = gallery.encodings_of(index).any(|encoding| encoding.made_at >= since.as_second());
            match (is_new, reaches_back || last.is_some()) {
                (true, _) => {}
                (false, false) => listed.cannot_tell.push(person.name.to_string()),
                (false, true) => listed.people.push(Person {
                    name: person.name.to_string(),
                    because: "not_seen",
                    day: last.map(|last| day_of(last, zone)),
                    is_over: true,
                }),
            }
        }
    }
}

fn day_of(utc_ms: i64, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(utc_ms).map(|at| zone.to_datetime(at));
    at.map_or_else(|_| utc_ms.to_string(), |at| at.date().to_string())
}

fn in_words(listed: &Listed) -> String {
    let mut lines: Vec<String> = listed.people.iter().map(Person::in_words).collect();
    if lines.is_empty() {
        lines.push("nobody is due".to_owned());
    }
    if !listed.cannot_tell.is_empty() {
        lines.push(format!(
            "cannot tell whether they have come, because the logs do not reach back that far: {}",
            listed.cannot_tell.join(", ")
        ));
    }
    lines.join("\n")
}

impl Person {
    fn in_words(&self) -> String {
        let Self { name, because, day, is_over } = self;
        let day = day.as_deref().unwrap_or("never, by the logs");
        match (*because, is_over) {
            ("not_seen", _) => format!("{name}  last let in: {day}"),
            (because, true) => format!("{name}  {because} has passed: {day}"),
            (because, false) => format!("{name}  {because} is soon: {day}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::photo_folders::Folder;
    use serde_json::json;
    use shared::encoding::Encoding;
    use shared::gallery::{
        Details, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
    };

    const DAY: i64 = 86_400;

    #[test]
    fn dates_that_pass_soon_are_listed() {
        let csv = "name,valid_to,basis,informed_on,keep_until\nAda,,x,,2026-11-30\nBo,2026-12-05,x,,2027-12-31\n\
                   Cy,2027-12-31,x,,2027-12-31\n";
        let folders: Vec<Folder> = Vec::new();
        let office = Office { folders, people_file: Some(csv.as_bytes().to_vec()) };
        let zone = TimeZone::system();
        let found = |at: &str, within| {
            let at: jiff::civil::Date = at.parse().unwrap();
            let now = at.at(0, 0, 0, 0).to_zoned_datetime(zone.clone()).unwrap().timestamp();
            let people = dated(&office, now, within, &zone).unwrap();
            people.into_iter().map(|one| (one.name, one.because, one.day.unwrap(), one.is_over)).collect::<Vec<_>>()
        };
        let ada = |is_over| ("Ada".to_owned(), "keep_until", "2026-11-30".to_owned(), is_over);
        let bo = |is_over| ("Bo".to_owned(), "valid_to", "2026-12-05".to_owned(), is_over);
        assert_eq!(found("2026-11-20", 10), []);
        assert_eq!(found("2026-11-20", 11), [ada(false)]);
        assert_eq!(found("2026-12-01", 30), [ada(true), bo(false)]);
        assert_eq!(found("2026-12-06", 0), [ada(true), bo(true)]);
    }

    #[test]
    fn people_who_have_not_come_are_listed_only_if_the_logs_reach_back() {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        for (number, name, made_at) in [(1_u8, "Ada", 0), (2, "Bo", 0), (3, "Cy", 90 * DAY), (4, "Di", 0)] {
            let encoding = Encoding::from_network(&[1.0, 0.5]).unwrap();
            let face = NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at, is_plain: true };
            let (id, name) = (PersonId([number; 16]), PersonName::parse(name).unwrap());
            builder.add_person(NewPerson { id, name, details: Details::default(), encodings: vec![face] }).unwrap();
        }
        let granted = |number: u8, day: i64| {
            json!({"utc_ms": day * DAY * 1000, "event": "granted", "person": PersonId([number; 16]).to_string()})
                .to_string()
        };
        let folder = tempfile::tempdir().unwrap();
        for (first_day, expected, cannot_tell) in [
            (0, vec![("Bo", Some("1970-02-20")), ("Di", None)], vec![]),
            (60, vec![("Bo", Some("1970-02-20"))], vec!["Di"]),
        ] {
            let log = folder.path().join("door.jsonl");
            let started = json!({"utc_ms": first_day * DAY * 1000, "event": "started"}).to_string();
            let lines = [started, granted(2, 50), granted(1, 50), granted(1, 95)];
            std::fs::write(&log, lines.join("\n") + "\n").unwrap();
            let seen = Seen::in_logs(&[log]).unwrap();
            let mut listed = Listed::default();
            let since = Timestamp::from_second(55 * DAY).unwrap();
            seen.judge(builder.gallery(), since, &TimeZone::UTC, &mut listed);
            let found: Vec<(&str, Option<&str>)> =
                listed.people.iter().map(|one| (one.name.as_str(), one.day.as_deref())).collect();
            assert_eq!(
                (found, listed.cannot_tell),
                (expected, cannot_tell.into_iter().map(str::to_owned).collect::<Vec<String>>())
            );
        }
    }
}
