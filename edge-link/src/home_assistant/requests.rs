//! What Home Assistant may ask for: both requests can only make the door stricter.

use super::door::Door;
use super::seldom::Seldom;
use crate::broker::{Incoming, Subscription};
use crate::unit::{Reply, Unit, UnitError};
use std::convert::Infallible;
use std::time::Duration;
use terminal::on_one_line;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// The topics of the requests, below the door's.
pub(super) const TOPICS: [&str; 2] = [LOCKDOWN, FACE_RECOGNITION];
/// The button for a lockdown.
pub(super) const LOCKDOWN: &str = "lockdown/set";
/// What the button sends.
pub(super) const PRESS: &str = "PRESS";
/// The switch of face recognition.
pub(super) const FACE_RECOGNITION: &str = "face_recognition/set";

/// How long a unit that does not answer is asked.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(2);

/// What Home Assistant may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    LockDown,
    TurnOffFaceRecognition,
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Judged {
    CarryOut(Request),
    /// The unit must be loosened by a signature or by somebody at the unit.
    Loosens,
    /// The broker had kept it; it may be from any time.
    Retained,
    Unknown,
}

fn judged(door: &Door, message: &Incoming) -> Judged {
    let name = TOPICS.into_iter().find(|name| door.topic(name) == message.topic);
    match (name, &message.payload[..]) {
        (Some(_), _) if message.is_retained => Judged::Retained,
        (Some(LOCKDOWN), payload) if payload == PRESS.as_bytes() => Judged::CarryOut(Request::LockDown),
        (Some(FACE_RECOGNITION), b"OFF") => Judged::CarryOut(Request::TurnOffFaceRecognition),
        (Some(FACE_RECOGNITION), b"ON") => Judged::Loosens,
        _ => Judged::Unknown,
    }
}

/// What a message asks for; `None` if it is dropped.
pub(crate) fn asked(door: &Door, message: &Incoming) -> Option<Request> {
    match judged(door, message) {
        Judged::CarryOut(request) => Some(request),
        Judged::Loosens | Judged::Retained | Judged::Unknown => None,
    }
}

/// Carries out the requests, and tells `changed` when the unit has answered or a request was refused, so that Home
/// Assistant sees what is in force.
pub(super) async fn carry_out(door: &Door, unit: &Unit, mut messages: Subscription, changed: &Notify) -> Infallible {
    let mut seldom = Seldom::default();
    loop {
        match judged(door, &messages.next().await) {
            Judged::CarryOut(request) => ask(unit, request, &mut seldom).await,
            Judged::Loosens => {
                let refused =
                    "Home Assistant asks for face recognition: only a signed order or somebody at the unit turns it on";
                seldom.warn(refused, "");
            }
            Judged::Retained => {
                seldom.warn("a request was retained by the broker: it is dropped, it may be old", "");
            }
            Judged::Unknown => tracing::debug!("a message that is no request"),
        }
        changed.notify_one();
    }
}

async fn ask(unit: &Unit, request: Request, seldom: &mut Seldom) {
    let began = Instant::now();
    let asks_for = match request {
        Request::LockDown => "a lockdown",
        Request::TurnOffFaceRecognition => "face recognition to be turned off",
    };
    loop {
        let answered: Result<Reply, UnitError> = match request {
            Request::LockDown => unit.lock_down().await,
            Request::TurnOffFaceRecognition => unit.turn_off_face_recognition().await,
        };
        match answered {
            Ok(Reply::Done) => return tracing::info!("Home Assistant asked for {asks_for}: done"),
            Ok(Reply::Refused { why }) => {
                return seldom.warn("the unit refuses what Home Assistant asked for: ", &format!("{asks_for}: {why}"));
            }
            Err(error) if began.elapsed() >= PATIENCE => {
                let error = on_one_line(&error.into());
                let unanswered = "the unit does not answer, and Home Assistant asked for ";
                return seldom.warn(unanswered, &format!("{asks_for}: {error}"));
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::door::sample;
    use super::*;

    #[test]
    fn only_live_requests_that_make_the_door_stricter_are_carried_out() {
        let door = sample();
        for (name, payload, is_retained, expected) in [
            (LOCKDOWN, "PRESS", false, Judged::CarryOut(Request::LockDown)),
            (LOCKDOWN, "PRESS", true, Judged::Retained),
            (LOCKDOWN, "OFF", false, Judged::Unknown),
            (LOCKDOWN, "press", false, Judged::Unknown),
            (LOCKDOWN, "", false, Judged::Unknown),
            (FACE_RECOGNITION, "OFF", false, Judged::CarryOut(Request::TurnOffFaceRecognition)),
            (FACE_RECOGNITION, "OFF", true, Judged::Retained),
            (FACE_RECOGNITION, "ON", false, Judged::Loosens),
            (FACE_RECOGNITION, "ON", true, Judged::Retained),
            (FACE_RECOGNITION, "PRESS", false, Judged::Unknown),
            ("lock/set", "UNLOCK", false, Judged::Unknown),
            ("event", "PRESS", false, Judged::Unknown),
        ] {
            let message = Incoming { topic: door.topic(name), payload: payload.into(), is_retained };
            assert_eq!(judged(&door, &message), expected, "{name} {payload} {is_retained}");
        }
    }
}
