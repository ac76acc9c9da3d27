//! `people due`: people whose time is up, and people who have not come for long.

use super::OfficeFiles;
use super::log_records::skipped_in_words;
use super::seen::{Came, Seen};
use crate::args::PeopleDue;
use crate::database_files::{self, Opened};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use shared::gallery::Gallery;
use terminal::{Answer, print, print_json};

#[derive(Debug, Default, Serialize)]
struct Listed {
    people: Vec<Person>,
    /// People who may or may not have come, by the logs.
    cannot_tell: Vec<String>,
    /// People who have not come, and may have been enrolled only since then: without a photo, the database has no date.
    may_be_new: Vec<String>,
    /// Lines of the logs that are not records.
    skipped_lines: u64,
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
    let office = OfficeFiles::read(&arguments.photos)?;
    let mut listed = Listed { people: dated(&office, now, arguments.within, &zone)?, ..Listed::default() };
    if let (Some(months), Some(db)) = (arguments.not_seen_for, &arguments.db) {
        let Opened { gallery, .. } = database_files::read(db, &arguments.keys)?;
        let since = now.to_zoned_datetime(zone.clone()).checked_sub(i64::from(months).months())?.timestamp();
        let seen = Seen::in_logs(&arguments.logs, now.max(Timestamp::now()))?;
        listed.add_absent(&gallery, &seen, since, &zone);
    }
    match arguments.json {
        true => print_json(&listed)?,
        false => print(&in_words(&listed))?,
    }
    Ok(Answer::yes_if(!listed.people.is_empty()))
}

/// People with a date that has passed or passes soon.
fn dated(office: &OfficeFiles, now: Timestamp, within: u32, zone: &TimeZone) -> anyhow::Result<Vec<Person>> {
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

impl Listed {
    fn add_absent(&mut self, gallery: &Gallery, seen: &Seen, since: Timestamp, zone: &TimeZone) {
        self.skipped_lines = seen.skipped;
        for (index, person) in gallery.people().iter().enumerate() {
            let made_at = gallery.encodings_of(index).map(|encoding| encoding.made_at).min();
            let is_new = made_at.max(person.details.valid_from).is_some_and(|first| first >= since.as_second());
            let name = person.name.to_string();
            match seen.came_since(&person.id, since) {
                Came::Since => {}
                _ if is_new => {}
                Came::CannotTell => self.cannot_tell.push(name),
                Came::NotSince(None) if made_at.is_none() => self.may_be_new.push(name),
                Came::NotSince(last) => self.people.push(Person {
                    name,
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
    for (names, what) in [
        (
            &listed.cannot_tell,
            "whether they have come, because the logs do not reach back that far or have no time of their entry",
        ),
        (&listed.may_be_new, "whether people who have never come, by the logs, are new, because they have no photo"),
    ] {
        if !names.is_empty() {
            lines.push(format!("cannot tell {what}: {}", names.join(", ")));
        }
    }
    lines.extend(skipped_in_words(listed.skipped_lines));
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
    use super::super::seen::tests::{day, granted};
    use super::*;
    use shared::card::{CardFormat, CardHash, CardKey};
    use shared::encoding::Encoding;
    use shared::gallery::{
        Details, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
    };

    #[test]
    fn dates_that_pass_soon_are_listed() {
        let csv = "name,valid_to,basis,informed_on,keep_until\nAda,,x,,2026-11-30\nBo,2026-12-05,x,,2027-12-31\n\
                   Cy,2027-12-31,x,,2027-12-31\n";
        let office = OfficeFiles { people_file: Some(csv.as_bytes().to_vec()), ..OfficeFiles::default() };
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

    /// Regression test: new people with only a card were listed as never having come, and damaged lines passed over.
    #[test]
    fn people_who_have_not_come_are_listed_unless_they_may_be_new() {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        builder.set_card_key(CardKey([1; 32])).unwrap();
        for (number, name, made_at, valid_from) in [
            (1_u8, "Ada", vec![0], None),
            (2, "Bo", vec![0, 90], None),
            (3, "Cy", vec![90, 91], None),
            (4, "Di", vec![0], None),
            (5, "Ed", vec![], None),
            (6, "Flo", vec![], None),
            (7, "Gus", vec![], Some(60)),
        ] {
            let encoding = Encoding::from_network(&[1.0, 0.5]).unwrap();
            let encodings = made_at.into_iter().map(|number| NewEncoding {
                encoding: encoding.clone(),
                photo: PhotoDigest([0; 8]),
                made_at: day(number).as_second(),
                is_plain: true,
            });
            let (id, name) = (PersonId([number; 16]), PersonName::parse(name).unwrap());
            let valid_from = valid_from.map(|number| day(number).as_second());
            let cards = vec![CardHash { format: CardFormat(1), hash: [number; 16] }];
            let details = Details { valid_from, cards, ..Details::default() };
            builder.add_person(NewPerson { id, name, details, encodings: encodings.collect() }).unwrap();
        }
        let came = |number: u8, at: i64| granted(PersonId([number; 16]), day(at)).to_string();
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("door.jsonl");
        let lines = [came(9, 0), came(2, 50), came(6, 50), "torn".to_owned(), came(1, 50), came(1, 95)];
        std::fs::write(&log, lines.join("\n") + "\n").unwrap();
        let found = |since: i64| {
            let seen = Seen::in_logs(std::slice::from_ref(&log), day(100)).unwrap();
            let mut listed = Listed::default();
            listed.add_absent(builder.gallery(), &seen, day(since), &TimeZone::UTC);
            in_words(&listed)
        };
        assert_eq!(
            found(55),
            "Bo  last let in: 2026-12-21\nDi  last let in: never, by the logs\nFlo  last let in: 2026-12-21\n\
             cannot tell whether people who have never come, by the logs, are new, because they have no photo: Ed\n\
             the logs have 1 damaged line, so records may be missing: run `edge-agent audit verify` on the unit, and export \
             its log again"
        );
        let too_early = found(-1);
        assert!(too_early.contains("do not reach back that far"), "{too_early}");
    }
}
