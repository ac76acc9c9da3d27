//! What a reader reports in its reply to a poll.

use osdp::reply::{Keypad, LStatR, Raw, ReplyCode};

/// The most bits of a card.
const MAX_CARD_BITS: u16 = 64;

/// A report of a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Report {
    /// Nothing has happened.
    Nothing,
    /// A card was presented: its bits in the order of transmission.
    Card(Vec<bool>),
    /// Keys were pressed.
    Keys(Vec<u8>),
    /// Whether the reader's case is open.
    Tamper(bool),
    /// A report that cannot be read.
    Unreadable,
}

impl Report {
    /// Reads a reply.
    pub(super) fn from_reply(code: u8, data: &[u8]) -> Self {
        match ReplyCode::from_byte(code) {
            Ok(ReplyCode::Raw) => match Raw::decode(data) {
                Ok(raw) if raw.bit_count <= MAX_CARD_BITS => Self::Card(raw.iter_bits().collect()),
                _ => Self::Unreadable,
            },
            Ok(ReplyCode::Keypad) => Keypad::decode(data).map_or(Self::Unreadable, |keys| Self::Keys(keys.digits)),
            Ok(ReplyCode::LStatR) => {
                LStatR::decode(data).map_or(Self::Unreadable, |status| Self::Tamper(status.tamper != 0))
            }
            // A card as text: no reader that we know of sends it.
            Ok(ReplyCode::Fmt) | Err(_) => Self::Unreadable,
            Ok(_) => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_reports() {
        for (code, data, expected) in [
            (0x40, &[][..], Report::Nothing),
            (0x50, &[0, 1, 3, 0, 0xa0], Report::Card(vec![true, false, true])),
            (0x50, &[0, 1, 3, 0, 0xa0, 0], Report::Unreadable),
            (0x50, &[0, 1, 65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Report::Unreadable),
            (0x50, &[], Report::Unreadable),
            (0x53, &[0, 2, b'1', 0x0d], Report::Keys(vec![b'1', 0x0d])),
            (0x53, &[0, 3, b'1'], Report::Unreadable),
            (0x48, &[1, 0], Report::Tamper(true)),
            (0x48, &[0, 1], Report::Tamper(false)),
            (0x51, &[0, 0, 1, b'4'], Report::Unreadable),
            (0xff, &[], Report::Unreadable),
        ] {
            assert_eq!(Report::from_reply(code, data), expected, "{code:02x} {data:02x?}");
        }
    }
}
