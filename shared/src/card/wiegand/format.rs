//! One format: where a card's number is in a frame, and the parity bits.

use super::super::number::CardNumber;
use super::drawing::{self, DrawingError, Drawn, MAX_PARITY_BITS, Parity};
use super::known::KNOWN_WIEGAND_FORMATS;
use super::{MAX_FRAME_BITS, WiegandError};
use heapless::Vec;
use serde::Deserialize;

/// A format of frames. Bit 0 is sent first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiegandFormat {
    pub(super) bits: usize,
    pub(super) facility: u64,
    pub(super) number: u64,
    pub(super) parity: Vec<Parity, MAX_PARITY_BITS>,
    byte_order: ByteOrder,
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByteOrder {
    /// The first byte sent is the most significant.
    #[default]
    MostSignificantFirst,
    /// The first byte sent is the least significant. The bits of each byte keep their order.
    LeastSignificantFirst,
}

impl WiegandFormat {
    /// A well-known format, one of [`KNOWN_WIEGAND_FORMATS`].
    pub fn known(name: &str) -> Option<Self> {
        let (_, fields, parity) = KNOWN_WIEGAND_FORMATS.iter().find(|(known, ..)| *known == name)?;
        Self::drawn(fields, parity, ByteOrder::default()).ok()
    }

    /// A format drawn as data sheets do it, one letter for each bit. In `fields`, `F` is the facility code, `N` the number,
    /// `P` parity, and `.` a bit without meaning. Each drawing in `parity` is that of one parity bit: `E` (even) or `O`
    /// (odd) is the bit itself, `X` a bit that it covers, and `.` any other.
    ///
    /// # Errors
    /// [`DrawingError`]
    pub fn drawn(fields: &str, parity: &[&str], byte_order: ByteOrder) -> Result<Self, DrawingError> {
        let Drawn { bits, facility, number, parity } = drawing::parse(fields, parity)?;
        Self { bits, facility, number, parity, byte_order: ByteOrder::default() }.with_byte_order(byte_order)
    }

    /// The same format with the bytes in this order.
    ///
    /// # Errors
    /// [`DrawingError::PartOfAByte`]
    pub fn with_byte_order(self, byte_order: ByteOrder) -> Result<Self, DrawingError> {
        let bits = self.number_bits();
        if byte_order == ByteOrder::LeastSignificantFirst && !bits.is_multiple_of(8) {
            return Err(DrawingError::PartOfAByte { bits });
        }
        Ok(Self { byte_order, ..self })
    }

    /// Number of bits of a frame.
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// Number of bits of a card's number, with the facility code.
    pub const fn number_bits(&self) -> u32 {
        self.facility.count_ones() + self.number.count_ones()
    }

    /// How many bits of a card's number no parity bit covers: if one of these is flipped, the frame is another card's.
    pub fn uncovered_bits(&self) -> u32 {
        let covered = self.parity.iter().fold(0, |covered, parity| covered | parity.covers);
        ((self.facility | self.number) & !covered).count_ones()
    }

    /// Decodes a frame, whose bits are in the order of transmission: the facility code, then the number.
    ///
    /// # Errors
    /// [`WiegandError`]; a frame with one wrong bit is refused if a parity bit covers it.
    pub fn decode(&self, frame: &[bool]) -> Result<CardNumber, WiegandError> {
        if frame.len() != self.bits {
            return Err(WiegandError::Length { bits: frame.len() });
        }
        let sent = frame.iter().rev().fold(0, |bits, &bit| bits << 1 | u64::from(bit));
        if !self.parity.iter().all(|parity| parity.holds(sent)) {
            return Err(WiegandError::Parity);
        }
        let facility = gather(sent, self.facility);
        let read = places(self.number).fold(facility, |read, bit| read << 1 | sent >> bit & 1);
        Ok(CardNumber::new(self.in_order(read))?)
    }

    /// Encodes a card's frame; `None` if its number has too many bits.
    pub fn encode(&self, card: CardNumber) -> Option<Vec<bool, MAX_FRAME_BITS>> {
        let mut left = card.value();
        if left.checked_shr(self.number_bits()).is_some_and(|rest| rest != 0) {
            return None;
        }
        left = self.in_order(left);
        let mut sent = 0_u64;
        for field in [self.number, self.facility] {
            for bit in places(field).rev() {
                sent |= (left & 1) << bit;
                left >>= 1;
            }
        }
        for parity in &self.parity {
            if !parity.holds(sent) {
                sent ^= 1 << parity.bit;
            }
        }
        Some((0..self.bits).map(|bit| sent >> bit & 1 == 1).collect())
    }

    const fn in_order(&self, number: u64) -> u64 {
        match self.byte_order {
            ByteOrder::MostSignificantFirst => number,
            ByteOrder::LeastSignificantFirst => number.swap_bytes() >> (u64::BITS - self.number_bits()),
        }
    }
}

impl Parity {
    const fn holds(&self, sent: u64) -> bool {
        (sent & self.covers).count_ones() % 2 == self.is_odd as u32
    }
}

fn gather(sent: u64, field: u64) -> u64 {
    places(field).fold(0, |read, bit| read << 1 | sent >> bit & 1)
}

