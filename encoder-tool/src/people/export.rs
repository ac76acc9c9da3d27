//! `people export`: everything that is stored about one person, as an archive that the person can read.
//!
//! It contains nothing about others: in the records of a log, other people's ids are left out.

use super::{Office, log_records};
use crate::args::PeopleExport;
use crate::database_files::{self, Opened};
use anyhow::{Context, anyhow};
use files::Access;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use shared::gallery::{Gallery, PersonId, PersonName};
use std::path::Path;
use terminal::{Answer, Help, ShowPath, ShownPath, counted, print, print_json};

/// The largest photo that is put into the archive, in bytes.
const MAX_PHOTO_BYTES: u64 = 256 << 20;

/// What the archive contains.
#[derive(Debug, Serialize)]
struct Exported {
    archive: ShownPath,
    person_id: Option<String>,
    encodings: usize,
    photos: usize,
    records: usize,
}

/// A file of the archive.
struct Entry {
    name: String,
    content: Vec<u8>,
}

/// Writes the archive. Yes if there is such a person.
///
/// # Errors
/// If something cannot be read, or the archive cannot be written.
pub(crate) fn run(arguments: &PeopleExport) -> anyhow::Result<Answer> {
    let Opened { gallery, .. } = database_files::read(&arguments.db, &arguments.keys)?;
    let found = database_files::person_named(&gallery, &arguments.person);
    let office = arguments.photos.as_deref().map(Office::read).transpose()?;
    let name = match (found, PersonName::parse(&arguments.person)) {
        (Some(index), _) => gallery.people()[index].name.clone(),
        (None, Ok(name)) => name,
        (None, Err(error)) => return Err(anyhow!("{}: {error}", arguments.person)),
    };
    let mut entries = Vec::new();
    let person_id = found.map(|index| gallery.people()[index].id);
    if let Some(index) = found {
        entries.push(json_entry("database.json", &of_database(&gallery, index))?);
    }
    if let Some(office) = &office {
        entries.extend(of_office(office, &name)?);
    }
    let mut records = 0;
    if let Some(id) = person_id {
        for log in &arguments.logs {
            let entry = of_log(log, id)?;
            records += entry.content.iter().filter(|byte| **byte == b'\n').count();
            entries.push(entry);
        }
    }
    if entries.is_empty() {
        print(&format!("nothing is stored about {}", arguments.person))?;
        return Ok(Answer::No);
    }
    let photos = entries.iter().filter(|entry| entry.name.starts_with("photos/")).count();
    entries.insert(0, Entry { name: "README.txt".to_owned(), content: readme(&name, arguments).into_bytes() });
    let archive = tar_of(&entries)?;
    files::replace(&arguments.output, Access::Private, &archive).help("choose another file with -o")?;
    let exported = Exported {
        archive: arguments.output.shown(),
        person_id: person_id.map(|id| id.to_string()),
        encodings: found.map_or(0, |index| gallery.people()[index].encodings.len()),
        photos,
        records,
    };
    match arguments.json {
        true => print_json(&exported)?,
        false => print(&format!(
            "{}: {}, {}, {}",
            exported.archive,
            counted(exported.encodings, "encoding"),
            counted(exported.photos, "photo"),
            counted(exported.records, "record")
        ))?,
    }
    Ok(Answer::Yes)
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
        "schema": 1,
        "person_id": person.id.to_string(),
        "name": person.name.as_str(),
        "note": person.details.note,
        "groups": person.details.groups,
        "mode": person.details.mode.in_json(),
        "valid_from": person.details.valid_from.map(time),
        "valid_until": person.details.valid_until.map(time),
        "cards": person.details.cards.iter().map(|card| hex(&card.hash)).collect::<Vec<_>>(),
        "hours": hours.iter().filter_map(|at| schedules.get(at).copied()).collect::<Vec<_>>(),
        "looks_like_somebody_else": gallery.has_look_alike(index),
        "encodings": encodings.collect::<Vec<_>>(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The line of `people.csv` and the photos.
fn of_office(office: &Office, name: &PersonName) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let listed = office.listed()?;
    let row = listed.rows.iter().find(|row| row.name.collision_key() == name.collision_key());
    if let (Some(row), Some(file)) = (row, &office.people_file) {
        let line = crate::build_db::people_csv::only_line(file, row.line)?;
        entries.push(Entry { name: "people.csv".to_owned(), content: line });
    }
    let folder_name = row.and_then(|row| row.id.as_deref());
    let is_theirs = |folder: &str| {
        let is_named = PersonName::parse(folder).is_ok_and(|folder| folder.collision_key() == name.collision_key());
        is_named || folder_name == Some(folder)
    };
    for photo in office.folders.iter().filter(|folder| is_theirs(&folder.name)).flat_map(|folder| &folder.photos) {
        let content = files::read_bounded(&photo.path, MAX_PHOTO_BYTES)?;
        let file = photo.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        entries.push(Entry { name: format!("photos/{file}"), content });
    }
    Ok(entries)
}

/// The records of a log that name the person, without the ids of others.
fn of_log(log: &Path, id: PersonId) -> anyhow::Result<Entry> {
    let id = id.to_string();
    let mut content = Vec::new();
    log_records::each_record(log, |mut record| {
        let is = |value: &Value| value.as_str() == Some(id.as_str());
        if !is(&record["person"]) && !is(&record["host"]) && !is(&record["runner_up"]["person"]) {
            return;
        }
        if let Some(fields) = record.as_object_mut() {
            fields.retain(|key, value| match key.as_str() {
                "person" | "host" => is(value),
                "runner_up" => is(&value["person"]),
                _ => true,
            });
        }
        content.extend(record.to_string().into_bytes());
        content.push(b'\n');
    })?;
    let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Entry { name: format!("log/{name}"), content })
}

