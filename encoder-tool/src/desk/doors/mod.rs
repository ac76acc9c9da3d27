//! The pages about doors: how each is, its last events, lockouts, lockdown, the check of its log, and its camera. Everything
//! is asked over ssh, when the page needs it, with the commands that the shell has.

pub(super) mod aim;
pub(crate) mod doors_file;
mod form;
mod list;
mod one;
mod state;
pub(super) mod unit;

use super::opaque;
use super::page::{Page, error_box};
use super::request::Request;
use super::site::Site;
use doors_file::{Door, DoorsFile};
use fleet::ssh::quoted;
use local_web::{Answer, Kind, Method};
use maud::{Markup, html};
use std::sync::Arc;

/// Answers a request for `/doors/…`; `None` if there is no such page.
///
/// # Errors
/// If the list of doors cannot be used or written.
pub(super) fn answer(site: &Arc<Site>, request: &Request, rest: &[&str]) -> anyhow::Result<Option<Answer>> {
    let t = site.texts;
    let path = &site.places.doors;
    let mut file = DoorsFile::read(path)?;
    let (method, key, rest) = match (request.method, rest) {
        (Method::Get, []) => return Ok(Some(list::page(t, &file.doors(), request, None).answer(t))),
        (Method::Post, ["add"]) => {
            let added = form::door_of(t, request, &Door::default()).and_then(|door| file.add(door));
            return Ok(Some(match added.and_then(|()| file.write(path)) {
                Ok(()) => Answer::see("/doors"),
                Err(refused) => list::page(t, &DoorsFile::read(path)?.doors(), request, Some(&refused)).refusal(t, 422),
            }));
        }
        (method, [key, rest @ ..]) => (method, key, rest),
        _ => return Ok(None),
    };
    let found = file.doors().into_iter().find(|door| opaque::of_door(&door.name) == *key);
    let Some(door) = found else { return Ok(None) };
    match (method, rest) {
        (Method::Get, []) => {
            let done = if request.query("saved").is_empty() { "" } else { t.door_saved };
            Ok(Some(Page { done, ..one::page(t, &door, html! {}, None) }.answer(t)))
        }
        (Method::Get, ["status"]) => Ok(Some(fragment(state::summary(site, &door)))),
        (Method::Get, ["all"]) => Ok(Some(fragment(state::in_full(site, &door)))),
        (method, ["aim", rest @ ..]) => aim::answer(site, &door, method, rest),
        (Method::Post, ["edit"]) => {
            let edited = form::door_of(t, request, &door).and_then(|edited| {
                let key = opaque::of_door(&edited.name);
                file.set(&door.name, edited)?;
                file.write(path)?;
                Ok(key)
            });
            Ok(Some(match edited {
                Ok(key) => Answer::see(&format!("/doors/{key}?saved=1")),
                Err(refused) => {
                    let why = error_box(t.not_done, &refused);
                    one::page(t, &door, why, Some(request)).refusal(t, 422)
                }
            }))
        }
        (Method::Post, ["remove"]) => {
            file.remove(&door.name);
            file.write(path)?;
            Ok(Some(Answer::see("/doors")))
        }
        (Method::Post, [order]) => Ok(order_of(request, order).map(|line| {
            let said = match unit::ask(&door, &line) {
                Ok(text) => html! {
                    section.done role="status" {
                        h2 { (t.unit_says) }
                        @if text.is_empty() { p { (t.unit_has_done_it) } } @else { pre tabindex="0" { (text) } }
                    }
                },
                Err(error) => error_box(t.order_failed, &error),
            };
            one::page(t, &door, said, None).answer(t)
        })),
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

fn fragment(markup: Markup) -> Answer {
    Answer::of(Kind::Html, markup.into_string())
}