/// The places of a field's bits, in the order of transmission.
fn places(field: u64) -> impl DoubleEndedIterator<Item = usize> {
    (0..MAX_FRAME_BITS).filter(move |bit| field >> bit & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(text: &str) -> std::vec::Vec<bool> {
        text.chars().map(|bit| bit == '1').collect()
    }

    /// The frames of other implementations. The first is `2006f623ae`, which the documentation of the Proxmark 3 client
    /// decodes to card 4567 of facility 123; the others were computed with the arithmetic of its `wiegand_formats.c`,
    /// which takes masks of whole words instead of drawings.
    #[test]
    fn frames_are_those_of_another_implementation() {
        for (name, facility, number, number_bits, frame) in [
            ("h10301", 123_u64, 4567_u64, 16, "10111101100010001110101110"),
            ("h10306", 65_535, 12_345, 16, "0111111111111111100110000001110011"),
            ("corporate-1000-35", 1234, 567_890, 20, "11010011010010100010101010010100100"),
            ("corporate-1000-35", 4095, 1, 20, "11111111111111000000000000000000010"),
            ("h10304", 12_345, 300_001, 19, "1001100000011100110010010011111000011"),
            ("h10304", 40_000, 524_287, 19, "1100111000100000011111111111111111111"),
            ("corporate-1000-48", 1_234_567, 7_654_321, 23, "110100101101011010000111111010011001011101100011"),
            ("corporate-1000-48", 4_194_303, 8, 23, "111111111111111111111111000000000000000000010000"),
        ] {
            let format = WiegandFormat::known(name).unwrap();
            let card = CardNumber::new(facility << number_bits | number).unwrap();
            assert_eq!(format.decode(&bits(frame)), Ok(card), "{name}");
            assert_eq!(format.encode(card).as_deref(), Some(&bits(frame)[..]), "{name}");
        }
    }

    /// The number that a USB reader shows for the card is in the other order.
    #[test]
    fn bytes_may_come_in_the_other_order() {
        let fields = "N".repeat(32);
        let card = |order, value: u32| {
            let frame: std::vec::Vec<bool> = (0..32).rev().map(|bit| value >> bit & 1 == 1).collect();
            WiegandFormat::drawn(&fields, &[], order).unwrap().decode(&frame).map(CardNumber::value)
        };
        assert_eq!(card(ByteOrder::MostSignificantFirst, 0x1234_5678), Ok(0x1234_5678));
        assert_eq!(card(ByteOrder::LeastSignificantFirst, 0x1234_5678), Ok(0x7856_3412));
        let h10306 = WiegandFormat::known("h10306").unwrap();
        assert!(h10306.with_byte_order(ByteOrder::LeastSignificantFirst).is_ok());
        let h10304 = WiegandFormat::known("h10304").unwrap();
        let refused = h10304.with_byte_order(ByteOrder::LeastSignificantFirst);
        assert_eq!(refused, Err(DrawingError::PartOfAByte { bits: 35 }));
    }

    #[test]
    fn a_facility_code_comes_first_at_any_place_in_the_frame() {
        let format = WiegandFormat::drawn("NNNNNNNNNNNNNNNNNNFFFFFFFF", &[], ByteOrder::default()).unwrap();
        let card = CardNumber::new(0x7f << 18 | 5).unwrap();
        let frame = format.encode(card).unwrap();
        assert_eq!(frame[..], bits("00000000000000010101111111"));
        assert_eq!(format.decode(&frame), Ok(card));
    }

    fn any_format() -> impl Strategy<Value = WiegandFormat> {
        let known = prop::sample::select(KNOWN_WIEGAND_FORMATS);
        let orders = prop::sample::select(&[ByteOrder::MostSignificantFirst, ByteOrder::LeastSignificantFirst][..]);
        let drawn = |bits: usize| {
            let text = |letters: &str| std::format!("{letters}{}", ".".repeat(bits - letters.len()));
            let all = std::format!("O{}", "X".repeat(bits - 1));
            let parity = [text("..EXXXXXX"), text(".EX"), all];
            let parity: std::vec::Vec<&str> = parity.iter().map(|drawing| &**drawing).collect();
            let fields = std::format!("PPPFFFFF{}", "N".repeat(bits - 8));
            WiegandFormat::drawn(&fields, &parity, ByteOrder::default()).unwrap()
        };
        (known, orders, 26..=64_usize, any::<bool>()).prop_map(move |((name, ..), order, bits, is_known)| {
            let format = if is_known { WiegandFormat::known(name).unwrap() } else { drawn(bits) };
            format.clone().with_byte_order(order).unwrap_or(format)
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(format in any_format(), number in 1_u64..) {
            let number = number & (u64::MAX >> (64 - format.number_bits()));
            prop_assume!(number != 0);
            let card = CardNumber::new(number).unwrap();
            let frame = format.encode(card).unwrap();
            prop_assert_eq!(frame.len(), format.bits());
            prop_assert_eq!(format.decode(&frame), Ok(card));
        }

        #[test]
        fn any_single_wrong_bit_is_refused(format in any_format(), number in 1_u64..) {
            let number = number & (u64::MAX >> (64 - format.number_bits()));
            prop_assume!(number != 0);
            prop_assert_eq!(format.uncovered_bits(), 0);
            let mut frame = format.encode(CardNumber::new(number).unwrap()).unwrap();
            for bit in 0..frame.len() {
                frame[bit] = !frame[bit];
                prop_assert_eq!(format.decode(&frame), Err(WiegandError::Parity));
                frame[bit] = !frame[bit];
            }
        }

        #[test]
        fn a_card_with_more_bits_has_no_frame(format in any_format(), number: u64) {
            prop_assume!(number.checked_shr(format.number_bits()).is_some_and(|rest| rest != 0));
            prop_assert_eq!(format.encode(CardNumber::new(number).unwrap()), None);
        }
    }
}
