//! Events and records for tests.

use policy::audit::{BootId, Chain, Event, Record};
use policy::{Credential, Neighbour, Reason, Reports};
use serde_json::{Value, json};
use shared::gallery::PersonId;
use shared::pass::PassId;

/// The first record of a log.
pub(crate) fn record(utc_ms: i64, event: Event) -> Record {
    let line = Chain::new().next_line(utc_ms, BootId([0; 16]), event).unwrap().text().to_owned();
    Record::parse(line.trim_end().as_bytes()).unwrap()
}

/// A grant by card.
pub(crate) fn granted(person: PersonId) -> Event {
    Grant::new(person, Credential::Card, &[]).event()
}

/// A refusal of somebody who is not known, or of this person.
pub(crate) fn refused(reason: Reason, person: Option<PersonId>) -> Event {
    Refusal { person, ..Refusal::new(reason, &[]) }.event()
}

/// The values of a grant.
pub(crate) struct Grant<'a> {
    pub(crate) person: PersonId,
    pub(crate) credential: Credential,
    /// Of the frames that agreed. The last one is that of the deciding frame.
    pub(crate) distances: &'a [f32],
    pub(crate) runner_up: Option<Neighbour>,
    pub(crate) grey: bool,
    pub(crate) signals: Reports,
}

impl<'a> Grant<'a> {
    pub(crate) fn new(person: PersonId, credential: Credential, distances: &'a [f32]) -> Self {
        Self { person, credential, distances, runner_up: None, grey: false, signals: Reports::new() }
    }

    pub(crate) fn event(self) -> Event {
        let Self { person, credential, distances, runner_up, grey, signals } = self;
        Event::Granted {
            person,
            credential,
            distance: distances.last().copied(),
            distances: distances.iter().copied().collect(),
            runner_up,
            grey,
            signals,
        }
    }
}

/// The values of a refusal.
pub(crate) struct Refusal<'a> {
    pub(crate) reason: Reason,
    pub(crate) person: Option<PersonId>,
    /// Of the last judged frames. The last one is that of the reason.
    pub(crate) distances: &'a [f32],
    pub(crate) seen_for_ms: i64,
    pub(crate) pass: Option<PassId>,
}

impl<'a> Refusal<'a> {
    pub(crate) fn new(reason: Reason, distances: &'a [f32]) -> Self {
        Self { reason, person: None, distances, seen_for_ms: 0, pass: None }
    }

    pub(crate) fn event(self) -> Event {
        let Self { reason, person, distances, seen_for_ms, pass } = self;
        Event::Refused {
            reason,
            person,
            distance: distances.last().copied(),
            distances: distances.iter().copied().collect(),
            runner_up: None,
            began_utc_ms: 0,
            ended_utc_ms: seen_for_ms,
            grants: 0,
            signals: Reports::new(),
            pass,
        }
    }
}

/// The codes of all kinds of events, in order. They come from serde's derive, which knows every variant.
pub(crate) fn kinds() -> Vec<String> {
    let refused = serde_json::from_str::<Event>(r#"{"event":""}"#).unwrap_err().to_string();
    let kinds: Vec<String> = refused.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(kinds.len() > 30, "{refused}");
    kinds
}

/// The code of an event's kind.
pub(crate) fn kind(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["event"].as_str().unwrap().to_owned()
}

/// One event of each kind, in the order of [`kinds`].
pub(crate) fn one_of_each() -> Vec<Event> {
    kinds().iter().map(|kind| of_kind(kind)).collect()
}

/// Every kind takes its own keys from the same values.
fn of_kind(kind: &str) -> Event {
    let mut values =
        json!({"distances": [], "part": "camera", "reason": "not_known", "threshold": 1.0, "tried": "face"});
    let zeros = [
        "alarm_ms",
        "began_utc_ms",
        "by_uid",
        "bytes",
        "database_sequence",
        "each_ms",
        "ended_utc_ms",
        "failed_ms",
        "failures",
        "for_ms",
        "for_seconds",
        "grants",
        "open_ms",
        "order_number",
        "others",
        "pictures",
        "pressed_ms",
        "pruned_through",
        "returned_to",
        "signed_sequence",
        "tries",
        "unreported",
    ];
    let empties = [
        "ended_because",
        "failed_because",
        "hours",
        "locked_by",
        "refused_because",
        "request",
        "returned_because",
        "signed_by",
        "switched_by",
        "version",
    ];
    let nulls = ["admits", "distance", "host", "refused_digest", "runner_up", "usb_port"];
    zeros.into_iter().for_each(|key| values[key] = 0.into());
    empties.into_iter().for_each(|key| values[key] = "".into());
    nulls.into_iter().for_each(|key| values[key] = Value::Null);
    values["event"] = kind.into();
    for (key, bytes) in
        [("person", 16), ("pass", 6), ("model", 32), ("pruned_hash", 32), ("signed_hash", 32), ("signature", 64)]
    {
        values[key] = "00".repeat(bytes).into();
    }
    serde_json::from_value(values).unwrap_or_else(|error| panic!("{kind}: {error}"))
}
