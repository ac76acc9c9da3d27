//! `people export`: everything that is stored about one person, as an archive that the person can read.
//!
//! It contains nothing about others: names, ids and passes of other people are left out.

mod archive;
mod person;
mod readme;
mod records;

use super::OfficeFiles;
use super::log_records::skipped_in_words;
use crate::args::PeopleExport;
use crate::database_files::{self, Opened};
use anyhow::anyhow;
use archive::Archive;
use data_encoding::HEXLOWER;
use files::Access;
use jiff::Timestamp;
use person::Person;
use serde::Serialize;
use serde_json::{Value, json};
use shared::gallery::{Gallery, PersonName};
use std::collections::BTreeSet;
use terminal::{Answer, Help, ShowPath, ShownPath, counted, print, print_json};

/// What the archive contains.
#[derive(Debug, Default, Serialize)]
struct Exported {
    /// `null` if nothing is stored about the person.
    archive: Option<ShownPath>,
    person_id: Option<String>,
    encodings: usize,
    photos: usize,
    passes: usize,
    records: usize,
    /// Lines of the logs that are not records.
    skipped_lines: u64,
}

/// Writes the archive. Yes if there is such a person.
///
/// # Errors
/// If something cannot be read, or the archive cannot be written.
pub(crate) fn run(arguments: &PeopleExport) -> anyhow::Result<Answer> {
    let Opened { gallery, .. } = database_files::read(&arguments.db, &arguments.keys)?;
    let found = database_files::person_named(&gallery, &arguments.person);
    let person = match (found.map(|index| &gallery.people()[index]), PersonName::parse(&arguments.person)) {
        (Some(person), _) => Person { name: person.name.clone(), id: Some(person.id) },
        // The log still has the id of somebody who was forgotten.
        (None, Ok(name)) => Person { name, id: arguments.person.parse().ok() },
        (None, Err(error)) => return Err(anyhow!("{}: {error}", arguments.person)).help("give a name or an id"),
    };
    let mut archive = Archive::default();
    let mut exported = Exported { person_id: person.id.map(|id| id.to_string()), ..Exported::default() };
    if let Some(index) = found {
        exported.encodings = gallery.people()[index].encodings.len();
        archive.add("database.json", terminal::to_json(&of_database(&gallery, index))?.into_bytes());
    }
    let mut passes = BTreeSet::new();
    if let Some(office) = arguments.photos.as_deref().map(OfficeFiles::read).transpose()? {
        exported.photos = person.add_office(&office, &mut archive)?;
        let all = office.passes()?;
        exported.passes = person.add_passes(&all, &mut archive)?;
        passes = person.pass_ids(&all);
    }
    for log in &arguments.logs {
        let records = records::of_log(log, &person, &passes)?;
        exported.records += records.count;
        exported.skipped_lines += records.skipped;
        if records.count > 0 {
            let name = log.file_name().unwrap_or_default().to_string_lossy();
            archive.add(&format!("log/{name}"), records.lines);
        }
    }
    if !archive.is_empty() {
        let readme = readme::readme(&person.name, arguments, &exported);
        let bytes = archive.with_first("README.txt", readme.as_bytes())?;
        files::replace(&arguments.output, Access::Private, &bytes).help("choose another file with -o")?;
        exported.archive = Some(arguments.output.shown());
    }
    match arguments.json {
        true => print_json(&exported)?,
        false => print(&in_words(&exported, &arguments.person))?,
    }
    Ok(Answer::yes_if(exported.archive.is_some()))
}

fn in_words(exported: &Exported, person: &str) -> String {
    let Exported { archive, person_id: _, encodings, photos, passes, records, skipped_lines } = exported;
    let said = match archive {
        None => format!("nothing is stored about {person}"),
        Some(archive) => format!(
            "{archive}: {}, {}, {passes} visitor {}, {}",
            counted(*encodings, "encoding"),
            counted(*photos, "photo"),
            if *passes == 1 { "pass" } else { "passes" },
            counted(*records, "record")
        ),
    };
    [Some(said), skipped_in_words(*skipped_lines)].into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn of_database(gallery: &Gallery, index: usize) -> Value {
    let person = &gallery.people()[index];
    let time = |seconds: i64| Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string());
    let schedules: Vec<&str> = gallery.schedules().iter().map(|schedule| schedule.name.as_str()).collect();
    let hours = gallery.hours_of(index).bound_by;
    let encodings = gallery.encodings_of(index).map(|encoding| {
        json!({
            "numbers": encoding.numbers,
            "scale": encoding.scale,
            "photo_sha256_begins": encoding.photo.to_string(),
            "made_at": time(encoding.made_at),
        })
    });
    json!({
        "person_id": person.id.to_string(),
        "name": person.name.as_str(),
        "note": person.details.note,
        "groups": person.details.groups,
        "mode": person.details.mode.in_json(),
        "valid_from": person.details.valid_from.map(time),
        "valid_until": person.details.valid_until.map(time),
        "cards": person.details.cards.iter().map(|card| HEXLOWER.encode(&card.hash)).collect::<Vec<_>>(),
        "hours": hours.iter().filter_map(|at| schedules.get(at).copied()).collect::<Vec<_>>(),
        "looks_like_somebody_else": gallery.has_look_alike(index),
        "encodings": encodings.collect::<Vec<_>>(),
    })
}
