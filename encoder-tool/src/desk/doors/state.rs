//! How a door is: whether it has the newest database, its camera, lockouts, lockdown, and its last events, as the unit reports
//! them.

use super::doors_file::Door;
use super::unit;
use crate::desk::page::error_box;
use crate::desk::site::Site;
use crate::desk::texts::{Texts, fill};
use anyhow::Context;
use files::read_bounded;
use jiff::{ToSpan, ZonedDateTime};
use maud::{Markup, html};
use serde::Deserialize;
use shared::gallery::{DatabaseDigest, MAX_DATABASE_BYTES};
use std::path::Path;
use terminal::counted;

/// How many days of events are shown, and how many lines at most.
const DAYS: i64 = 7;
const LINES: usize = 60;

/// What `edge-agent status --json` prints; more is in it.
#[derive(Debug, Default, Deserialize)]
struct Status {
    door: String,
    /// `trusted` or `unknown`.
    clock: String,
    camera: Camera,
    database: Database,
    #[serde(default)]
    access: Access,
    #[serde(default)]
    lockouts: Vec<serde::de::IgnoredAny>,
    contacts: Option<Contacts>,
    self_test: Option<SelfTest>,
    /// Whether the unit says that all is well, by its exit code.
    #[serde(skip)]
    is_well: bool,
}

#[derive(Debug, Deserialize)]
struct Contacts {
    /// Such as `forced_open`.
    alarm: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Camera {
    state: String,
    reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Database {
    digest: Option<String>,
    people: u32,
    returned: Option<String>,
    refused: Option<Refused>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    reason: String,
}

#[derive(Debug, Default, Deserialize)]
struct Access {
    held_open: Option<String>,
    lockdown: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    face_recognition_off: bool,
}

#[derive(Debug, Deserialize)]
struct SelfTest {
    state: String,
}

/// What matters, a line each; or that the unit does not answer.
pub(super) fn summary(site: &Site, door: &Door) -> Markup {
    match asked(door) {
        Ok(status) => lines(site.texts, &status, newest(&site.places.database).as_deref()),
        Err(error) => error_box(site.texts.no_answer, &error),
    }
}

/// What matters, the last events, and all that the unit says about itself. A unit that does not answer is asked once.
pub(super) fn in_full(site: &Site, door: &Door) -> Markup {
    let t = site.texts;
    let status = match asked(door) {
        Ok(status) => status,
        Err(error) => return error_box(t.no_answer, &error),
    };
    let text = unit::ask(door, "status");
    html! {
        (lines(t, &status, newest(&site.places.database).as_deref()))
        details {
            summary { (t.status_in_full) }
            @match text {
                Ok(text) => pre tabindex="0" { (text) },
                Err(error) => (error_box(t.no_answer, &error)),
            }
        }
        section aria-labelledby="events" {
            h2 #events { (t.last_events) }
            (events(t, door))
        }
    }
}

fn asked(door: &Door) -> anyhow::Result<Status> {
    let (said, is_well) = unit::ask_yes_or_no(door, "status --json")?;
    let status: Status =
        serde_json::from_str(&said).context("the unit's status cannot be read: it may have another version")?;
    Ok(Status { is_well, ..status })
}

/// The digest of the newest database; `None` if there is none.
fn newest(database: &Path) -> Option<String> {
    let bytes = read_bounded(database, MAX_DATABASE_BYTES).ok()?;
    Some(DatabaseDigest::from_file(&bytes).to_string())
}

fn lines(t: &Texts, status: &Status, newest: Option<&str>) -> Markup {
    let Status { door, clock, camera, database, access, lockouts, contacts, self_test, is_well } = status;
    let alarm = contacts.as_ref().and_then(|contacts| contacts.alarm.as_ref());
    let people = counted(database.people, "person");
    let has_newest = newest.is_some() && database.digest.as_deref() == newest;
    let warnings = [
        (!is_well).then(|| t.is_not_well.to_owned()),
        (clock == "unknown").then(|| t.clock_unknown.to_owned()),
        alarm.map(|alarm| fill(t.door_alarm, &[&alarm.replace('_', " ")])),
        database.returned.as_ref().map(|why| fill(t.uses_previous, &[why])),
        database.refused.as_ref().map(|refused| fill(t.refused_database, &[&refused.reason])),
        (camera.state == "lost").then(|| fill(t.camera_lost, &[camera.reason.as_deref().unwrap_or_default()])),
        self_test.as_ref().filter(|test| test.state == "failed").map(|_| t.self_test_failed.to_owned()),
        access.face_recognition_off.then(|| t.faces_off.to_owned()),
        access.lockdown.as_ref().map(|_| t.is_locked_down.to_owned()),
        access.held_open.as_ref().map(|hours| fill(t.is_held_open, &[hours])),
        (!lockouts.is_empty()).then(|| fill(t.has_lockouts, &[&counted(lockouts.len() as u64, "lockout")])),
    ];
    html! {
        ul.state {
            @match (newest, has_newest) {
                (Some(_), true) => li.good { (fill(t.has_newest, &[&people])) },
                (Some(_), false) => li.bad { (fill(t.has_other, &[&people])) " " a href="/build#ship" { (t.ship) } },
                (None, _) => li { (fill(t.has_people, &[&people])) },
            }
            @for warning in warnings.into_iter().flatten() { li.bad { (warning) } }
            @if camera.state == "streaming" { li { (t.camera_works) } }
            @if door == "unlocked" { li { (t.is_unlocked) } } @else { li { (t.is_locked) } }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::texts::ENGLISH;
    use serde_json::json;

    #[test]
    fn what_matters_is_said() {
        let status = |database: serde_json::Value, more: serde_json::Value| {
            let mut all = json!({
                "door": "locked",
                "clock": "trusted",
                "camera": { "state": "streaming", "reason": null },
                "database": { "digest": "ab", "people": 2, "returned": null, "refused": null },
                "lockouts": [],
                "self_test": { "state": "passed" },
            });
            let object = all.as_object_mut().unwrap();
            object["database"].as_object_mut().unwrap().extend(database.as_object().unwrap().clone());
            object.extend(more.as_object().unwrap().clone());
            Status { is_well: more != json!({ "turns": {} }), ..serde_json::from_value::<Status>(all).unwrap() }
        };
        for (database, more, newest, expected) in [
            (json!({}), json!({}), Some("ab"), "Has the newest database, with 2 people."),
            (json!({}), json!({}), Some("cd"), "Has another database, with 2 people"),
            (json!({}), json!({}), None, "Has a database with 2 people."),
            (json!({ "refused": { "reason": "too old" } }), json!({}), None, "refused a database: too old"),
            (json!({ "returned": "damaged" }), json!({}), None, "previous database: damaged"),
            (json!({}), json!({ "camera": { "state": "lost", "reason": "unplugged" } }), None, "lost: unplugged"),
            (json!({}), json!({ "lockouts": [{ "kind": "face" }] }), None, "1 lockout"),
            (
                json!({}),
                json!({ "access": { "asks_for": "face", "lockdown": { "admitted": 0 } } }),
                None,
                "locked down",
            ),
            (json!({}), json!({ "self_test": { "state": "failed", "reason": "x" } }), None, "self-test"),
            (json!({}), json!({ "clock": "unknown" }), None, "does not know the time"),
            (json!({}), json!({ "contacts": { "door": "open", "alarm": "forced_open" } }), None, "alarm: forced open"),
            (json!({}), json!({ "turns": {} }), None, "reports a problem"),
        ] {
            let said = lines(&ENGLISH, &status(database, more), newest).into_string();
            assert!(said.contains(expected), "{said}");
        }
    }
}
