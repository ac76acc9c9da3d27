//! `list`: lists the people in a people database.

use crate::args::List;
use crate::database_files::{self, Opened, Outside};
use crate::doors::Shown;
use anyhow::Result;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use shared::gallery::{Audience, Gallery, GreyThreshold, Header, Mode};
use shared::seal::{Recipient, Signer};
use terminal::{Answer, counted, for_reader, print, print_json};

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Listed {
    sequence: u64,
    /// The model's hash.
    model: String,
    dimensions: u16,
    /// The threshold stored in the database; `null` if the encoder's applies.
    threshold: Option<f32>,
    /// The threshold for pictures without colour; `null` if `threshold` applies.
    threshold_grey: Option<f32>,
    encodings: usize,
    /// The doors that it is for; `null` if it names none.
    audience: Option<Shown>,
    /// Fingerprint of the signing key; `null` if it is not signed.
    signed_by: Option<String>,
    /// Fingerprints of the keys that open it; empty if it is not sealed.
    sealed_for: Vec<String>,
    people_count: usize,
    /// `null` if only the header was requested.
    people: Option<Vec<ListedPerson>>,
    /// Names of the schedules; `null` if only the header was requested.
    schedules: Option<Vec<String>>,
    /// Names of the hours of doors; `null` if only the header was requested.
    door_hours: Option<Vec<String>>,
    /// Fingerprints of the keys whose visitor passes are accepted; `null` if only the header was requested.
    pass_keys: Option<Vec<String>>,
    /// Ids of the revoked passes that were not over; `null` if only the header was requested.
    revoked_passes: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ListedPerson {
    id: String,
    name: String,
    encodings: usize,
    groups: Vec<String>,
    /// `default`, `face`, `card_and_face` or `card_or_face`.
    mode: &'static str,
    /// UTC.
    valid_from: Option<String>,
    /// UTC; the first second after the validity.
    valid_until: Option<String>,
    /// Number of cards.
    cards: usize,
    /// Names of the schedules that apply to the person.
    hours: Vec<String>,
    /// Whether the person resembles another enrolled person.
    has_double: bool,
    note: String,
}

/// Prints all people, or only the header.
///
/// # Errors
/// If the database cannot be read.
pub(crate) fn run(arguments: &List) -> Result<Answer> {
    let listed = if arguments.head {
        let Outside { header, grey, audience, signer, recipients } = database_files::read_outside(&arguments.db)?;
        listed(&header, grey, audience.as_ref(), signer, &recipients)
    } else {
        let Opened { gallery, signer, recipients } = database_files::read(&arguments.db, &arguments.keys)?;
        let (people, schedules, door_hours) =
            (Some(people(&gallery)), Some(schedules(&gallery)), Some(door_hours(&gallery)));
        let passes = gallery.passes();
        let pass_keys = passes.issuers().iter().map(|issuer| issuer.fingerprint().to_string()).collect();
        let revoked_passes = passes.revoked().iter().map(|revoked| revoked.id.to_string()).collect();
        Listed {
            people,
            schedules,
            door_hours,
            pass_keys: Some(pass_keys),
            revoked_passes: Some(revoked_passes),
            ..listed(gallery.header(), gallery.grey_threshold(), gallery.audience(), signer, &recipients)
        }
    };
    match arguments.json {
        true => print_json(&listed)?,
        false => {
            in_words(&listed, &TimeZone::system()).into_iter().try_for_each(|line| print(&for_reader(&line, 4)))?
        }
    }
    Ok(Answer::Yes)
}

fn schedules(gallery: &Gallery) -> Vec<String> {
    gallery.schedules().iter().map(|schedule| schedule.name.clone()).collect()
}

fn door_hours(gallery: &Gallery) -> Vec<String> {
    gallery.schedules().doors().iter().map(|hours| hours.name.clone()).collect()
}

fn people(gallery: &Gallery) -> Vec<ListedPerson> {
    let names = schedules(gallery);
    let people = gallery.people().iter().enumerate().map(|(index, person)| ListedPerson {
        id: person.id.to_string(),
        name: person.name.as_str().to_owned(),
        encodings: person.encodings.len(),
        groups: person.details.groups.clone(),
        mode: person.details.mode.in_json(),
        valid_from: person.details.valid_from.map(time),
        valid_until: person.details.valid_until.map(time),
        cards: person.details.cards.len(),
        hours: gallery.hours_of(index).bound_by.iter().filter_map(|schedule| names.get(schedule).cloned()).collect(),
        has_double: gallery.has_look_alike(index),
        note: person.details.note.clone(),
    });
    people.collect()
}

fn listed(
    header: &Header,
    grey: Option<GreyThreshold>,
    audience: Option<&Audience>,
    signer: Option<Signer>,
    recipients: &[Recipient],
) -> Listed {
    Listed {
        sequence: header.sequence,
        model: header.model.to_string(),
        dimensions: header.dimensions,
        threshold: header.threshold,
        threshold_grey: grey.map(|grey| grey.threshold),
        encodings: header.encodings as usize,
        audience: audience.map(Shown::from),
        signed_by: signer.map(|signer| signer.fingerprint().to_string()),
        sealed_for: recipients.iter().map(|recipient| recipient.fingerprint().to_string()).collect(),
        people_count: header.people as usize,
        people: None,
        schedules: None,
        door_hours: None,
        pass_keys: None,
        revoked_passes: None,
    }
}

/// The time in RFC 3339; in Unix seconds if it is outside the calendar.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

fn in_words(listed: &Listed, zone: &TimeZone) -> Vec<String> {
    let people = listed.people.as_deref().unwrap_or_default();
    let width = people.iter().map(|person| person.name.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<String> = people.iter().map(|person| person_in_words(person, width, zone)).collect();
    let threshold = listed.threshold.map_or("the encoder's own".to_owned(), |threshold| format!("{threshold:.3}"));
    let in_grey = listed.threshold_grey.map(|grey| format!(", {grey:.3} without colour")).unwrap_or_default();
    lines.push(format!(
        "{} with {}; threshold {threshold}{in_grey}",
        counted(listed.people_count, "person"),
        counted(listed.encodings, "encoding")
    ));
    lines.push(format!("sequence {}, model {}", listed.sequence, listed.model));
    lines.push(format!("for {}", doors_in_words(listed.audience.as_ref())));
    if let Some(names) = listed.door_hours.as_deref().filter(|names| !names.is_empty()) {
        lines.push(format!("hours of doors: {}", names.join(", ")));
    }
    let signed = listed.signed_by.as_ref().map_or("not signed".to_owned(), |signer| format!("signed by {signer}"));
    let sealed = match listed.sealed_for.as_slice() {
        [] => "not sealed".to_owned(),
        keys => format!("sealed for {}", keys.join(", ")),
    };
    lines.push(format!("{signed}; {sealed}"));
    if let Some(keys) = listed.pass_keys.as_deref().filter(|keys| !keys.is_empty()) {
        let revoked = listed.revoked_passes.as_ref().map_or(0, Vec::len);
        lines.push(format!("accepts visitor passes signed by {}; {revoked} revoked", keys.join(", ")));
    }
    lines
}

/// `2026-11-27 16:30` in this time zone; text that is not a time is unchanged.
fn in_zone(time: &str, zone: &TimeZone) -> String {
    let local = time.parse::<Timestamp>().map(|time| zone.to_datetime(time));
    local.map_or_else(|_| time.to_owned(), |local| local.strftime("%Y-%m-%d %H:%M").to_string())
}

fn doors_in_words(audience: Option<&Shown>) -> String {
    match audience {
        None => "no door in particular: a unit that controls a lock refuses it".to_owned(),
        Some(Shown::All) => "all doors".to_owned(),
        Some(Shown::Group { group }) => format!("the doors of the group {group}"),
        Some(Shown::Units { units }) => {
            format!("the unit{} {}", if units.len() == 1 { "" } else { "s" }, units.join(", "))
        }
    }
}

fn person_in_words(person: &ListedPerson, width: usize, zone: &TimeZone) -> String {
    let mut line = format!("{:width$}  {}  {}", person.name, person.id, counted(person.encodings, "encoding"));
    if let Some(mode) = Mode::parse(person.mode).filter(|mode| *mode != Mode::Default) {
        line += &format!(", {}", mode.in_files());
    }
    if person.cards > 0 {
        line += &format!(", {}", counted(person.cards, "card"));
    }
    if !person.groups.is_empty() {
        line += &format!(", groups {}", person.groups.join(" "));
    }
    if !person.hours.is_empty() {
        line += &format!(", hours {}", person.hours.join(" "));
    }
    if person.has_double {
        line += ", looks like somebody else";
    }
    for (word, time) in [("from", &person.valid_from), ("until", &person.valid_until)] {
        if let Some(time) = time {
            line += &format!(", {word} {}", in_zone(time, zone));
        }
    }
    if !person.note.is_empty() {
        line += &format!(", note: {}", person.note.replace('\n', " / "));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> ListedPerson {
        ListedPerson {
            id: "00ff".to_owned(),
            name: name.to_owned(),
            encodings: 1,
            groups: Vec::new(),
            mode: "default",
            valid_from: None,
            valid_until: None,
            cards: 0,
            hours: Vec::new(),
            has_double: false,
            note: String::new(),
        }
    }

    #[test]
    fn words() {
        let zoe = ListedPerson {
            encodings: 2,
            groups: vec!["staff".to_owned(), "night".to_owned()],
            mode: "face",
            valid_from: Some(time(0)),
            valid_until: Some(time(i64::MAX)),
            cards: 2,
            hours: vec!["office".to_owned()],
            has_double: true,
            note: "a\nb".to_owned(),
            ..person("Zoë")
        };
        let listed = Listed {
            sequence: 7,
            model: "ab".to_owned(),
            dimensions: 128,
            threshold: Some(1.0),
            threshold_grey: Some(1.01),
            encodings: 3,
            audience: Some(Shown::Group { group: "office".to_owned() }),
            signed_by: Some("11-22".to_owned()),
            sealed_for: vec!["33-44".to_owned(), "55-66".to_owned()],
            people_count: 2,
            people: Some(vec![person("Maximilian"), zoe]),
            schedules: Some(vec!["office".to_owned()]),
            door_hours: Some(vec!["reception".to_owned()]),
            pass_keys: Some(vec!["77-88".to_owned()]),
            revoked_passes: Some(vec!["00112233aabb".to_owned()]),
        };
        let expected = "\
Maximilian  00ff  1 encoding
Zoë         00ff  2 encodings, face, 2 cards, groups staff night, hours office, looks like somebody else, from 1970-01-01 00:00, until 9223372036854775807, note: a / b
2 people with 3 encodings; threshold 1.000, 1.010 without colour
sequence 7, model ab
for the doors of the group office
hours of doors: reception
signed by 11-22; sealed for 33-44, 55-66
accepts visitor passes signed by 77-88; 1 revoked";
        assert_eq!(in_words(&listed, &TimeZone::UTC).join("\n"), expected);
        let head = Listed {
            people: None,
            door_hours: None,
            pass_keys: None,
            signed_by: None,
            sealed_for: Vec::new(),
            ..listed
        };
        let lines: Vec<&str> = expected.lines().skip(2).take(3).chain(["not signed; not sealed"]).collect();
        assert_eq!(in_words(&head, &TimeZone::UTC), lines);
    }
}
