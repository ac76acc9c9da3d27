//! The status socket, from both sides.

use crate::Answer;
use edge_agent::fuzz_entry_points::{StatusSocket, status_answer};
use serde_json::Value;
use shared::gallery::{GalleryBuilder, ModelHash};
use std::sync::LazyLock;

/// More than a request has, and less than a socket holds.
const MAX_REQUEST: usize = 4096;

static UNIT: LazyLock<StatusSocket> = LazyLock::new(|| {
    let gallery = GalleryBuilder::new(1, ModelHash([0; 32]), 128).map(GalleryBuilder::build);
    match gallery.map(|gallery| StatusSocket::new(&gallery)) {
        Ok(Ok(unit)) => unit,
        _ => panic!("there is a unit that knows nobody"),
    }
});

/// What somebody sends to the socket: one line of JSON comes back, a report for the one request that there is and else an
/// error.
pub fn status_request(bytes: &[u8]) -> Answer {
    let Some(request) = bytes.get(..bytes.len().min(MAX_REQUEST)) else { return Answer::Refused };
    let answer = answered(request);
    // A connection is cut when the unit has not read all that was sent.
    if answer.is_empty() && request.len() > b"status\n".len() {
        return Answer::Refused;
    }
    let Some(line) = answer.strip_suffix(b"\n") else { panic!("the answer is no line") };
    assert!(!line.contains(&b'\n'));
    let Ok(Value::Object(object)) = serde_json::from_slice(line) else { panic!("the answer is no object") };
    assert_eq!(object.get("schema"), Some(&Value::from(1)));
    assert_eq!(object.contains_key("door"), request.starts_with(b"status\n"));
    match object.get("error") {
        Some(_) => Answer::Refused,
        None => match status_answer(line) {
            Ok(_) => Answer::Accepted,
            Err(error) => panic!("the unit's answer is not understood: {error}"),
        },
    }
}

pub(crate) fn answered(request: &[u8]) -> Vec<u8> {
    match UNIT.answer(request) {
        Ok(answer) => answer,
        Err(error) => panic!("no answer: {error}"),
    }
}

/// What something that claims to be a unit answers: it is shown in every form, or refused. In words and for Prometheus
/// every line is its own: nothing that was said ends up at the beginning of one.
pub fn status_report(bytes: &[u8]) -> Answer {
    let Ok([words, json, _prometheus]) = status_answer(bytes) else { return Answer::Refused };
    assert!(!words.is_empty());
    assert!(!json.contains('\n'), "JSON on more than one line");
    match serde_json::from_str::<Value>(&json) {
        Ok(Value::Object(object)) => assert_eq!(object.get("schema"), Some(&Value::from(1))),
        _ => panic!("no JSON object is printed"),
    }
    Answer::Accepted
}
