//! All doors, with how they are, and a form for one more.

use super::doors_file::Door;
use super::form;
use crate::desk::opaque;
use crate::desk::page::{Page, Place, error_box};
use crate::desk::request::Request;
use crate::desk::texts::Texts;
use maud::html;

/// The page. After a refusal, the form has what was typed.
pub(super) fn page<'a>(t: &'a Texts, doors: &[Door], request: &Request, refused: Option<&anyhow::Error>) -> Page<'a> {
    let body = html! {
        @if let Some(error) = refused { (error_box(t.not_done, error)) }
        @if doors.is_empty() { p { (t.no_doors_yet) } }
        @for door in doors {
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
                (form::fields(t, &Door::default(), refused.map(|_| request)))
                button { (t.add) }
            }
        }
    };
    Page::new(Place::Doors, t.doors, body)
}
