//! Hours: the page with the schedules of `schedules.toml`, which say when people may enter. `lines` are their hours in a form;
//! `of_person` says which of them bind a person.

mod lines;
mod of_person;

pub(super) use of_person::{Known, schedules};

use super::conflict;
use super::opaque;
use super::page::{Page, Place, error_box, field, needed_field};
use super::request::Request;
use super::site::Site;
use super::texts::{Texts, fill};
use crate::office::{SchedulesFile, Written};
use crate::rule_files::SCHEDULES_FILE;
use anyhow::Context;
use lines::Line;
use local_web::{Answer, Method};
use maud::{Markup, html};

/// Between groups and between names in a field.
const BETWEEN: &str = "; ";

/// A schedule as its form has it.
#[derive(Clone, Debug, Default)]
struct Form {
    /// The number of the schedule in the file; `None` for a new one.
    number: Option<usize>,
    name: String,
    lines: Vec<Line>,
    groups: String,
    people: String,
}

/// Answers a request for `/hours/…`; `None` if there is no such page.
///
/// # Errors
/// If the file cannot be used.
pub(super) fn answer(site: &Site, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    let t = site.texts;
    let path = site.places.photos.join(SCHEDULES_FILE);
    match (request.method, rest) {
        (Method::Get, []) => {
            let file = SchedulesFile::read(&path)?;
            let done = if request.query("saved").is_empty() { "" } else { t.saved };
            Ok(Some(Page { done, ..page(t, &file, None, None) }.answer(t)))
        }
        (Method::Post, [what @ ("set" | "add" | "remove")]) => {
            let number = request.form("number").parse().ok().filter(|_| *what != "add");
            let form = Form::typed(request, number);
            let changed = site.change(|office| {
                let mut file = SchedulesFile::read(&path)?;
                conflict::require_version(t, request.form("version"), &version_of(&file))?;
                if *what == "add" {
                    file.add(&form.written(t, &Written::default())?);
                    return file.write(&path, office);
                }
                let number = number.filter(|number| *number < file.schedules().len());
                let number = number.context(t.changed_meanwhile)?;
                if *what == "remove" {
                    file.remove(number)?;
                } else {
                    let before = file.schedules().swap_remove(number);
                    file.set(number, &form.written(t, &before)?)?;
                }
                file.write(&path, office)
            });
            match changed {
                Ok(()) => Ok(Some(Answer::see("/hours?saved=1"))),
                Err(refused) => {
                    let file = SchedulesFile::read(&path)?;
                    let is_lost = *what == "remove" || *what == "set" && conflict::is_conflict(&refused);
                    let typed = Some(&form).filter(|_| !is_lost);
                    Ok(Some(page(t, &file, typed, Some(&refused)).refusal(t, 422)))
                }
            }
        }
        _ => Ok(None),
    }
}

impl Form {
    /// What was typed.
    fn typed(request: &Request, number: Option<usize>) -> Self {
        let text = |name| request.form(name).trim().to_owned();
        let lines = lines::of_form(request);
        Self { number, name: text("name"), lines, groups: text("groups"), people: text("people") }
    }

    /// A schedule of the file.
    fn of_file(number: usize, schedule: &Written) -> Self {
        Self {
            number: Some(number),
            name: schedule.name.clone(),
            lines: lines::of_file(&schedule.hours),
            groups: schedule.groups.join(BETWEEN),
            people: schedule.people.join(BETWEEN),
        }
    }

    /// The schedule for the file. A list that was not changed stays as it was before: a name may have a semicolon.
    fn written(&self, t: &Texts, before: &Written) -> anyhow::Result<Written> {
        let each = |text: &str, before: &[String]| -> Vec<String> {
            if text == before.join(BETWEEN) {
                return before.to_vec();
            }
            // A comma may be in a name.
            let parts = text.split([';', '\n']).map(str::trim);
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        Ok(Written {
            name: self.name.clone(),
            groups: each(&self.groups, &before.groups),
            people: each(&self.people, &before.people),
            hours: lines::for_file(t, &self.lines, &before.hours)?,
            has_more: before.has_more,
        })
    }
}

/// The page. What was refused stays in its form.
fn page<'a>(t: &'a Texts, file: &SchedulesFile, typed: Option<&Form>, refused: Option<&anyhow::Error>) -> Page<'a> {
    let version = version_of(file);
    let schedules = file.schedules();
    let new = Form { lines: vec![lines::of_an_office()], ..Form::default() };
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        p { (t.hours_explained) }
        @for (number, schedule) in schedules.iter().enumerate() {
            @let form = Form::of_file(number, schedule);
            section.schedule aria-labelledby={ "schedule-" (number) } {
                h2 id={ "schedule-" (number) } { (schedule.name) }
                form.fields method="post" action="/hours/set" {
                    (hidden(&version, number))
                    (fields(t, typed.filter(|typed| typed.number == Some(number)).unwrap_or(&form)))
                    @if schedule.has_more { p.wide { (t.more_limits_stay) } }
                    button { (t.save) }
                }
                form method="post" action="/hours/remove" {
                    (hidden(&version, number))
                    button.danger data-sure=(fill(t.sure_schedule, &[&schedule.name])) { (t.remove) span.unseen { " " (schedule.name) } }
                }
            }
        }
        section aria-labelledby="new" {
            h2 #new { (t.new_schedule) }
            form.fields method="post" action="/hours/add" {
                (hidden(&version, 0))
                (fields(t, typed.filter(|typed| typed.number.is_none()).unwrap_or(&new)))
                button { (t.add) }
            }
        }
        p { a href="/people" { (t.back_to_people) } }
    };
    Page::new(Place::People, t.hours, body)
}

fn hidden(version: &str, number: usize) -> Markup {
    html! {
        input type="hidden" name="version" value=(version);
        input type="hidden" name="number" value=(number);
    }
}

fn fields(t: &Texts, form: &Form) -> Markup {
    html! {
        (needed_field("name", t.name, "", &form.name))
        (lines::fields(t, &form.lines))
        (field("groups", t.for_groups, t.groups_hint, &form.groups))
        (field("people", t.for_people, t.people_hint, &form.people))
    }
}

/// What a file says, for the version of its forms.
fn version_of(file: &SchedulesFile) -> String {
    opaque::version([file.text()])
}
