//! What comes to a link from the network: messages of a broker, and headers of a file server.

use super::{topics, unit_id};
use crate::Answer;
use edge_link::broker::Incoming;
use edge_link::fuzz_entry_points::{Deed, file_answer, message};
use fleet_messages::{MAX_NONCE_BYTES, MAX_PLACE_BYTES};

/// A message from the broker: a byte that says whether it was retained, the topic, a line feed, and the payload. A retained
/// one is dropped, and no message does more than its topic says.
pub fn link_message(bytes: &[u8]) -> Answer {
    let Some((&flag, rest)) = bytes.split_first() else { return Answer::Refused };
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let (topic, payload) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(topic) = str::from_utf8(topic) else { return Answer::Refused };
    let is_retained = flag & 1 == 1;
    let incoming = Incoming { topic: topic.to_owned(), payload: payload.to_vec(), is_retained };
    let Some(deed) = message(unit_id(), &topics(), &incoming) else { return Answer::Refused };
    assert!(!is_retained, "a message is dropped that the broker had kept");
    let level = match deed {
        Deed::LockDown => {
            assert_eq!(payload, b"PRESS");
            "home/lockdown/set"
        }
        Deed::TurnOffFaceRecognition => {
            assert_eq!(payload, b"OFF");
            "home/face_recognition/set"
        }
        Deed::SendRecords(_) => "want",
        Deed::MakeStatement(nonce) => {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            assert!((1..=MAX_NONCE_BYTES).contains(&nonce.len()) && nonce.bytes().all(is_digit));
            "ask"
        }
        Deed::Fetch(notice) => {
            assert!(notice.place.len() <= MAX_PLACE_BYTES);
            "notice"
        }
        Deed::PassOn(order) => {
            assert_eq!(order.as_bytes(), payload, "an order is passed on as it came");
            assert!(order.len() <= 4096);
            "order"
        }
    };
    assert_eq!(topic, format!("p/5f/{}/{level}", unit_id()));
    Answer::Accepted
}

/// The header of a file server's answer: the number of bytes that the link has, the length of the file, the status, and
/// lines of NAME: VALUE. The body is only taken for the rest of a file if the header says so for exactly that part.
pub fn file_server(bytes: &[u8]) -> Answer {
    let Some((numbers, header)) = bytes.split_at_checked(4) else { return Answer::Refused };
    let (from, length) = (u64::from(numbers[0]), u64::from(numbers[1]));
    let status = u16::from_le_bytes([numbers[2], numbers[3]]);
    let mut lines = header.split(|byte| *byte == b'\n');
    let validator = lines.next().and_then(|line| str::from_utf8(line).ok()).filter(|line| !line.is_empty());
    let lines: Vec<(&[u8], &[u8])> = lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        })
        .collect();
    let Ok(is_rest) = file_answer(status, &lines, from, length, validator) else { return Answer::Refused };
    let named = |name: &str| lines.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).count();
    assert_eq!(status, if is_rest { 206 } else { 200 });
    if is_rest {
        let due = format!("bytes {from}-{}/{length}", length.saturating_sub(1));
        assert!(from > 0 && named("content-range") == 1);
        assert!(lines.iter().any(|(name, value)| name.eq_ignore_ascii_case(b"content-range") && part(value) == part(due.as_bytes())));
    }
    Answer::Accepted
}

/// The numbers of a range, without zeros before them.
fn part(value: &[u8]) -> Option<Vec<u64>> {
    let text = str::from_utf8(value).ok()?.strip_prefix("bytes ")?;
    text.split(['-', '/']).map(|digits| digits.parse().ok()).collect()
}
