//! The socket of the link.

use super::orders::signing_key;
use crate::Answer;
use serde_json::Value;

/// The maximum request length: longer than a valid request, shorter than the socket's buffer.
const MAX_REQUEST: usize = 16 << 10;

/// Sends a request to the socket of the link. The answer is one line of JSON, and either the loop is asked for something or
/// the answer has an error.
pub fn link_request(bytes: &[u8]) -> Answer {
    let request = bytes.get(..MAX_REQUEST).unwrap_or(bytes);
    let (answer, asked) = match edge_agent::fuzz_entry_points::link_request(request, signing_key().signer()) {
        Ok(answered) => answered,
        Err(error) => panic!("no answer: {error}"),
    };
    // The unit resets a connection if it has not read everything that was sent.
    if let Some(line) = answer.strip_suffix(b"\n") {
        assert!(!line.contains(&b'\n'));
        let Ok(Value::Object(reply)) = serde_json::from_slice(line) else { panic!("the answer is no object") };
        assert_eq!(reply.get("schema"), Some(&Value::from(1)));
        assert_eq!(reply.get("refused").is_some_and(Value::is_null), asked);
    }
    if asked { Answer::Accepted } else { Answer::Refused }
}
