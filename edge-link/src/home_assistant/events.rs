//! Which records of the audit log are events in Home Assistant.

use super::door::Door;
use crate::broker::{Manner, Outgoing};
use crate::unit::UnitRecord;
use jiff::Timestamp;
use policy::audit::{Event, Record};
use policy::{Credential, Reason};
use serde::Serialize;
use serde_json::{Value, json};
use shared::gallery::PersonId;
use shared::pass::PassId;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;

/// The topic of the events, below the door's.
pub(super) const TOPIC: &str = "event";

/// An event that is older than this when it could be published is left out: automations would take it for a new one.
const OLDEST: Duration = Duration::from_secs(300);

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Granted,
    Refused,
    Forced,
    Held,
    Tailgating,
    LockedOut,
}

/// An event as Home Assistant reads it. Every key is always there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct DoorEvent {
    event_type: Kind,
    /// The code of a refusal or a lockout.
    reason: Option<&'static str>,
    /// `face`, `card`, `card_and_face` or `pass`.
    credential: Option<&'static str>,
    /// The person's id.
    person: Option<PersonId>,
    /// The person's name, if the unit is configured to tell it.
    name: Option<String>,
    /// The visitor pass.
    pass: Option<PassId>,
    /// When it was recorded, by the unit's clock.
    time: String,
    /// The number of its record.
    sequence: u64,
    #[serde(skip)]
    utc_ms: i64,
}

/// What a record says to Home Assistant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Said {
    reason: Option<&'static str>,
    credential: Option<&'static str>,
    person: Option<PersonId>,
    pass: Option<PassId>,
}

impl Kind {
    /// Every kind.
    pub(super) const ALL: [Self; 6] =
        [Self::Granted, Self::Refused, Self::Forced, Self::Held, Self::Tailgating, Self::LockedOut];
}

/// The one table of which record is which event. All others are none.
fn said(event: &Event) -> Option<(Kind, Said)> {
    let nothing = Said::default();
    let code = |credential: &Credential| Some(credential.code());
    Some(match event {
        Event::Granted { person, credential, .. } => {
            (Kind::Granted, Said { credential: code(credential), person: Some(*person), ..nothing })
        }
        Event::PassGranted { pass, host } => {
            (Kind::Granted, Said { credential: Some("pass"), person: *host, pass: Some(*pass), ..nothing })
        }
        Event::Refused { reason, person, pass, .. } => {
            let credential = pass.map(|_| "pass");
            (Kind::Refused, Said { reason: Some(reason.code()), credential, person: *person, pass: *pass })
        }
        Event::LockedOut { tried, person, .. } => {
            let reason = Some(Reason::LockedOut.code());
            (Kind::LockedOut, Said { reason, credential: code(tried), person: *person, ..nothing })
        }
        Event::CardBlocked { person, .. } => {
            let (reason, credential) = (Some(Reason::CardBlocked.code()), code(&Credential::CardAndFace));
            (Kind::LockedOut, Said { reason, credential, person: *person, ..nothing })
        }
        Event::FacesPaced { .. } => {
            let (reason, credential) = (Some(Reason::FacesPaced.code()), code(&Credential::Face));
            (Kind::LockedOut, Said { reason, credential, ..nothing })
        }
        Event::DoorForced => (Kind::Forced, nothing),
        Event::DoorHeld { .. } => (Kind::Held, nothing),
        Event::Tailgating { person, .. } => (Kind::Tailgating, Said { person: Some(*person), ..nothing }),
        _ => return None,
    })
}

impl DoorEvent {
    /// The event of this record; `None` if it is none, or of a kind that this version does not know.
    pub(super) fn of(told: &UnitRecord) -> Option<Self> {
        let record = Record::parse(told.line()).ok()?;
        let (event_type, Said { reason, credential, person, pass }) = said(&record.event)?;
        Some(Self {
            event_type,
            reason,
            credential,
            person,
            name: person.and_then(|person| told.names.get(&person.to_string()).cloned()),
            pass,
            time: Timestamp::from_millisecond(record.utc_ms).ok()?.to_string(),
            sequence: record.sequence,
            utc_ms: record.utc_ms,
        })
    }

    /// Whether somebody was let in or refused.
    pub(super) fn is_decision(&self) -> bool {
        matches!(self.event_type, Kind::Granted | Kind::Refused)
    }

    /// The state and the attributes of the last decision, without a name: the broker keeps them.
    pub(super) fn as_decision(&self) -> Value {
        let Self { event_type, reason, credential, person, time, sequence, .. } = self;
        let attributes =
            json!({"reason": reason, "credential": credential, "person": person, "time": time, "sequence": sequence});
        json!({"state": event_type, "attributes": attributes})
    }

    fn is_new(&self, now_ms: i64) -> bool {
        now_ms.abs_diff(self.utc_ms) <= OLDEST.as_millis() as u64
    }
}

