//! One person: photos with what is wrong with them, fields, another name, removal.

use super::problems::{self, Fix, Problem, file_of};
use super::{enrolled, plan_of};
use crate::build_db::plan::Plan;
use crate::desk::hours;
use crate::desk::modes;
use crate::desk::opaque;
use crate::desk::page::{Page, Place, choice, day, error_box, field};
use crate::desk::refused_fields::label_of;
use crate::desk::request::Request;
use crate::desk::site::Site;
use crate::desk::texts::{Texts, fill};
use crate::office::{Office, OfficePerson};
use local_web::Answer;
use maud::{Markup, html};

/// The columns of the form, in its order.
pub(super) const COLUMNS: [&str; 9] =
    ["groups", "mode", "cards", "valid_from", "valid_to", "note", "basis", "informed_on", "keep_until"];

/// # Errors
/// None: the signature is that of the other pages.
pub(super) fn answer(site: &Site, office: &Office, person: &OfficePerson, request: &Request) -> anyhow::Result<Answer> {
    let t = site.texts;
    let done = match (request.query("enrolled"), request.query("saved")) {
        ("", "") => "",
        ("", _) => t.saved,
        _ => t.enrolled,
    };
    let page = page(site, office, person, &recorded(office, person), None);
    Ok(Page { done, ..page }.answer(t))
}

/// What `people.csv` has about a person.
pub(super) fn recorded(office: &Office, person: &OfficePerson) -> impl Fn(&str) -> String {
    |column| match column {
        "name" => person.name.to_string(),
        column => office.field(person, column).to_owned(),
    }
}

/// The page as it is now, after somebody else changed it; what was typed stands above it.
pub(super) fn with_typed_aside<'a>(
    site: &Site,
    office: &Office,
    person: &'a OfficePerson,
    request: &Request,
    refused: &anyhow::Error,
) -> Page<'a> {
    let t = site.texts;
    let differs = |column: &&str| {
        request.one(column).is_some_and(|typed| typed.replace("\r\n", "\n") != office.field(person, column))
    };
    let typed: Vec<&str> = COLUMNS.iter().copied().filter(differs).collect();
    let page = page(site, office, person, &recorded(office, person), Some(refused));
    let body = html! {
        @if !typed.is_empty() {
            section.attention aria-labelledby="typed" {
                h2 #typed { (t.you_typed) }
                ul { @for column in typed { li { (label_of(t, column)) ": " (request.form(column)) } } }
            }
        }
        (page.body)
    };
    Page { body, ..page }
}

/// The page with these texts in the fields, and what was refused.
pub(super) fn page<'a>(
    site: &Site,
    office: &Office,
    person: &'a OfficePerson,
    field_of: &dyn Fn(&str) -> String,
    refused: Option<&anyhow::Error>,
) -> Page<'a> {
    let t = site.texts;
    let key = opaque::of_person(&person.name);
    let (examination, is_current) = site.examiner.newest();
    let plan = plan_of(&examination);
    let mut all = problems::of_everybody(t, office, plan);
    let problems = all.remove(&key).unwrap_or_default();
    let has_face = plan.and_then(|plan| enrolled(plan, &key)).is_some_and(|enrolled| !enrolled.photos.is_empty());
    let version = examination.as_ref().map_or(0, |examination| examination.version);
    let known = hours::schedules(site);
    let groups = office.field(person, "groups");
    let schedules = known.of(t, &person.name, groups).join(", ");
    let schedules = if schedules.is_empty() { t.always.to_owned() } else { schedules };
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        div #findings data-live data-page={ "/people/" (key) } data-version=(version) data-looking[!is_current] {
            div.person {
                @if has_face { img src={ "/people/" (key) "/face" } alt={ (t.face_of) " " (person.name) } width="112" height="112"; }
                @else { span.initial aria-hidden="true" { (person.name.as_str().chars().next().unwrap_or(' ')) } }
                p {
                    (fill(t.mode_is, &[modes::in_words(t, office.field(person, "mode"))])) " "
                    (fill(t.hours_of, &[&schedules]))
                    @for (column, words) in [("valid_from", t.from_day), ("valid_to", t.until_day)] {
                        @let day = office.field(person, column);
                        @if !day.is_empty() { " " (fill(words, &[day])) }
                    }
                }
            }
            @if !is_current { p.looking role="status" { (t.looking) } }
            (problem_list(t, &problems))
            section aria-labelledby="photos" {
                h2 #photos { (t.photos) }
                @if person.photos.is_empty() { p { (t.no_photos) } }
                ul.photos {
                    @for photo in &person.photos {
                        @let photo_key = opaque::of_photo(&photo.shown);
                        @let wrong = problems.iter().find(|problem| problem.fix == Fix::Photo(photo_key.clone()));
                        li id={ "photo-" (photo_key) } .suspect[wrong.is_some()] {
                            img src={ "/people/" (key) "/photo/" (photo_key) } alt={ (file_of(&photo.shown)) } loading="lazy";
                            p { (file_of(&photo.shown)) }
                            p { (state_of(t, plan, &photo.shown, wrong)) }
                            form method="post" action={ "/people/" (key) "/photo/" (photo_key) "/remove" } {
                                button.danger data-sure=(fill(t.sure_photo, &[file_of(&photo.shown)])) { (t.remove_photo) span.unseen { " " (file_of(&photo.shown)) } }
                            }
                        }
                    }
                }
                @if person.photos.len() == 1 { p.soft { (t.one_photo) } }
                p { a.button href={ "/enrol?person=" (key) } { (t.more_photos) } }
            }
        }
        (details(t, office, person, &key, field_of))
        (known.form_of(t, &person.name, groups, &format!("/people/{key}/hours")))
        section aria-labelledby="rename" {
            h2 #rename { (t.rename) }
            form.inline method="post" action={ "/people/" (key) "/rename" } {
                (field("name", t.new_name, t.rename_hint, &field_of("name")))
                button { (t.rename_button) }
            }
        }
        section aria-labelledby="remove" {
            h2 #remove { (t.remove_person) }
            p { (t.remove_hint) }
            form method="post" action={ "/people/" (key) "/remove" } {
                button.danger data-sure=(fill(t.sure_person, &[person.name.as_str()])) { (fill(t.remove_button, &[person.name.as_str()])) }
            }
        }
    };
    Page::new(Place::People, person.name.as_str(), body)
}

