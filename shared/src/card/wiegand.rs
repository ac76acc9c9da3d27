//! Wiegand frames: 26 or 34 bits. The first and the last are parity bits.
//!
//! The bits in between are the card's number, most significant first. The first bit gives even parity over itself and
//! the first half of the number; the last gives odd parity over the second half and itself (SIA AC-01 of 1996 for 26
//! bits; 34 bits work the same way with 32 data bits). A single wrong bit is always detected.

use super::number::{CardNumber, CardNumberError};
use heapless::Vec;

/// Largest number of bits of a supported frame.
pub const MAX_FRAME_BITS: usize = 34;

/// Number of data bits between the two parity bits.
const NUMBER_BITS: [u32; 2] = [24, 32];

/// Why a frame was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WiegandError {
    /// The number of bits is not supported.
    #[error("{bits} bits instead of 26 or 34: set the reader to one of these, and check both wires")]
    Length {
        /// Number of bits received.
        bits: usize,
    },
    /// A bit was lost or flipped in transmission.
    #[error("the parity is wrong: a bit was lost or flipped; present the card again, or check the wires")]
    Parity,
    /// All bits of the number are 0.
    #[error(transparent)]
    Number(#[from] CardNumberError),
}

/// Decodes a frame, whose bits are in the order of transmission.
///
/// # Errors
/// [`WiegandError`]; a frame with one wrong bit is always refused.
pub fn decode_wiegand(frame: &[bool]) -> Result<CardNumber, WiegandError> {
    let length = WiegandError::Length { bits: frame.len() };
    let known = NUMBER_BITS.iter().any(|bits| *bits as usize + 2 == frame.len());
    let [_, number @ .., _] = frame else { return Err(length) };
    if !known {
        return Err(length);
    }
    let (first, second) = frame.split_at(frame.len() / 2);
    if !ones(first).is_multiple_of(2) || ones(second).is_multiple_of(2) {
        return Err(WiegandError::Parity);
    }
    Ok(CardNumber::new(number.iter().fold(0, |number, &bit| number << 1 | u64::from(bit)))?)
}

/// Encodes a card's frame; `None` if its number has more than 32 bits.
pub fn encode_wiegand(card: CardNumber) -> Option<Vec<bool, MAX_FRAME_BITS>> {
    let bits = *NUMBER_BITS.iter().find(|bits| card.value() >> **bits == 0)?;
    let number = || (0..bits).rev().map(|bit| card.value() >> bit & 1 == 1);
    let half = bits as usize / 2;
    let even = number().take(half).filter(|bit| *bit).count() % 2 == 1;
    let odd = number().skip(half).filter(|bit| *bit).count() % 2 == 0;
    Some(core::iter::once(even).chain(number()).chain(core::iter::once(odd)).collect())
}

fn ones(bits: &[bool]) -> usize {
    bits.iter().filter(|bit| **bit).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(text: &str) -> std::vec::Vec<bool> {
        text.chars().filter(|bit| *bit != ' ').map(|bit| bit == '1').collect()
    }

    #[test]
    fn frames_are_cards_or_refused() {
        // 123:47726 is 0111 1011 1011 1010 0110 1110.
        let parity = Err(WiegandError::Parity);
        let cases: [(&str, Result<u64, WiegandError>); 11] = [
            ("1 011110111011 101001101110 0", Ok(8_108_654)),
            ("0 011110111011 101001101110 0", parity),
            ("1 011110111011 101001101110 1", parity),
            ("1 011110111010 101001101110 0", parity),
            ("0 000000000000 000000000001 0", Ok(1)),
            ("0 000000000000 000000000000 1", Err(WiegandError::Number(CardNumberError::Zero))),
            ("0 000000000000 000000000000 0", parity),
            ("1 0111101110111010 0110111000000001 1", Ok(0x7bba_6e01)),
            ("1 0111101110111010 0110111000000001 0", parity),
            ("", Err(WiegandError::Length { bits: 0 })),
            ("1", Err(WiegandError::Length { bits: 1 })),
        ];
        for (frame, expected) in cases {
            assert_eq!(decode_wiegand(&bits(frame)).map(CardNumber::value), expected, "{frame}");
        }
        for length in 0..=64 {
            let refused = decode_wiegand(&std::vec![true; length]) == Err(WiegandError::Length { bits: length });
            assert_eq!(refused, ![26, 34].contains(&length), "{length}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(number in prop_oneof![1..1_u64 << 24, 1..1_u64 << 32]) {
            let card = CardNumber::new(number).unwrap();
            let frame = encode_wiegand(card).unwrap();
            prop_assert_eq!(frame.len(), if number < 1 << 24 { 26 } else { 34 });
            prop_assert_eq!(decode_wiegand(&frame), Ok(card));
        }

        #[test]
        fn any_single_wrong_bit_is_refused(number in prop_oneof![1..1_u64 << 24, 1..1_u64 << 32]) {
            let mut frame = encode_wiegand(CardNumber::new(number).unwrap()).unwrap();
            for bit in 0..frame.len() {
                frame[bit] = !frame[bit];
                prop_assert_eq!(decode_wiegand(&frame), Err(WiegandError::Parity));
                frame[bit] = !frame[bit];
            }
        }

        #[test]
        fn any_single_bit_lost_or_added_is_refused(number in prop_oneof![1..1_u64 << 24, 1..1_u64 << 32], at in 0..34_usize) {
            let frame = encode_wiegand(CardNumber::new(number).unwrap()).unwrap();
            let at = at % frame.len();
            let lost = [&frame[..at], &frame[at + 1..]].concat();
            let added = [&frame[..at], &[true], &frame[at..]].concat();
            for wrong in [lost, added] {
                prop_assert_eq!(decode_wiegand(&wrong), Err(WiegandError::Length { bits: wrong.len() }));
            }
        }

        #[test]
        fn a_card_with_more_bits_has_no_frame(number in 1_u64 << 32..) {
            prop_assert_eq!(encode_wiegand(CardNumber::new(number).unwrap()), None);
        }
    }
}
