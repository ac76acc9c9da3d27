//! The page that enrols a person: poses before a webcam, dropped photos, fields, and the person's consent. Nothing is
//! stored before the person has agreed.

mod likeness;
mod looking;
mod saving;

use super::draft::Draft;
use super::draft::guidance::POSES;
use super::hours;
use super::lock::lock;
use super::modes;
use super::opaque;
use super::page::{Page, Place, choice, day, error_box, field};
use super::people::person_with_key;
use super::refused_fields;
use super::request::Request;
use super::site::Site;
use super::texts::fill;
use crate::office::{NO_BASIS_YET, Office, OfficePerson};
use anyhow::Context;
use data_encoding::HEXLOWER;
use local_web::{Answer, Method};
use looking::{dropped, look, photos_of, picture, with_draft};
use maud::html;

/// Answers a request for `/enrol/…`; `None` if there is no such page.
///
/// # Errors
/// If the folder cannot be used, or the person cannot be stored.
pub(super) fn answer(site: &Site, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    match (request.method, rest) {
        (Method::Get, []) => {
            // Photos that turn out to be of somebody who is enrolled come along.
            let known = request.query("draft");
            let is_known = lock(&site.drafts).with_id(known).is_some();
            let id = if is_known { known.to_owned() } else { new_id()? };
            if !is_known {
                lock(&site.drafts).begin(&id);
            }
            page_for(site, request.query("person"), &id).map(Some)
        }
        (Method::Get, ["draft", id, digest]) => Ok(picture(site, id, digest)),
        (Method::Post, ["look"]) => look(site, request).map(Some),
        (Method::Post, ["photo"]) => dropped(site, request).map(Some),
        (Method::Post, ["choose"]) => with_draft(site, request, |draft| draft.choose(request.form("photo"))),
        (Method::Post, ["none"]) => with_draft(site, request, Draft::choose_none),
        (Method::Post, ["drop"]) => with_draft(site, request, |draft| draft.drop_photo(request.form("photo"))),
        (Method::Post, ["again"]) => with_draft(site, request, Draft::pose_again),
        (Method::Post, ["save"]) => save(site, request).map(Some),
        _ => Ok(None),
    }
}

/// The page: for somebody new, or for more photos of somebody.
fn page_for(site: &Site, person_key: &str, draft: &str) -> anyhow::Result<Answer> {
    let office = site.office()?;
    let person = person_with_key(&office, person_key);
    Ok(page(site, &office, person, draft, &|_| String::new(), &[], None).answer(site.texts))
}

