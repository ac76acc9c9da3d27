//! Input from card readers.

use crate::Answer;
use crate::choices::Choices;
use edge_agent::fuzz_entry_points;
use edge_agent::reader::{Digits, Edge, frames};
use shared::card::{CardNumber, decode_wiegand, encode_wiegand};
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
    let count = pulses.len();
    let in_order = frames(pulses.clone());
    assert_eq!(in_order.iter().map(Vec::len).sum::<usize>(), count);
    let mut answer = Answer::Refused;
    for frame in in_order {
        let Ok(card) = decode_wiegand(&frame) else { continue };
        answer = Answer::Accepted;
        is_the_frame_of(card, &frame);
    }
    answer
}

fn is_the_frame_of(card: CardNumber, frame: &[bool]) {
    assert_ne!(card.value(), 0);
    // A short card in a longer frame decodes to the same card.
    let again = encode_wiegand(card).and_then(|frame| decode_wiegand(&frame).ok());
    assert_eq!(again, Some(card));
    for bit in 0..frame.len() {
        let mut turned = frame.to_vec();
        turned[bit] ^= true;
        assert!(decode_wiegand(&turned).is_err(), "bit {bit} of {} turned is a card", frame.len());
    }
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
