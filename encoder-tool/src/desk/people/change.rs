//! Changes of one person: fields, name, photos, removal.

use super::person::{self, COLUMNS, version_of};
use super::{person_with_key, photo_with_key};
use crate::database_files;
use crate::desk::conflict;
use crate::desk::days;
use crate::desk::hours;
use crate::desk::opaque;
use crate::desk::page::{Page, Place};
use crate::desk::refused_fields;
use crate::desk::request::Request;
use crate::desk::site::Site;
use crate::desk::texts::fill;
use crate::office::{Office, OfficePerson, Removed};
use anyhow::Context;
use local_web::Answer;
use maud::html;
use shared::gallery::{PersonId, PersonName};

/// Makes a change of the person with this key.
///
/// # Errors
/// If it is refused, or a file cannot be written.
pub(super) fn answer(site: &Site, request: &Request, key: &str, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    let saved = |anchor: &str| Answer::see(&format!("/people/{key}?saved=1{anchor}"));
    let answered = match rest {
        ["edit"] => return edit(site, request, key).map(Some),
        ["rename"] => return rename(site, request, key).map(Some),
        ["remove"] => remove(site, key),
        ["hours"] => bind(site, request, key).map(|()| saved("")),
        ["photo", photo, "remove"] => remove_photo(site, key, photo).map(|()| saved("#photos")),
        _ => return Ok(None),
    };
    let Err(refused) = answered else { return answered.map(Some) };
    // The page has what the message speaks of.
    let office = site.office()?;
    let Some(person) = person_with_key(&office, key) else { return Err(refused) };
    let recorded = person::recorded(&office, person);
    Ok(Some(person::page(site, &office, person, &recorded, Some(&refused)).refusal(site.texts, 422)))
}

fn bind(site: &Site, request: &Request, key: &str) -> anyhow::Result<()> {
    with_person(site, key, |office, person| {
        hours::schedules(site).require(site.texts, request.form("version"))?;
        office.bind(&person.name, &request.all("schedule"))
    })
}

fn remove_photo(site: &Site, key: &str, photo: &str) -> anyhow::Result<()> {
    let removed = with_person(site, key, |office, person| {
        let photo = photo_with_key(person, photo).context(site.texts.photo_gone)?;
        office.remove_photo(photo)
    })?;
    site.examiner.has_been_removed(&removed.photos);
    site.examiner.look_again();
    removed.require_complete()
}

fn with_person<T>(
    site: &Site,
    key: &str,
    change: impl FnOnce(&Office, &OfficePerson) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    site.change(|office| {
        let person = person_with_key(office, key).context(site.texts.person_gone)?;
        change(office, person)
    })
}

fn edit(site: &Site, request: &Request, key: &str) -> anyhow::Result<Answer> {
    let changed = with_person(site, key, |office, person| {
        conflict::require_version(site.texts, request.form("version"), &version_of(office, person))?;
        let before = |column| office.field(person, column).replace("\r\n", "\n");
        // A field that the form does not have stays as it is.
        let fields = COLUMNS.iter().filter_map(|column| Some((*column, request.one(column)?)));
        let fields: Vec<(&str, &str)> = fields.collect();
        days::require_plausible(site.texts, &fields, |column| office.field(person, column))?;
        let fields = fields.into_iter().filter(|(column, text)| text.trim().replace("\r\n", "\n") != before(column));
        office.edit(person, &fields.collect::<Vec<_>>())
    });
    let Err(refused) = changed.map_err(|refused| refused_fields::in_words(site.texts, refused)) else {
        return Ok(Answer::see(&format!("/people/{key}?saved=1")));
    };
    let office = site.office()?;
    let Some(person) = person_with_key(&office, key) else { return Err(refused) };
    if conflict::is_conflict(&refused) {
        return Ok(person::with_typed_aside(site, &office, person, request, &refused).refusal(site.texts, 422));
    }
    // What was typed stays in the form.
    let typed = |column: &str| match column {
        "name" => person.name.to_string(),
        column => request.form(column).to_owned(),
    };
    let page = person::page(site, &office, person, &typed, Some(&refused));
    Ok(page.refusal(site.texts, 422))
}

fn rename(site: &Site, request: &Request, key: &str) -> anyhow::Result<Answer> {
    let name = request.form("name");
    let renamed = with_person(site, key, |office, person| {
        let known_as = id_in_database(site, &person.name)?;
        office.rename(person, name, known_as)
    });
    if let Err(refused) = renamed {
        let office = site.office()?;
        let Some(person) = person_with_key(&office, key) else { return Err(refused) };
        let typed = |column: &str| match column {
            "name" => name.to_owned(),
            column => office.field(person, column).to_owned(),
        };
        return Ok(person::page(site, &office, person, &typed, Some(&refused)).refusal(site.texts, 422));
    }
    let key = opaque::of_person(&PersonName::parse(name)?);
    Ok(Answer::see(&format!("/people/{key}?saved=1")))
}

/// The id that the database has for a person; `None` if there is no database, or it does not have the person.
fn id_in_database(site: &Site, name: &PersonName) -> anyhow::Result<Option<PersonId>> {
    let Some(opened) = database_files::read_previous(&site.places.database, site.keys())? else { return Ok(None) };
    let index = opened.gallery.person_by_name(name);
    Ok(index.and_then(|index| opened.gallery.people().get(index)).map(|person| person.id))
}

/// Removes the person, and says what was erased.
fn remove(site: &Site, key: &str) -> anyhow::Result<Answer> {
    let t = site.texts;
    let (name, Removed { lines: erased, left, photos }) =
        with_person(site, key, |office, person| Ok((person.name.clone(), office.remove(person)?)))?;
    site.examiner.has_been_removed(&photos);
    site.examiner.look_again();
    let title = fill(t.is_removed, &[name.as_str()]);
    let body = html! {
        h2 { (t.receipt) }
        ul { @for line in erased { li { (line) } } }
        @if !left.is_empty() {
            div.wrong role="alert" { p { (t.not_erased) } ul { @for what in left { li { (what) } } } }
        }
        p { (t.removal_goes_on) }
        p { a.button href="/build" { (t.to_build) } }
        p { a href="/people" { (t.back_to_people) } }
    };
    Ok(Page::new(Place::People, &title, body).answer(t))
}
