//! The pages about doors: how each is, its last events, lockouts, lockdown, the check of its log, and its camera. Everything
//! is asked over ssh, when the page needs it, with the commands that the shell has.

pub(super) mod aim;
pub(crate) mod doors_file;
pub(super) mod unit;

use super::opaque;
use super::page::{Page, Place, error_box, field};
use super::request::Request;
use super::site::Site;
use super::texts::{Texts, fill};
use anyhow::Context;
use doors_file::{Door, DoorsFile};
use fleet::ssh::quoted;
use jiff::{ToSpan, ZonedDateTime};
use local_web::{Answer, Kind, Method};
use maud::{Markup, html};
use std::sync::Arc;

/// How many days of events are shown, and how many lines at most.
const DAYS: i64 = 7;
const LINES: usize = 60;

/// Answers a request for `/doors/…`; `None` if there is no such page.
///
/// # Errors
/// If the list of doors cannot be used or written.
pub(super) fn answer(site: &Arc<Site>, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    let t = site.texts;
    let mut file = DoorsFile::read(&site.places.doors)?;
    let with_key = |key: &str| file.doors().into_iter().find(|door| opaque::of_door(&door.name) == key);
    match (request.method, rest) {
        (Method::Get, []) => Ok(Some(list(t, &file, request, None).answer(t))),
        (Method::Post, ["add"]) => {
            let added = door_of(request).and_then(|door| file.add(door)).and_then(|()| file.write(&site.places.doors));
            match added {
                Ok(()) => Ok(Some(Answer::see("/doors"))),
                Err(refused) => {
                    let file = DoorsFile::read(&site.places.doors)?;
                    Ok(Some(list(t, &file, request, Some(&refused)).refusal(t, 422)))
                }
            }
        }
        (method, [key, rest @ ..]) => {
            let Some(door) = with_key(key) else { return Ok(None) };
            match (method, rest) {
                (Method::Get, []) => Ok(Some(one(t, &door, html! {}).answer(t))),
                (Method::Get, ["status"]) => Ok(Some(fragment(&said(t, unit::ask(&door, "status"))))),
                (Method::Get, ["events"]) => Ok(Some(fragment(&events(t, &door)))),
                (method, ["aim", rest @ ..]) => aim::answer(site, &door, method, rest),
                (Method::Post, ["remove"]) => {
                    file.remove(&door.name);
                    file.write(&site.places.doors)?;
                    Ok(Some(Answer::see("/doors")))
                }
                (Method::Post, [order]) => Ok(order_of(request, order).map(|line| {
                    let answered = match unit::ask(&door, &line) {
                        Ok(text) if text.is_empty() => html! { p { (t.unit_has_done_it) } },
                        Ok(text) => html! { pre tabindex="0" { (text) } },
                        Err(error) => error_box(t.order_failed, &error),
                    };
                    one(t, &door, html! { section.done role="status" { h2 { (t.unit_says) } (answered) } }).answer(t)
                })),
                _ => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// The command for a button.
fn order_of(request: &Request, order: &str) -> Option<String> {
    Some(match order {
        "verify" => "audit verify".to_owned(),
        "clear" => "lockout clear".to_owned(),
        "lock-down" => match request.form("admit").trim() {
            "" => "lockdown on".to_owned(),
            group => format!("lockdown on --admit={}", quoted(group)),
        },
        "end-lockdown" => "lockdown off".to_owned(),
        _ => return None,
    })
}

fn fragment(markup: &Markup) -> Answer {
    Answer::of(Kind::Html, markup.clone().into_string())
}

/// What the unit printed, or why nothing came.
fn said(t: &Texts, answered: anyhow::Result<String>) -> Markup {
    match answered {
        Ok(text) => html! { pre tabindex="0" { (text) } },
        Err(error) => error_box(t.no_answer, &error),
    }
}

/// The last events, the newest first.
fn events(t: &Texts, door: &Door) -> Markup {
    let since =
        ZonedDateTime::now().date().checked_sub(DAYS.days()).map_or_else(|_| String::new(), |day| day.to_string());
    match unit::ask(door, &format!("audit show --since {since}")) {
        Ok(text) => {
            let lines: Vec<&str> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(LINES).collect();
            html! {
                @if lines.is_empty() { p { (t.no_events) } }
                ol.events { @for line in lines { li { (line) } } }
            }
        }
        Err(error) => error_box(t.no_answer, &error),
    }
}

fn list<'a>(t: &'a Texts, file: &DoorsFile, request: &Request, refused: Option<&anyhow::Error>) -> Page<'a> {
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        @if file.doors().is_empty() { p { (t.no_doors_yet) } }
        @for door in file.doors() {
            @let key = opaque::of_door(&door.name);
            section aria-labelledby={ "door-" (key) } {
                h2 id={ "door-" (key) } { a href={ "/doors/" (key) } { (door.name) } }
                p.soft { (door.host) }
                div data-load={ "/doors/" (key) "/status" } { p.looking { (t.asking_unit) } }
            }
        }
        section aria-labelledby="add" {
            h2 #add { (t.add_door) }
            p { (t.add_door_hint) }
            form.fields method="post" action="/doors/add" {
                (field("name", t.name, "", request.form("name")))
                (field("host", t.host, t.host_hint, request.form("host")))
                label.check { input type="checkbox" name="sudo" value="yes" checked[request.form("sudo") == "yes"]; span { (t.with_sudo) } }
                details.wide {
                    summary { (t.more_choices) }
                    (field("port", t.ssh_port, "", request.form("port")))
                    (field("identity", t.ssh_identity, t.ssh_identity_hint, request.form("identity")))
                    (field("config", t.unit_config, t.unit_config_hint, request.form("config")))
                    (field("key", t.unit_key, t.unit_key_hint, request.form("key")))
                }
                button { (t.add) }
            }
        }
    };
    Page::new(Place::Doors, t.doors, body)
}

/// The door that the form describes.
fn door_of(request: &Request) -> anyhow::Result<Door> {
    let optional = |name: &str| Some(request.form(name).trim().to_owned()).filter(|text| !text.is_empty());
    let port = optional("port").map(|port| port.parse::<u16>().with_context(|| format!("{port:?} is not a port")));
    Ok(Door {
        name: request.form("name").trim().to_owned(),
        host: request.form("host").trim().to_owned(),
        port: port.transpose()?,
        identity: optional("identity").map(Into::into),
        // Options can start programs: only somebody who can write the file sets them.
        ssh_options: Vec::new(),
        sudo: request.form("sudo") == "yes",
        config: optional("config"),
        key: optional("key"),
    })
}

fn one<'a>(t: &Texts, door: &'a Door, answered: Markup) -> Page<'a> {
    let key = opaque::of_door(&door.name);
    let button = |order: &str, words: &str, sure: &str| {
        html! {
            form method="post" action={ "/doors/" (key) "/" (order) } {
                button.plain data-sure=[(!sure.is_empty()).then_some(sure)] { (words) }
            }
        }
    };
    let body = html! {
        (answered)
        p.soft { (door.host) }
        section aria-labelledby="events" {
            h2 #events { (t.last_events) }
            div data-load={ "/doors/" (key) "/events" } { p.looking { (t.asking_unit) } }
        }
        section aria-labelledby="orders" {
            h2 #orders { (t.orders) }
            div.buttons {
                a.button href={ "/doors/" (key) "/aim" } { (t.aim_camera) }
                (button("verify", t.verify_log, ""))
                (button("clear", t.clear_lockouts, ""))
                (button("end-lockdown", t.end_lockdown, &fill(t.sure_end_lockdown, &[&door.name])))
            }
            form.inline method="post" action={ "/doors/" (key) "/lock-down" } {
                (field("admit", t.admit_group, t.admit_group_hint, ""))
                button.danger data-sure=(fill(t.sure_lockdown, &[&door.name])) { (t.lock_down) }
            }
        }
        section aria-labelledby="status" {
            h2 #status { (t.status) }
            div data-load={ "/doors/" (key) "/status" } { p.looking { (t.asking_unit) } }
        }
        section aria-labelledby="remove" {
            h2 #remove { (t.remove_door) }
            p { (t.remove_door_hint) }
            form method="post" action={ "/doors/" (key) "/remove" } {
                button.danger data-sure=(fill(t.sure_door, &[&door.name])) { (t.remove) span.unseen { " " (door.name) } }
            }
        }
    };
    Page::new(Place::Doors, &door.name, body)
}
