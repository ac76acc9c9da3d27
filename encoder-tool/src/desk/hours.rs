//! The page about hours: the schedules of `schedules.toml`, which say when people may enter.

use super::opaque;
use super::page::{Page, Place, error_box, field};
use super::request::Request;
use super::site::Site;
use super::texts::Texts;
use crate::office::{SchedulesFile, Written, is_called};
use crate::rule_files::SCHEDULES_FILE;
use local_web::{Answer, Method};
use maud::{Markup, html};
use shared::gallery::PersonName;

/// The schedules of the file, to say which of them bind a person. None if the file cannot be used.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<Written>);

/// The schedules, as they are now.
pub(super) fn schedules(site: &Site) -> Known {
    SchedulesFile::read(&site.places.photos.join(SCHEDULES_FILE))
        .map(|file| Known(file.schedules()))
        .unwrap_or_default()
}

impl Known {
    /// The schedules that bind a person with these groups (`a;b`), with their hours.
    pub(super) fn of(&self, name: &PersonName, groups: &str) -> Vec<String> {
        let groups: Vec<&str> = groups.split([';', ',', '|']).map(str::trim).collect();
        let binds = |schedule: &&Written| {
            schedule.groups.iter().any(|group| groups.contains(&group.as_str()))
                || schedule.people.iter().any(|person| is_called(name, person))
        };
        self.0
            .iter()
            .filter(binds)
            .map(|schedule| format!("{} ({})", schedule.name, schedule.hours.join(", ")))
            .collect()
    }
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
            let changed = site.change(|office| {
                let mut file = SchedulesFile::read(&path)?;
                if request.form("version") != version_of(&file) {
                    anyhow::bail!("{}", t.changed_meanwhile);
                }
                let number = request.form("number").parse().unwrap_or(usize::MAX);
                match *what {
                    "remove" => file.remove(number)?,
                    "add" => file.add(&written(request)),
                    _ => file.set(number, &written(request))?,
                }
                file.write(&path, office)
            });
            match changed {
                Ok(()) => Ok(Some(Answer::see("/hours?saved=1"))),
                Err(refused) => {
                    let file = SchedulesFile::read(&path)?;
                    // What was typed stays in its form.
                    let number = request.form("number").parse().ok().filter(|_| *what == "set");
                    let typed = (number, written(request));
                    Ok(Some(page(t, &file, Some(&typed).filter(|_| *what != "remove"), Some(&refused)).refusal(t, 422)))
                }
            }
        }
        _ => Ok(None),
    }
}

/// What a form says about a schedule.
fn written(request: &Request) -> Written {
    // A comma may be in a name, and in "mon,wed 09:00-12:00".
    let each = |name| -> Vec<String> {
        let parts = request.form(name).split([';', '\n']).map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    Written {
        name: request.form("name").trim().to_owned(),
        groups: each("groups"),
        people: each("people"),
        hours: each("hours"),
    }
}

/// The page. `typed` is what was refused, and the number of the schedule; `None` for a new one.
fn page<'a>(
    t: &'a Texts,
    file: &SchedulesFile,
    typed: Option<&(Option<usize>, Written)>,
    refused: Option<&anyhow::Error>,
) -> Page<'a> {
    let typed_in = |form: Option<usize>| typed.filter(|(number, _)| *number == form).map(|(_, written)| written);
    let version = version_of(file);
    let schedules = file.schedules();
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        p { (t.hours_explained) }
        @for (number, schedule) in schedules.iter().enumerate() {
            section.schedule aria-labelledby={ "schedule-" (number) } {
                h2 id={ "schedule-" (number) } { (schedule.name) }
                form.fields method="post" action="/hours/set" {
                    (hidden(&version, number))
                    (fields(t, typed_in(Some(number)).unwrap_or(schedule)))
                    button { (t.save) }
                }
                form method="post" action="/hours/remove" {
                    (hidden(&version, number))
                    button.danger data-sure=(t.sure_schedule) { (t.remove) span.unseen { " " (schedule.name) } }
                }
            }
        }
        section aria-labelledby="new" {
            h2 #new { (t.new_schedule) }
            form.fields method="post" action="/hours/add" {
                (hidden(&version, 0))
                (fields(t, typed_in(None).unwrap_or(&Written::default())))
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

fn fields(t: &Texts, schedule: &Written) -> Markup {
    html! {
        (field("name", t.name, "", &schedule.name))
        (field("hours", t.hours, t.hours_hint, &schedule.hours.join("; ")))
        (field("groups", t.for_groups, t.groups_hint, &schedule.groups.join("; ")))
        (field("people", t.for_people, t.people_hint, &schedule.people.join("; ")))
    }
}

/// What a file says, for the version of its forms.
fn version_of(file: &SchedulesFile) -> String {
    opaque::version([file.text()])
}
