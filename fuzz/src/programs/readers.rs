//! Input from card readers.

use crate::Answer;
use crate::choices::Choices;
use edge_agent::config::{Config, Reader};
use edge_agent::fuzz_entry_points;
use edge_agent::reader::{AnyReply, Digits, Edge, frames};
use shared::card::{CardNumber, WiegandFormats};
use std::time::Duration;

/// Decodes pulses on the two wires of a Wiegand reader. Each byte has the time since the previous pulse and the wire.
///
/// Every pulse belongs to one frame. A frame that decodes to a card is that card's frame, and it decodes to no card if
/// any single bit is flipped.
pub fn wiegand(bytes: &[u8]) -> Answer {
    let mut choices = Choices::new(bytes);
    let mut stamp = Duration::from_secs(100);
    let mut pulses = Vec::new();
    while !choices.is_empty() {
        let pulse = choices.byte();
        // 0 to 6 ms, sometimes a longer pause.
        stamp += Duration::from_micros(100 * u64::from(pulse >> 1) % 6000)
            + Duration::from_millis(if pulse > 250 { 30 } else { 0 });
        pulses.push(Edge { stamp, one: pulse & 1 == 1 });
    }
    let formats = WiegandFormats::default();
    let count = pulses.len();
    let in_order = frames(pulses.clone());
    assert_eq!(in_order.iter().map(Vec::len).sum::<usize>(), count);
    let mut answer = Answer::Refused;
    for frame in in_order {
        let Ok(card) = formats.decode(&frame) else { continue };
        answer = Answer::Accepted;
        is_the_frame_of(card, &frame, &formats);
    }
    answer
}

fn is_the_frame_of(card: CardNumber, frame: &[bool], formats: &WiegandFormats) {
    assert_ne!(card.value(), 0);
    // A short card in a longer frame decodes to the same card.
    let again = formats.encode(card).and_then(|frame| formats.decode(&frame).ok());
    assert_eq!(again, Some(card));
    for bit in 0..frame.len() {
        let mut turned = frame.to_vec();
        turned[bit] ^= true;
        assert!(formats.decode(&turned).is_err(), "bit {bit} of {} turned is a card", frame.len());
    }
}

/// Reads a table of Wiegand formats from a configuration, and decodes a frame with it: the bytes after the first 0, one
/// bit each.
///
/// A card is encoded to the frame that it was read from, except for bits without meaning. A format whose parity covers
/// the whole number refuses the frame if any bit of the number is flipped.
pub fn wiegand_format(bytes: &[u8]) -> Answer {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, frame) = bytes.split_at(end);
    let Ok(text) = str::from_utf8(text) else { return Answer::Refused };
    let text = format!("[reader]\nkind = \"wiegand\"\nd0-pin = 26\nd1-pin = 27\n{text}");
    let Ok(config) = Config::parse(&text) else { return Answer::Refused };
    let Some(Reader::Wiegand { wiegand_format, .. }) = config.reader else { return Answer::Refused };
    let frame: Vec<bool> = frame.iter().skip(1).map(|byte| byte & 1 == 1).collect();
    for format in wiegand_format.formats().iter() {
        let Ok(card) = format.decode(&frame) else { continue };
        let again = format.encode(card).and_then(|frame| format.decode(&frame).ok());
        assert_eq!(again, Some(card));
        for bit in 0..frame.len() {
            let mut turned = frame.clone();
            turned[bit] ^= true;
            let is_another = format.decode(&turned).is_ok_and(|other| other != card);
            assert!(!is_another || format.uncovered_bits() > 0, "bit {bit} turned is another card");
        }
    }
    Answer::Accepted
}

/// Decodes the kernel's events of a USB keyboard reader.
///
/// Each card that is read has exactly the digits that were pressed between two Enter keys.
pub fn usb_reader(bytes: &[u8]) -> Answer {
    let mut choices = Choices::new(bytes);
    let digits = if choices.byte() & 1 == 0 { Digits::Decimal } else { Digits::Hexadecimal };
    let mut events = Vec::new();
    while !choices.is_empty() {
        let kind = choices.byte();
        events.push(match kind {
            // A pressed key, the most frequent event.
            0..=199 => (1, u16::from(kind), 1),
            200..=229 => (1, choices.word(), i32::from(choices.byte())),
            _ => (u16::from(choices.byte()), choices.word(), i32::from(choices.byte())),
        });
    }
    let enters =
        events.iter().filter(|(kind, code, value)| *kind == 1 && (*code == 28 || *code == 96) && *value == 1).count();
    let cards = fuzz_entry_points::typed_cards(&events, digits);
    assert!(cards.len() <= enters, "more cards than Enters");
    assert!(cards.iter().all(|card| card.value() > 0));
    if cards.is_empty() { Answer::Refused } else { Answer::Accepted }
}

/// Answers the panel of an OSDP reader. The first byte says whether the panel has a key. Then each reply: how it is made,
/// its code, its length, and that many bytes.
///
/// Nobody without the key makes a panel with a key read a card, and no reply gives more than one card.
pub fn osdp_reader(bytes: &[u8]) -> Answer {
    let mut choices = Choices::new(bytes);
    let has_key = choices.byte() & 1 == 1;
    let mut replies = Vec::new();
    while !choices.is_empty() {
        let (made, code, length) = (choices.byte(), choices.byte(), choices.byte());
        let data = (0..length).map(|_| choices.byte()).collect();
        replies.push(match made {
            0..32 => AnyReply::Bytes(data),
            32..128 => AnyReply::Packet { code, block: None, data },
            _ => AnyReply::Packet { code, block: Some((made >> 5 & 3, made & 1)), data },
        });
    }
    let count = replies.len();
    let cards = fuzz_entry_points::osdp_cards(replies, has_key);
    assert!(cards.len() <= if has_key { 0 } else { count }, "{cards:?}");
    if cards.is_empty() { Answer::Refused } else { Answer::Accepted }
}