fn json_entry(name: &str, value: &Value) -> anyhow::Result<Entry> {
    Ok(Entry { name: name.to_owned(), content: terminal::to_json(value)?.into_bytes() })
}

fn readme(name: &PersonName, arguments: &PeopleExport) -> String {
    let PeopleExport { db, photos, logs, .. } = arguments;
    let mut text = format!(
        "This archive has what is stored about {name}, {}.\n\n\
         database.json  what the people database {} holds. It is on this workstation and on each door unit. An encoding is\n\
         \u{20}              a list of numbers that describes a face; a photo cannot be made from it exactly, but it is\n\
         \u{20}              biometric data. Cards are stored as keyed hashes.\n",
        Timestamp::now().strftime("%Y-%m-%d"),
        db.shown(),
    );
    if let Some(photos) = photos {
        text += &format!(
            "people.csv     the line in people.csv in {0}.\nphotos/        the photos in {0}. They are on this workstation only.\n",
            photos.shown()
        );
    }
    if !logs.is_empty() {
        text += "log/           the records of the doors that name this person, one for each line. A distance says how much a\n\
                 \u{20}              face differs from the stored one, from 0 (the same) to 2. The ids of other people are left out.\n";
    }
    text + "\nNot in here: names beside the logs of the doors, copies on other computers, backups.\n"
}

fn tar_of(entries: &[Entry]) -> anyhow::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for Entry { name, content } in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, content.as_slice()).with_context(|| name.clone())?;
    }
    Ok(archive.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_others_and_their_ids_are_left_out() {
        let (ada, ben) = (PersonId([0xad; 16]), PersonId([0xbe; 16]));
        let lines = [
            json!({"utc_ms": 1, "event": "granted", "person": ada.to_string(), "runner_up": {"person": ben.to_string(), "distance": 1.0}}),
            json!({"utc_ms": 2, "event": "granted", "person": ben.to_string(), "runner_up": {"person": ada.to_string(), "distance": 1.1}}),
            json!({"utc_ms": 3, "event": "granted", "person": ben.to_string(), "runner_up": null}),
            json!({"utc_ms": 4, "event": "refused", "person": null, "reason": "not_known"}),
        ];
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("door.jsonl");
        std::fs::write(&log, lines.iter().map(|line| format!("{line}\n")).collect::<String>() + "torn").unwrap();
        let Entry { name, content } = of_log(&log, ada).unwrap();
        let text = String::from_utf8(content).unwrap();
        assert_eq!((name.as_str(), text.lines().count()), ("log/door.jsonl", 2));
        assert!(!text.contains(&ben.to_string()), "{text}");
        let second: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!((&second["person"], &second["runner_up"]["distance"]), (&Value::Null, &json!(1.1)));
    }
}
