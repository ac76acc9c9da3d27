//! `people set | rename | remove`: changes the folder of photos and `people.csv`. The next `build-db` brings the change into
//! the database.

use crate::args::{PeopleRemove, PeopleRename, PeopleSet};
use crate::database_files::{self, Opened};
use crate::office::{Office, OfficePerson};
use anyhow::anyhow;
use serde::Serialize;
use shared::gallery::{PersonId, PersonName};
use std::path::Path;
use terminal::{Answer, Help, ShowPath, print, print_json};

const BUILD: &str = "The doors know nothing of it until you build the database again and ship it.";

/// The answer of `--json`.
#[derive(Debug, Serialize)]
struct Changed<'a> {
    /// The person's name after the change; the one that was asked for, if there is no such person.
    name: &'a str,
    /// Whether there is such a person.
    found: bool,
    /// The columns that were changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<&'a str>>,
    /// The id that the person keeps; `null` if none is known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Option<String>>,
    /// What was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<Vec<String>>,
}

impl<'a> Changed<'a> {
    fn of(name: &'a str) -> Self {
        Self { name, found: true, columns: None, id: None, erased: None }
    }
}

/// Changes fields of a person's line. Yes if there is such a person.
///
/// # Errors
/// If a field is refused, or a file cannot be read or written.
pub(super) fn set(arguments: &PeopleSet) -> anyhow::Result<Answer> {
    let fields = arguments.fields();
    if fields.is_empty() {
        return Err(anyhow!("no field is given")).help("give at least one, such as --groups \"staff;night\"");
    }
    let office = Office::read(&arguments.photos)?;
    let Some(person) = find(&office, &arguments.person)? else {
        return nobody(&arguments.person, &arguments.photos, arguments.json);
    };
    office.edit(person, &fields)?;
    let columns: Vec<&str> = fields.iter().map(|(column, _)| *column).collect();
    let words = format!("{}: changed {} in people.csv. {BUILD}", person.name, columns.join(", "));
    let changed = Changed { columns: Some(columns), ..Changed::of(person.name.as_str()) };
    answer(&changed, &words, arguments.json)
}

/// Gives a person another name. Yes if there is such a person.
///
/// # Errors
/// If the name is refused, or a file cannot be read or written.
pub(super) fn rename(arguments: &PeopleRename) -> anyhow::Result<Answer> {
    let office = Office::read(&arguments.photos)?;
    let Some(person) = find(&office, &arguments.person)? else {
        return nobody(&arguments.person, &arguments.photos, arguments.json);
    };
    let known_as = arguments.db.as_deref().map(|db| id_in(db, &person.name, arguments)).transpose()?.flatten();
    let id = person.id.or(known_as);
    office.rename(person, &arguments.name, known_as)?;
    let kept = match id {
        Some(id) => format!("the id {id} stays"),
        None => "there was no id to keep".to_owned(),
    };
    let words = format!("{} is now {}; {kept}. {BUILD}", person.name, arguments.name);
    let changed = Changed { id: Some(id.map(|id| id.to_string())), ..Changed::of(&arguments.name) };
    answer(&changed, &words, arguments.json)
}

/// Deletes a person's photos and line. Yes if there is such a person.
///
/// # Errors
/// If a file cannot be read, deleted or written.
pub(super) fn remove(arguments: &PeopleRemove) -> anyhow::Result<Answer> {
    let office = Office::read(&arguments.photos)?;
    let Some(person) = find(&office, &arguments.person)? else {
        return nobody(&arguments.person, &arguments.photos, arguments.json);
    };
    let removed = office.remove(person)?;
    let erased = removed.lines.clone();
    let mut lines = vec![format!("{} is removed", person.name)];
    lines.extend(erased.iter().map(|what| format!("erased      {what}")));
    lines.push(format!("{BUILD} `encoder-tool forget` lists the other places."));
    let changed = Changed { erased: Some(erased), ..Changed::of(person.name.as_str()) };
    let answered = answer(&changed, &lines.join("\n"), arguments.json);
    removed.require_complete()?;
    answered
}

fn answer(changed: &Changed<'_>, words: &str, json: bool) -> anyhow::Result<Answer> {
    if json {
        print_json(changed)?
    } else {
        print(words)?
    }
    Ok(Answer::yes_if(changed.found))
}

fn nobody(name: &str, photos: &Path, json: bool) -> anyhow::Result<Answer> {
    let words = format!("nobody in {} is called {name}: nothing was changed", photos.shown());
    answer(&Changed { found: false, ..Changed::of(name) }, &words, json)
}

fn find<'o>(office: &'o Office, name: &str) -> anyhow::Result<Option<&'o OfficePerson>> {
    Ok(office.person_named(&PersonName::parse(name)?))
}

fn id_in(db: &Path, name: &PersonName, arguments: &PeopleRename) -> anyhow::Result<Option<PersonId>> {
    let Opened { gallery, .. } = database_files::read(db, &arguments.keys)?;
    Ok(gallery.person_by_name(name).map(|index| gallery.people()[index].id))
}
