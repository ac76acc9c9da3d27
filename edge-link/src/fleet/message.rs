//! What a message to a link says.

use crate::unit::MAX_ORDER_BYTES;
use fleet_messages::{Ask, DatabaseNotice, Kind, MessageError, Nonce, Topics, Want};
use shared::seal::Fingerprint;

/// A message to a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    /// A collector wants records.
    Want(Want),
    /// A workstation wants a statement with this nonce.
    Ask(Nonce),
    /// There is a people database.
    Notice(DatabaseNotice),
    /// A signed order, unread.
    Order(String),
}

/// Why a message is dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NotForUs {
    /// It is on another topic than those of this unit's requests.
    #[error("its topic is not one on which this unit takes messages")]
    Topic,
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] MessageError),
    /// It is not a text that an order could be.
    #[error("it is not a text of 1 to {MAX_ORDER_BYTES} bytes")]
    Order,
}

/// Reads a message to this unit.
///
/// # Errors
/// [`NotForUs`]
pub(crate) fn read(topics: &Topics, id: Fingerprint, topic: &str, payload: &[u8]) -> Result<Message, NotForUs> {
    match topics.parse(topic) {
        Some((unit, kind)) if unit == id => of_kind(kind, payload),
        _ => Err(NotForUs::Topic),
    }
}

fn of_kind(kind: Kind, payload: &[u8]) -> Result<Message, NotForUs> {
    match kind {
        Kind::Want => Ok(Message::Want(Want::parse(payload)?)),
        Kind::Ask => Ok(Message::Ask(Ask::parse(payload)?.nonce)),
        Kind::Notice => Ok(Message::Notice(DatabaseNotice::parse(payload)?)),
        Kind::Order if (1..=MAX_ORDER_BYTES).contains(&payload.len()) => {
            str::from_utf8(payload).map(|order| Message::Order(order.to_owned())).map_err(|_| NotForUs::Order)
        }
        Kind::Order => Err(NotForUs::Order),
        _ => Err(NotForUs::Topic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_to_this_unit_are_read() {
        let topics = Topics::below("p").unwrap();
        let [ours, other]: [Fingerprint; 2] =
            ["5f0c-8a71-0000-1111-2222", "5f0c-8a71-0000-1111-3333"].map(|id| id.parse().unwrap());
        let ask = r#"{"schema":1,"nonce":"ab"}"#;
        let want = r#"{"schema":1,"next":7,"previous":null}"#;
        let long = "x".repeat(MAX_ORDER_BYTES + 1);
        for (unit, kind, payload, expected) in [
            (ours, Kind::Ask, ask, "Ask(Nonce(\"ab\"))"),
            (ours, Kind::Want, want, "next: 7"),
            (ours, Kind::Order, "anything", "Order(\"anything\")"),
            (ours, Kind::Order, "", "Err(Order)"),
            (ours, Kind::Order, &long, "Err(Order)"),
            (ours, Kind::Notice, ask, "missing field `sequence`"),
            (ours, Kind::Want, "\u{0}", "Unreadable"),
            (other, Kind::Ask, ask, "Err(Topic)"),
            (ours, Kind::Records, ask, "Err(Topic)"),
            (ours, Kind::Statement, ask, "Err(Topic)"),
            (ours, Kind::Presence, "online", "Err(Topic)"),
        ] {
            let found = format!("{:?}", read(&topics, ours, &topics.of(unit, kind), payload.as_bytes()));
            assert!(found.contains(expected), "{kind:?} {payload}: {found}");
        }
        assert!(matches!(read(&topics, ours, "p/unlock", b""), Err(NotForUs::Topic)));
        let no_text = read(&topics, ours, &topics.of(ours, Kind::Order), b"\xff");
        assert!(matches!(no_text, Err(NotForUs::Order)));
    }
}