/// The page, with what was typed in its fields, and what was refused.
fn page(
    site: &Site,
    office: &Office,
    person: Option<&OfficePerson>,
    draft_id: &str,
    typed: &dyn Fn(&'static str) -> String,
    schedules: &[&str],
    refused: Option<&anyhow::Error>,
) -> Page<'static> {
    let t = site.texts;
    let key = person.map(|person| opaque::of_person(&person.name)).unwrap_or_default();
    let photos = {
        let mut drafts = lock(&site.drafts);
        drafts.with_id(draft_id).map(|draft| (photos_of(site, draft, &key), draft.posed()))
    };
    let (photos, posed) = photos.map_or((None, 0), |(photos, posed)| (Some(photos), posed));
    let recorded = person.map(|person| office.field(person, "basis")).filter(|basis| *basis != NO_BASIS_YET);
    let basis = [typed("basis").as_str(), recorded.unwrap_or_default(), t.basis_consent].map(str::to_owned);
    let basis = basis.into_iter().find(|basis| !basis.is_empty()).unwrap_or_default();
    let known = hours::schedules(site);
    let needs_consent = person.is_none_or(|person| office.field(person, "informed_on").is_empty());
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        @if let Some(person) = person { p { (fill(t.more_photos_of, &[person.name.as_str()])) } }
        @if needs_consent {
            section.consent aria-labelledby="notice" {
                h2 #notice { (t.consent) }
                p { (t.notice_what) " " (t.notice_where) }
                p { (t.notice_rights) }
            }
        }
        div.enrol #enrol data-draft=(draft_id) data-person=(key) data-no-camera=(t.no_camera) data-camera-on=(t.camera_on) data-camera-off=(t.camera_off) {
            section aria-labelledby="camera" {
                h2 #camera { (t.with_webcam) }
                div.stage {
                    video #video playsinline muted aria-label=(t.webcam_picture) {}
                    div.box #box hidden {}
                }
                p.advice #advice role="status" { (t.camera_off) }
                progress #poses max=(POSES.len()) value=(posed) aria-label=(t.poses) {}
                p.buttons {
                    button #start type="button" { (t.start_camera) }
                    button #again type="button" hidden { (t.five_more) }
                    button.plain #stop type="button" hidden { (t.stop_camera) }
                }
            }
            div {
                section aria-labelledby="drop" {
                    h2 #drop { (t.from_photos) }
                    label.drop #drop-zone {
                        span { (t.drop_here) }
                        input #files type="file" multiple accept="image/*,.heic,.heif,.avif";
                    }
                    div #dropped role="log" aria-label=(t.from_photos) {}
                }
                section aria-labelledby="taken" {
                    h2 #taken { (t.photos) }
                    div #photos { @if let Some(photos) = photos { (photos) } }
                }
            }
        }
        @if person.is_none() { h2 { (t.the_person) } }
        form.fields #save method="post" action="/enrol/save" {
            input type="hidden" name="draft" value=(draft_id);
            input type="hidden" name="person" value=(key);
            @if person.is_none() {
                label { span { (t.name) } input type="text" name="name" value=(typed("name")) required autocomplete="off"; }
                label { span { (t.groups) }
                    input type="text" name="groups" value=(typed("groups")) autocomplete="off" list="known-groups";
                    small { (t.groups_hint) }
                }
                datalist #known-groups { @for group in office.groups() { option value=(group) {} } }
                (choice("mode", t.mode, &modes::choices(t), &typed("mode")))
                (field("cards", t.cards, t.cards_hint, &typed("cards")))
                (day("valid_to", t.valid_to, t.valid_to_hint, &typed("valid_to")))
                (day("keep_until", t.keep_until, t.keep_until_hint, &typed("keep_until")))
                @if !known.is_empty() {
                    fieldset.wide {
                        legend { (t.hours) }
                        p { (t.hours_of_new) }
                        (known.choices(t, "", |schedule| schedules.contains(&schedule.name.as_str())))
                    }
                }
            }
            @if needs_consent {
                fieldset.wide.agreement {
                    legend { (t.agreement) }
                    (field("basis", t.basis, t.basis_hint, &basis))
                    label.check { input type="checkbox" name="agreed" value="yes" checked[typed("agreed") == "yes"]; span { (t.agreed) } }
                }
            }
            button.wide { (t.save_person) }
        }
    };
    Page { script: Some("enrol.js"), ..Page::new(Place::Enrol, t.enrol, body) }
}

/// Stores, and leads to the person; or the page again, with the photos and what was typed.
fn save(site: &Site, request: &Request) -> anyhow::Result<Answer> {
    match saving::stored(site, request) {
        Ok(key) => {
            lock(&site.drafts).forget(request.form("draft"));
            let what = if request.form("person").is_empty() { "enrolled" } else { "saved" };
            Ok(Answer::see(&format!("/people/{key}?{what}=1")))
        }
        Err(refused) => {
            let refused = refused_fields::in_words(site.texts, refused);
            let office = site.office()?;
            let person = person_with_key(&office, request.form("person"));
            let typed = |name: &'static str| request.form(name).to_owned();
            let schedules = request.all("schedule");
            let page = page(site, &office, person, request.form("draft"), &typed, &schedules, Some(&refused));
            Ok(page.refusal(site.texts, 422))
        }
    }
}

/// An id that nobody can guess.
fn new_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("cannot get random numbers from the system")?;
    Ok(HEXLOWER.encode(&bytes))
}
