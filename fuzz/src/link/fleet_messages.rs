//! The messages between links and workstations.

use super::topics;
use crate::Answer;
use ed25519_dalek::{Signer, SigningKey};
use edge_link::fetch::Place;
use fleet_messages::aim::{AimMessage, MAX_AIM_JPEG_BYTES, MAX_AIM_WORDS_BYTES};
use fleet_messages::{Ask, DatabaseNotice, Kind, RecordBatch, SignedStatement, Want};
use policy::audit::MAX_LINE_BYTES;
use serde::{Deserialize, Serialize};

/// What a unit sends to somebody who aims its camera. Every box lies in its picture, no text steers a terminal, and what is
/// read is written and read again as it was.
pub fn aim_picture(mut bytes: &[u8]) -> Answer {
    loop {
        let message = match AimMessage::read(&mut bytes) {
            Ok(Some(message)) => message,
            Ok(None) => return Answer::Accepted,
            Err(_) => return Answer::Refused,
        };
        if let AimMessage::Picture(picture) = &message {
            let (width, height) = (picture.view.width as f32, picture.view.height as f32);
            assert!(picture.jpeg.len() <= MAX_AIM_JPEG_BYTES);
            for at in &picture.view.boxes {
                assert!(at.x >= 0.0 && at.y >= 0.0 && at.x + at.width <= width && at.y + at.height <= height);
            }
        }
        let shown = message.to_string();
        assert!(shown.len() < 10 * MAX_AIM_WORDS_BYTES && !shown.chars().any(char::is_control), "{shown}");
        let mut written = Vec::new();
        let Ok(()) = message.write(&mut written) else { panic!("a message that was read can be written") };
        assert!(matches!(AimMessage::read(&mut &written[..]), Ok(Some(read)) if read == message));
    }
}

/// A batch of records. Its lines are those of the payload.
pub fn record_batch(bytes: &[u8]) -> Answer {
    let Ok(batch) = RecordBatch::parse(bytes) else { return Answer::Refused };
    let lines = batch.lines.iter().flat_map(|line| [line, &b"\n"[..]]).flatten();
    let first = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    assert!(lines.eq(&bytes[first..]));
    assert!(batch.lines.iter().all(|line| line.len() < MAX_LINE_BYTES));
    let Ok(header) = batch.header.to_line() else { panic!("a header that was read can be written") };
    assert_eq!(RecordBatch::parse(&header).map(|batch| batch.header).ok(), Some(batch.header.clone()));
    match batch.records().all(|record| record.is_ok()) {
        true => Answer::Accepted,
        false => Answer::Refused,
    }
}

/// A signed statement. What it states can only be read with a signature of the unit's key: what was signed by somebody else
/// is refused, and the same text with a signature of that key is read.
pub fn statement(bytes: &[u8]) -> Answer {
    let Ok(signed) = SignedStatement::parse(bytes) else { return Answer::Refused };
    let key = SigningKey::from_bytes(&[7; 32]);
    let verified = signed.verify(&key.verifying_key());
    // Keys that nobody knows are not looked into.
    #[derive(Deserialize)]
    struct Text {
        statement: String,
    }
    let Ok(Text { statement }) = serde_json::from_slice(bytes) else { panic!("a statement has a text") };
    let resigned = SignedStatement::new(statement, |bytes| key.sign(bytes).to_bytes());
    if verified.is_ok() {
        assert_eq!(signed, resigned, "nobody else has signed it");
    }
    match resigned.verify(&key.verifying_key()) {
        Ok(statement) => {
            assert!(!statement.nonce.as_str().is_empty());
            Answer::Accepted
        }
        Err(_) => Answer::Refused,
    }
}

/// A want, a question or a notice. What is read is written and read again as it was.
pub fn fleet_request(bytes: &[u8]) -> Answer {
    let want = Want::parse(bytes).map(|want| assert_eq!(again(&want, Want::parse), Some(want))).is_ok();
    let ask = Ask::parse(bytes).map(|ask| assert_eq!(again(&ask, Ask::parse), Some(ask))).is_ok();
    let notice = DatabaseNotice::parse(bytes).map(|notice| {
        if let Ok(place) = notice.place.parse::<Place>() {
            assert_eq!(place.to_string().parse(), Ok(place), "a place is shown as it can be given");
        }
        assert_eq!(again(&notice, DatabaseNotice::parse), Some(notice));
    });
    if want || ask || notice.is_ok() { Answer::Accepted } else { Answer::Refused }
}

fn again<T: Serialize, E>(message: &T, parse: impl Fn(&[u8]) -> Result<T, E>) -> Option<T> {
    parse(&serde_json::to_vec(message).ok()?).ok()
}

/// A topic. One that is read is spelled in the only way.
pub fn topic(bytes: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(bytes) else { return Answer::Refused };
    match topics().parse(text) {
        Some((unit, kind)) => {
            assert!(Kind::ALL.contains(&kind));
            assert_eq!(topics().of(unit, kind), text);
            Answer::Accepted
        }
        None => Answer::Refused,
    }
}
