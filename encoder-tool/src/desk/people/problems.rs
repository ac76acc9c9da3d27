//! What is wrong with people and their photos, each with what to do about it.

use crate::build_db::plan::Plan;
use crate::build_db::report::{LookAlikeReport, OddPhotoReport, Skipped};
use crate::desk::modes;
use crate::desk::opaque;
use crate::desk::texts::{Texts, fill};
use crate::office::{NO_BASIS_YET, Office};
use jiff::civil::Date;
use jiff::{ToSpan, ZonedDateTime};
use std::collections::HashMap;

/// Dates within this many days are mentioned.
const SOON_DAYS: i64 = 30;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) text: String,
    pub(super) fix: Fix,
    /// Whether the person cannot enter because of it.
    pub(super) keeps_out: bool,
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fix {
    /// Look at this photo, and remove it if it is wrong. Holds the photo's key.
    Photo(String),
    /// Take more photos.
    MorePhotos,
    /// Change a field.
    Fields,
}

/// The problems of each person, by the person's key.
pub(super) fn of_everybody(t: &Texts, office: &Office, plan: Option<&Plan>) -> HashMap<String, Vec<Problem>> {
    let mut found: HashMap<String, Vec<Problem>> = HashMap::new();
    let mut add = |key: &str, text: String, fix: Fix, keeps_out: bool| {
        let of_person = found.entry(key.to_owned()).or_default();
        let problem = Problem { text, fix, keeps_out };
        if !of_person.contains(&problem) {
            of_person.push(problem);
        }
    };
    let mut key_of_photo: HashMap<&str, String> = HashMap::new();
    let mut key_of_name: HashMap<&str, String> = HashMap::new();
    for person in office.people() {
        let key = opaque::of_person(&person.name);
        key_of_photo.extend(person.photos.iter().map(|photo| (photo.shown.as_str(), key.clone())));
        key_of_name.insert(person.name.as_str(), key);
    }
    let today = ZonedDateTime::now().date();
    for person in office.people() {
        let Some(key) = key_of_name.get(person.name.as_str()) else { continue };
        for (column, ahead, over) in
            [("valid_to", t.valid_until_soon, t.valid_is_over), ("keep_until", t.kept_until_soon, t.kept_is_over)]
        {
            if let Some(day) = soon(office.field(person, column), today) {
                let text = fill(if day < today { over } else { ahead }, &[&day.to_string()]);
                add(key, text, Fix::Fields, day < today);
            }
        }
        let needs_card = modes::as_in_choices(office.field(person, "mode")) == "card-and-face";
        if needs_card && office.field(person, "cards").is_empty() {
            add(key, t.needs_card.to_owned(), Fix::Fields, true);
        }
        if office.has_column("basis") && office.field(person, "basis") == NO_BASIS_YET {
            add(key, t.no_basis_yet.to_owned(), Fix::Fields, false);
        }
    }
    let Some(plan) = plan else { return found };
    for Skipped { photo, reason } in &plan.report.skipped {
        if let Some(key) = key_of_photo.get(photo.as_str()) {
            add(key, fill(t.photo_not_used, &[file_of(photo), reason]), Fix::Photo(opaque::of_photo(photo)), false);
        }
    }
    for OddPhotoReport { photo, nearest_other, .. } in &plan.report.odd_photos {
        let Some(key) = key_of_photo.get(photo.as_str()) else { continue };
        let text = match nearest_other {
            Some(other) => fill(t.odd_photo_of_other, &[file_of(photo), person_of(&other.photo)]),
            None => fill(t.odd_photo, &[file_of(photo)]),
        };
        add(key, text, Fix::Photo(opaque::of_photo(photo)), false);
    }
    for LookAlikeReport { people, distance, without_card, .. } in &plan.report.look_alikes {
        for (one, other) in [(&people[0], &people[1]), (&people[1], &people[0])] {
            let Some(key) = key_of_name.get(one.as_str()) else { continue };
            let mut text = fill(t.looks_like, &[other, &format!("{distance:.2}")]);
            let keeps_out = without_card.contains(one);
            if keeps_out {
                text = format!("{text} {}", t.and_has_no_card);
            }
            add(key, text, Fix::Fields, keeps_out);
        }
    }
    for missing in &plan.report.not_enrolled {
        if let Some(key) = key_of_name.get(missing.name.as_str()) {
            let is_withheld = plan.enrolment.withheld.iter().any(|member| member.name.as_str() == missing.name);
            // What a person who enters by card alone lacks is a card.
            let is_card_holder = office
                .people()
                .iter()
                .any(|person| person.name.as_str() == missing.name && office.field(person, "mode") == "card");
            let fix = if is_withheld || is_card_holder { Fix::Fields } else { Fix::MorePhotos };
            add(key, fill(t.not_enrolled, &[missing.reason]), fix, true);
        }
    }
    for missing in &plan.report.without_face {
        if let Some(key) = key_of_name.get(missing.name.as_str()) {
            add(key, fill(t.card_only, &[missing.reason]), Fix::MorePhotos, false);
        }
    }
    for small in &plan.report.small_faces {
        if let Some(key) = key_of_photo.get(small.photo.as_str()) {
            add(key, fill(t.small_face, &[file_of(&small.photo)]), Fix::MorePhotos, false);
        }
    }
    found
}

/// The day, if it is before the end of the next weeks.
fn soon(text: &str, today: Date) -> Option<Date> {
    let day: Date = text.get(..10)?.parse().ok()?;
    let last = today.checked_add(SOON_DAYS.days()).ok()?;
    (day <= last).then_some(day)
}

/// The file of `person/file`.
pub(super) fn file_of(shown: &str) -> &str {
    shown.rsplit_once('/').map_or(shown, |(_, file)| file)
}

fn person_of(shown: &str) -> &str {
    shown.rsplit_once('/').map_or(shown, |(person, _)| person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_soon_a_month_before_it_and_stays_so() {
        let today: Date = "2026-11-29".parse().unwrap();
        for (text, expected) in [
            ("2026-12-29", true),
            ("2026-12-30", false),
            ("2026-11-01", true),
            ("2026-12-01T18:00:00Z", true),
            ("", false),
            ("soon", false),
            ("ééééé", false),
        ] {
            assert_eq!(soon(text, today).is_some(), expected, "{text}");
        }
    }
}
