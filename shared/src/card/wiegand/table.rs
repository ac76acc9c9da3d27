//! The formats of a reader: at most one of each length.

use super::super::number::CardNumber;
use super::format::WiegandFormat;
use super::{MAX_FRAME_BITS, WiegandError};
use heapless::Vec;

/// Largest number of formats of a reader.
pub const MAX_WIEGAND_FORMATS: usize = 16;

/// The formats of the cards that a reader reads, shortest first. By default, `h10301` with 26 bits and `h10306` with 34.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiegandFormats(Vec<WiegandFormat, MAX_WIEGAND_FORMATS>);

/// Why formats cannot be used together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// Two formats have the same length.
    #[error("two formats have {bits} bits: a frame does not name its format, so its length must tell which one it is")]
    SameLength {
        /// The length.
        bits: usize,
    },
    /// There are too many formats.
    #[error("there are more than {MAX_WIEGAND_FORMATS} formats")]
    TooMany,
}

impl WiegandFormats {
    /// A table of formats; without any, the default.
    ///
    /// # Errors
    /// [`TableError`]
    pub fn new(formats: impl IntoIterator<Item = WiegandFormat>) -> Result<Self, TableError> {
        let mut table = Vec::<WiegandFormat, MAX_WIEGAND_FORMATS>::new();
        for format in formats {
            let bits = format.bits();
            if table.iter().any(|other| other.bits() == bits) {
                return Err(TableError::SameLength { bits });
            }
            table.push(format).map_err(|_| TableError::TooMany)?;
        }
        if table.is_empty() {
            return Ok(Self::default());
        }
        table.sort_unstable_by_key(WiegandFormat::bits);
        Ok(Self(table))
    }

    /// The formats, shortest first.
    pub fn iter(&self) -> impl Iterator<Item = &WiegandFormat> {
        self.0.iter()
    }

    /// Decodes a frame, whose bits are in the order of transmission.
    ///
    /// # Errors
    /// [`WiegandError`]
    pub fn decode(&self, frame: &[bool]) -> Result<CardNumber, WiegandError> {
        let length = WiegandError::Length { bits: frame.len() };
        self.iter().find(|format| format.bits() == frame.len()).ok_or(length)?.decode(frame)
    }

    /// Encodes a card's frame in the shortest format that has room for its number, if any.
    pub fn encode(&self, card: CardNumber) -> Option<Vec<bool, MAX_FRAME_BITS>> {
        self.iter().find_map(|format| format.encode(card))
    }
}

impl Default for WiegandFormats {
    fn default() -> Self {
        Self(["h10301", "h10306"].into_iter().filter_map(WiegandFormat::known).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::number::CardNumberError;
    use super::super::{ByteOrder, KNOWN_WIEGAND_FORMATS};
    use super::*;
    use proptest::prelude::*;

    fn bits(text: &str) -> std::vec::Vec<bool> {
        text.chars().filter(|bit| *bit != ' ').map(|bit| bit == '1').collect()
    }

    /// Databases hold these numbers since before there was a table.
    #[test]
    fn frames_of_26_and_34_bits_are_cards_or_refused() {
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
        let formats = WiegandFormats::default();
        for (frame, expected) in cases {
            assert_eq!(formats.decode(&bits(frame)).map(CardNumber::value), expected, "{frame}");
        }
        for length in 0..=80 {
            let refused = formats.decode(&std::vec![true; length]) == Err(WiegandError::Length { bits: length });
            assert_eq!(refused, ![26, 34].contains(&length), "{length}");
        }
    }

    #[test]
    fn a_table_has_one_format_of_each_length() {
        let known = |name| WiegandFormat::known(name).unwrap();
        let all = KNOWN_WIEGAND_FORMATS.iter().map(|(name, ..)| known(name));
        let table = WiegandFormats::new(all.rev()).unwrap();
        assert_eq!(table.iter().map(WiegandFormat::bits).collect::<std::vec::Vec<_>>(), [26, 34, 35, 37, 48]);
        let again = WiegandFormats::new([known("h10304"), known("h10301"), known("h10304")]);
        assert_eq!(again, Err(TableError::SameLength { bits: 37 }));
        let drawn = |bits| WiegandFormat::drawn(&"N".repeat(bits), &[], ByteOrder::default()).unwrap();
        assert_eq!(WiegandFormats::new((26..43).map(drawn)), Err(TableError::TooMany));
        assert_eq!(WiegandFormats::new([]), Ok(WiegandFormats::default()));
    }

    proptest! {
        #[test]
        fn any_single_bit_lost_or_added_is_refused(number in prop_oneof![1..1_u64 << 24, 1..1_u64 << 32], at in 0..34_usize) {
            let formats = WiegandFormats::default();
            let frame = formats.encode(CardNumber::new(number).unwrap()).unwrap();
            prop_assert_eq!(frame.len(), if number < 1 << 24 { 26 } else { 34 });
            let at = at % frame.len();
            let lost = [&frame[..at], &frame[at + 1..]].concat();
            let added = [&frame[..at], &[true], &frame[at..]].concat();
            for wrong in [lost, added] {
                prop_assert_eq!(formats.decode(&wrong), Err(WiegandError::Length { bits: wrong.len() }));
            }
        }
    }
}
