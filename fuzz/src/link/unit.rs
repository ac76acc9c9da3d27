//! What comes to a link from its unit's sockets.

use crate::Answer;
use edge_link::fuzz_entry_points::{home_states, records, unit_receipt, unit_reply};
use policy::audit::MAX_LINE_BYTES;
use serde_json::Value;

/// What a unit sends that was asked for its records from number 3 on. The records are passed on byte for byte, in their
/// order, and an event for Home Assistant is one object.
pub fn unit_records(bytes: &[u8]) -> Answer {
    let Ok(sent) = records(bytes, 3) else { return Answer::Refused };
    let mut next = 3;
    for (record, event) in &sent.records {
        let line = record.line();
        assert!(line.len() < MAX_LINE_BYTES && !line.contains(&b'\n'));
        assert!(bytes.windows(line.len()).any(|window| window == line), "a record is passed on as it came");
        assert!(record.sequence >= next, "records come in their order");
        next = record.sequence.saturating_add(1);
        if let Some(event) = event {
            assert!(matches!(serde_json::from_slice(event), Ok(Value::Object(_))));
        }
    }
    if sent.records.is_empty() { Answer::Refused } else { Answer::Accepted }
}

/// The answer of a unit: the first byte says to what. Texts of the unit for the log are short and on one line.
pub fn unit_answer(bytes: &[u8]) -> Answer {
    let Some((kind, answer)) = bytes.split_first() else { return Answer::Refused };
    let refused = match kind % 3 {
        0 => unit_reply(answer).map(|reply| {
            if let edge_link::unit::Reply::Refused { why } = reply {
                is_shown(&why);
            }
        }),
        1 => unit_receipt(answer).map(|receipt| {
            let again = serde_json::to_value(&receipt).ok().and_then(|value| serde_json::from_value(value).ok());
            assert_eq!(again, Some(receipt));
        }),
        _ => home_states(answer).map(|states| {
            for (_, state) in states {
                assert!(!state.is_empty());
            }
        }),
    };
    match refused {
        Ok(()) => Answer::Accepted,
        Err(why) => {
            is_shown(&why);
            Answer::Refused
        }
    }
}

fn is_shown(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
    // Escaped, a byte has at most six.
    assert!(text.len() < 4000, "{} bytes", text.len());
}
