//! One door: how it is, its last events, orders, how it is reached.

use super::doors_file::Door;
use super::form;
use crate::desk::opaque;
use crate::desk::page::{Page, Place, field};
use crate::desk::request::Request;
use crate::desk::texts::{Texts, fill};
use maud::{Markup, html};

/// The page with what the unit has answered to an order. After a refusal, the form has what was typed.
pub(super) fn page<'a>(t: &Texts, door: &'a Door, answered: Markup, typed: Option<&Request>) -> Page<'a> {
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
        div data-load={ "/doors/" (key) "/all" } { p.looking { (t.asking_unit) } }
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
        section aria-labelledby="edit" {
            h2 #edit { (t.reach_door) }
            form.fields method="post" action={ "/doors/" (key) "/edit" } {
                (form::fields(t, door, typed))
                button { (t.save) }
            }
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
