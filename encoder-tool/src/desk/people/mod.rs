//! The pages about people: everybody with what is wrong, and one person with photos and fields.

mod change;
mod list;
mod person;
mod problems;

use super::examiner::Examination;
use super::opaque;
use super::pictures;
use super::request::Request;
use super::site::Site;
use crate::build_db::plan::Plan;
use crate::build_db::write::{Enrolled, EnrolledPhoto};
use crate::office::{Office, OfficePerson};
use local_web::{Answer, Kind, Method};
use serde::Serialize;

/// Answers a request for `/people/…`; `None` if there is no such page.
///
/// # Errors
/// If the folder cannot be used, or a change is refused.
pub(super) fn answer(site: &Site, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    match (request.method, rest) {
        (Method::Get, []) => return list::answer(site).map(Some),
        (Method::Get, [key, "face"]) => return Ok(face(site, key)),
        _ => {}
    }
    let [key, rest @ ..] = rest else { return Ok(None) };
    let office = site.office()?;
    let Some(person) = person_with_key(&office, key) else { return Ok(None) };
    match (request.method, rest) {
        (Method::Get, []) => person::answer(site, &office, person, request).map(Some),
        (Method::Get, ["photo", photo]) => Ok(photo_with_key(person, photo)
            .and_then(|photo| pictures::small(&site.photo_reader, &photo.path))
            .map(|jpeg| Answer::of(Kind::Jpeg, jpeg))),
        (Method::Post, rest) => change::answer(site, request, key, rest),
        _ => Ok(None),
    }
}

/// The answer of `/state`, for pages that show findings.
#[derive(Serialize)]
struct State {
    /// Changes with each examination of the photos.
    version: u64,
    /// Whether the photos are being looked at.
    is_looking: bool,
}

/// Whether there are new findings about photos.
pub(super) fn state(site: &Site) -> Answer {
    let (newest, is_current) = site.examiner.newest();
    let state = State { version: newest.map_or(0, |newest| newest.version), is_looking: !is_current };
    match serde_json::to_vec(&state) {
        Ok(json) => Answer::of(Kind::Json, json),
        Err(_) => Answer::failed(site.texts.failed),
    }
}

/// The person of the folder with this key.
pub(super) fn person_with_key<'o>(office: &'o Office, key: &str) -> Option<&'o OfficePerson> {
    office.people().iter().find(|person| opaque::of_person(&person.name) == key)
}

fn photo_with_key<'o>(person: &'o OfficePerson, key: &str) -> Option<&'o crate::photo_folders::Photo> {
    person.photos.iter().find(|photo| opaque::of_photo(&photo.shown) == key)
}

/// What would be written, if it could be.
pub(super) fn plan_of(examination: &Option<std::sync::Arc<Examination>>) -> Option<&Plan> {
    examination.as_ref()?.plan.as_ref().ok()
}

/// The enrolled person with this key.
fn enrolled<'p>(plan: &'p Plan, key: &str) -> Option<&'p Enrolled> {
    plan.enrolment.enrolled.iter().find(|enrolled| opaque::of_person(&enrolled.member.name) == key)
}

/// The photo with the largest face, if possible none that may be of somebody else.
fn best<'p>(enrolled: &'p Enrolled, plan: &Plan) -> Option<&'p EnrolledPhoto> {
    let doubt = |photo: &EnrolledPhoto| match plan.report.odd_photos.iter().find(|odd| odd.photo == photo.shown) {
        Some(odd) if odd.nearest_other.is_some() => 2,
        Some(_) => 1,
        None => 0,
    };
    let size = |photo: &EnrolledPhoto| photo.face.bounds.shorter_side();
    enrolled.photos.iter().min_by(|a, b| doubt(a).cmp(&doubt(b)).then(size(b).total_cmp(&size(a))))
}

/// A person's best face, which the last examination kept.
fn face(site: &Site, key: &str) -> Option<Answer> {
    let (examination, _) = site.examiner.newest();
    let plan = plan_of(&examination)?;
    let best = best(enrolled(plan, key)?, plan)?;
    Some(Answer::of(Kind::Jpeg, best.portrait.jpeg().to_vec()))
}
