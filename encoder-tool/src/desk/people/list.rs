//! Everybody, with a search and with what needs attention.

use super::plan_of;
use super::problems::{self, Problem};
use crate::desk::hours;
use crate::desk::modes;
use crate::desk::opaque;
use crate::desk::page::{Page, Place, error_box};
use crate::desk::site::Site;
use crate::desk::texts::{Texts, fill};
use crate::office::{Office, OfficePerson};
use local_web::Answer;
use maud::{Markup, html};
use std::collections::{HashMap, HashSet};
use terminal::counted;

/// The most people who are listed with their problems above all people; the others have a mark in the list.
const MOST_LISTED: usize = 12;
/// The most problems of one of them.
const MOST_OF_ONE: usize = 4;

/// # Errors
/// If the folder cannot be used.
pub(super) fn answer(site: &Site) -> anyhow::Result<Answer> {
    let t = site.texts;
    let office = site.office()?;
    let (examination, is_current) = site.examiner.newest();
    let plan = plan_of(&examination);
    let enrolled = plan.iter().flat_map(|plan| &plan.enrolment.enrolled);
    let with_face = enrolled.filter(|enrolled| !enrolled.photos.is_empty());
    let with_face: HashSet<&str> = with_face.map(|enrolled| enrolled.member.name.as_str()).collect();
    let problems = problems::of_everybody(t, &office, plan);
    let refused = examination.as_ref().and_then(|examination| examination.plan.as_ref().err());
    // An empty folder is no mistake.
    let refused = refused.filter(|_| !office.people().is_empty());
    let version = examination.as_ref().map_or(0, |examination| examination.version);
    let schedules = hours::schedules(site);
    let body = html! {
        div #findings data-live data-page="/people" data-version=(version) data-looking[!is_current] {
            @if !is_current { p.looking role="status" { (t.looking) } }
            @if let Some(error) = refused { (error_box(t.cannot_build, error)) }
            (attention(t, &office, &problems))
        }
        @if office.people().is_empty() {
            p { (t.nobody_yet) }
            p { a.button href="/enrol" { (t.enrol_first) } }
        } @else {
            div.buttons {
                a.button href="/enrol" { (t.enrol_somebody) }
                a.button href="/hours" { (t.hours) }
            }
            form.search role="search" {
                label { span { (t.search) } input #search type="search" autocomplete="off" aria-controls="people"; }
                output #matches aria-live="polite" data-of=(t.matches) { (counted(office.people().len(), "person")) }
            }
            ul #people.people data-live {
                @for person in office.people() {
                    @let key = opaque::of_person(&person.name);
                    (row(t, &office, person, &key, with_face.contains(person.name.as_str()), problems.get(&key), &schedules))
                }
            }
            p #nobody-found hidden { (t.nobody_found) }
        }
    };
    Ok(Page::new(Place::People, t.people, body).answer(t))
}

/// Everybody with a problem: first those who cannot enter.
fn attention(t: &Texts, office: &Office, problems: &HashMap<String, Vec<Problem>>) -> Markup {
    let each = office.people().iter().filter_map(|person| {
        let key = opaque::of_person(&person.name);
        let of_person = problems.get(&key)?;
        Some((person.name.as_str(), key, of_person))
    });
    let mut all: Vec<_> = each.collect();
    all.sort_by_key(|(_, _, of_person)| !of_person.iter().any(|problem| problem.keeps_out));
    html! {
        @if !all.is_empty() {
            section.attention aria-labelledby="attention" {
                h2 #attention { (t.needs_attention) }
                ul {
                    @for (name, key, of_person) in all.iter().take(MOST_LISTED) {
                        li {
                            a href={ "/people/" (key) } { (name) }
                            ul { @for problem in of_person.iter().take(MOST_OF_ONE) { li { (problem.text) } } }
                            @if of_person.len() > MOST_OF_ONE {
                                p { (fill(t.and_others, &[&counted(of_person.len() - MOST_OF_ONE, "more problem")])) }
                            }
                        }
                    }
                }
                @if all.len() > MOST_LISTED {
                    p { (fill(t.and_more, &[&counted(all.len() - MOST_LISTED, "person")])) }
                }
            }
        }
    }
}

fn row(
    t: &Texts,
    office: &Office,
    person: &OfficePerson,
    key: &str,
    has_face: bool,
    problems: Option<&Vec<Problem>>,
    schedules: &hours::Known,
) -> Markup {
    let field = |column| office.field(person, column);
    let cards = field("cards").split(';').filter(|card| !card.trim().is_empty()).count();
    let groups = field("groups");
    let hours = schedules.of(t, &person.name, groups).join(", ");
    let name = person.name.as_str();
    let searched = [name, groups, field("note"), field("cards"), &hours].join(" ").to_lowercase();
    html! {
        li data-search=(searched) {
            a href={ "/people/" (key) } {
                @if has_face { img src={ "/people/" (key) "/face" } alt="" width="56" height="56" loading="lazy"; }
                @else { span.initial aria-hidden="true" { (name.chars().next().unwrap_or(' ')) } }
                span.name { (name) }
            }
            span.facts {
                @if !groups.is_empty() { span { (groups) } }
                @if !field("mode").is_empty() { span { (modes::in_words(t, field("mode"))) } }
                @if cards > 0 { span { (counted(cards, "card")) } }
                @if !hours.is_empty() { span { (hours) } }
                @if !field("basis").is_empty() { span { (field("basis")) } }
                @if !field("valid_to").is_empty() { span { (fill(t.until, &[field("valid_to")])) } }
            }
            @if let Some(problems) = problems { span.badge { (counted(problems.len(), "problem")) } }
        }
    }
}