/// The payload of the event that a record is; `None` if it is none.
pub(crate) fn event(told: &UnitRecord) -> Option<Vec<u8>> {
    serde_json::to_vec(&DoorEvent::of(told)?).ok()
}

/// Publishes the events in their order. One that was not acknowledged is published again on the next connection.
pub(super) async fn publish(door: &Door, mut outgoing: Outgoing, mut events: mpsc::Receiver<DoorEvent>) -> Infallible {
    let topic = door.topic(TOPIC);
    loop {
        let Some(event) = events.recv().await else { std::future::pending().await };
        let Ok(payload) = serde_json::to_vec(&event) else { continue };
        let mut failed = None;
        loop {
            failed = Some(outgoing.connection_after(failed).await);
            if !event.is_new(Timestamp::now().as_millisecond()) {
                break;
            }
            let Ok(receipt) = outgoing.publish(&topic, payload.clone(), Manner::Passing).await else { continue };
            if receipt.acknowledged().await.is_ok() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::audit::Part;

    fn json_of(event: &Event) -> Option<serde_json::Value> {
        said(event)
            .map(|(kind, Said { reason, credential, person, pass })| json!([kind, reason, credential, person, pass]))
    }

    #[test]
    fn decisions_and_alarms_are_events_and_the_rest_is_not() {
        let (ada, pass) = (PersonId([1; 16]), PassId([2; 6]));
        let parsed = |text: &str| serde_json::from_str::<Event>(text).unwrap();
        let id = ada.to_string();
        let granted = |credential: &str| {
            parsed(&format!(
                r#"{{"event":"granted","person":"{id}","credential":"{credential}","distance":null,"distances":[],"runner_up":null}}"#
            ))
        };
        let refused = |more: &str| {
            parsed(&format!(
                r#"{{"event":"refused","reason":"not_known","person":null,"distance":null,"distances":[],"runner_up":null,"began_utc_ms":1,"ended_utc_ms":2,"grants":0{more}}}"#
            ))
        };
        for (event, expected) in [
            (granted("face"), json!(["granted", null, "face", id, null])),
            (granted("card_and_face"), json!(["granted", null, "card_and_face", id, null])),
            (Event::PassGranted { pass, host: Some(ada) }, json!(["granted", null, "pass", id, pass])),
            (Event::PassGranted { pass, host: None }, json!(["granted", null, "pass", null, pass])),
            (refused(""), json!(["refused", "not_known", null, null, null])),
            (refused(&format!(r#","pass":"{pass}""#)), json!(["refused", "not_known", "pass", null, pass])),
            (
                Event::LockedOut { tried: Credential::Card, person: None, failures: 5, for_ms: 9 },
                json!(["locked_out", "locked_out", "card", null, null]),
            ),
            (
                Event::CardBlocked { person: Some(ada), failures: 50 },
                json!(["locked_out", "card_blocked", "card_and_face", id, null]),
            ),
            (Event::FacesPaced { failures: 50, each_ms: 9 }, json!(["locked_out", "faces_paced", "face", null, null])),
            (Event::DoorForced, json!(["forced", null, null, null, null])),
            (Event::DoorHeld { open_ms: 9 }, json!(["held", null, null, null, null])),
            (Event::Tailgating { person: ada, others: 2 }, json!(["tailgating", null, null, id, null])),
        ] {
            assert_eq!(json_of(&event), Some(expected), "{event:?}");
        }
        for event in [
            Event::started("1"),
            Event::Stopped,
            Event::FireAlarmOn,
            Event::DoorReleased,
            Event::LockTested { by_uid: 0 },
            Event::AimBegan { by_uid: 0, for_seconds: 600 },
            Event::requested("lockdown", 0),
            Event::lockdown_began("command", None),
            Event::part_failed(Part::Camera, "unplugged", None, 0),
        ] {
            assert_eq!(json_of(&event), None, "{event:?}");
        }
    }

    fn sample(event_type: Kind) -> DoorEvent {
        DoorEvent {
            event_type,
            reason: None,
            credential: Some("face"),
            person: Some(PersonId([1; 16])),
            name: Some("Ada".to_owned()),
            pass: None,
            time: "1970-01-01T00:16:40Z".to_owned(),
            sequence: 7,
            utc_ms: 1_000_000,
        }
    }

    #[test]
    fn the_last_decision_is_kept_without_a_name() {
        let decisions: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| sample(*kind).is_decision()).collect();
        assert_eq!(decisions, [Kind::Granted, Kind::Refused]);
        let kept = sample(Kind::Granted).as_decision();
        assert_eq!((&kept["state"], &kept["attributes"]["sequence"]), (&json!("granted"), &json!(7)));
        assert!(!kept.to_string().contains("Ada"), "{kept}");
    }

    #[test]
    fn an_old_event_is_not_published_as_a_new_one() {
        let event = sample(Kind::Forced);
        for (now_ms, expected) in [(1_000_000, true), (1_300_000, true), (1_300_001, false), (699_999, false)] {
            assert_eq!(event.is_new(now_ms), expected, "{now_ms}");
        }
    }
}
