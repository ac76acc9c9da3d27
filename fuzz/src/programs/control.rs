//! The control socket.

use crate::Answer;
use serde_json::Value;

/// More than a request has, and less than a socket holds.
const MAX_REQUEST: usize = 4096;

/// What somebody who may ask sends to the socket: one line of JSON comes back, and the unit is asked for something or it is
/// said why not.
pub fn control_request(bytes: &[u8]) -> Answer {
    let request = bytes.get(..MAX_REQUEST).unwrap_or(bytes);
    let (answer, asked) = match edge_agent::fuzz_entry_points::control_request(request) {
        Ok(answered) => answered,
        Err(error) => panic!("no answer: {error}"),
    };
    // A connection is cut when the unit has not read all that was sent.
    if let Some(line) = answer.strip_suffix(b"\n") {
        assert!(!line.contains(&b'\n'));
        let Ok(Value::Object(reply)) = serde_json::from_slice(line) else { panic!("the answer is no object") };
        assert_eq!(reply.get("schema"), Some(&Value::from(1)));
        assert_eq!(reply.get("refused").is_some_and(Value::is_null), asked);
    }
    if asked { Answer::Accepted } else { Answer::Refused }
}