fn problem_list(t: &Texts, problems: &[Problem]) -> Markup {
    html! {
        @if !problems.is_empty() {
            section.attention aria-labelledby="attention" {
                h2 #attention { (t.needs_attention) }
                ul { @for problem in problems { li { (problem.text) " " (fix(t, &problem.fix)) } } }
            }
        }
    }
}

fn fix(t: &Texts, fix: &Fix) -> Markup {
    let (to, words) = match fix {
        Fix::Photo(key) => (format!("#photo-{key}"), t.fix_photo),
        Fix::MorePhotos => ("#photos".to_owned(), t.fix_more_photos),
        Fix::Fields => ("#details".to_owned(), t.fix_fields),
    };
    html! { a href=(to) { (words) } }
}

fn state_of(t: &Texts, plan: Option<&Plan>, shown: &str, wrong: Option<&Problem>) -> Markup {
    let is_used = plan.is_some_and(|plan| plan.photos().iter().any(|photo| photo.shown == shown));
    html! {
        @match (wrong, is_used) {
            (Some(problem), true) => { span.bad { (problem.text) } br; span.bad { (t.used_although) } },
            (Some(problem), false) => span.bad { (problem.text) },
            (None, true) => span.good { (t.photo_is_used) },
            (None, false) => span.soft { (t.photo_not_looked_at) },
        }
    }
}

/// The form with the fields of `people.csv`.
fn details(t: &Texts, office: &Office, person: &OfficePerson, key: &str, field_of: &dyn Fn(&str) -> String) -> Markup {
    let version = version_of(office, person);
    html! {
        section aria-labelledby="details" {
            h2 #details { (t.details) }
            form.fields method="post" action={ "/people/" (key) "/edit" } {
                input type="hidden" name="version" value=(version);
                (field("groups", t.groups, t.groups_hint, &field_of("groups")))
                (choice("mode", t.mode, &modes::choices(t), &modes::as_in_choices(&field_of("mode"))))
                (field("cards", t.cards, t.cards_hint, &field_of("cards")))
                (day("valid_from", t.valid_from, "", &field_of("valid_from")))
                (day("valid_to", t.valid_to, t.valid_to_hint, &field_of("valid_to")))
                (field("basis", t.basis, t.basis_hint, &field_of("basis")))
                (day("informed_on", t.informed_on, "", &field_of("informed_on")))
                (day("keep_until", t.keep_until, t.keep_until_hint, &field_of("keep_until")))
                label.wide { span { (t.note) } textarea name="note" rows="2" { (field_of("note")) } }
                button.wide { (t.save) }
            }
        }
    }
}

/// Changes when somebody changes the person's fields.
pub(super) fn version_of(office: &Office, person: &OfficePerson) -> String {
    opaque::version(COLUMNS.map(|column| office.field(person, column)))
}
