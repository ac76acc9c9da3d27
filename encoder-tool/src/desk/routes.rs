//! Which page answers which address.

use super::lock::lock;
use super::page::{Page, Place, error_page};
use super::request::Request;
use super::site::Site;
use super::{assets, build, check, doors, enrol, hours, people, report};
use local_web::Answer;
use local_web::Method::{Get, Post};
use maud::html;
use std::sync::Arc;

/// Answers one request.
pub(super) fn answer(site: &Arc<Site>, request: &Request) -> Answer {
    let parts: Vec<&str> = request.parts.iter().map(String::as_str).collect();
    lock(&site.drafts).forget_idle();
    if matches!((request.method, &parts[..]), (Get, ["people"] | ["people", _] | ["build"] | ["state"])) {
        site.notice_changes();
    }
    let (place, answered) = match (request.method, &parts[..]) {
        (Get, []) => return Answer::see("/people"),
        (Get, ["static", name]) => return assets::answer(name).unwrap_or_else(|| not_found(site)),
        (Get, ["state"]) => return people::state(site),
        (_, ["people", rest @ ..]) => (Place::People, people::answer(site, request, rest)),
        (_, ["hours", rest @ ..]) => (Place::People, hours::answer(site, request, rest)),
        (_, ["enrol", rest @ ..]) => (Place::Enrol, enrol::answer(site, request, rest)),
        (_, ["check", rest @ ..]) => (Place::Check, check::answer(site, request, rest)),
        (_, ["build", rest @ ..]) => (Place::Build, build::answer(site, request, rest)),
        (_, ["doors", rest @ ..]) => (Place::Doors, doors::answer(site, request, rest)),
        (_, ["report", rest @ ..]) => (Place::Report, report::answer(site, request, rest)),
        (Get | Post, _) => return not_found(site),
    };
    match answered {
        Ok(Some(answer)) => answer,
        Ok(None) => not_found(site),
        Err(error) => error_page(site.texts, place, &error),
    }
}

fn not_found(site: &Site) -> Answer {
    let t = site.texts;
    let body = html! { p { (t.not_found_why) } p { a href="/people" { (t.back_to_people) } } };
    Page::new(Place::People, t.not_found, body).refusal(t, 404)
}
