//! The status socket, from both ends.

use crate::Answer;
use edge_agent::fuzz_entry_points::{StatusSocket, status_answer};
use serde_json::Value;
use shared::gallery::{GalleryBuilder, ModelHash};
use std::sync::LazyLock;

/// The maximum request length: longer than a valid request, shorter than the socket's buffer.
const MAX_REQUEST: usize = 4096;

static UNIT: LazyLock<StatusSocket> = LazyLock::new(|| {
    let gallery = GalleryBuilder::new(1, ModelHash([0; 32]), 128).map(GalleryBuilder::build);
    match gallery.map(|gallery| StatusSocket::new(&gallery)) {
        Ok(Ok(unit)) => unit,
        _ => panic!("there is a unit that knows nobody"),
    }
});

/// Sends a request to the status socket. The answer is one line of JSON: a report if it was asked for, otherwise an error,
/// because this unit has no log yet.
pub fn status_request(bytes: &[u8]) -> Answer {
    let Some(request) = bytes.get(..bytes.len().min(MAX_REQUEST)) else { return Answer::Refused };
    let answer = answered(request);
    // The unit resets a connection if it has not read everything that was sent.
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

/// Parses the answer of something that claims to be a unit. It is shown in every form or refused. In words and for
/// Prometheus, every line comes from this program: no text of the answer can start a line.
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
