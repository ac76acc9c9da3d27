//! The canonical number of a card: at least 1, without leading zeros.
//!
//! A keyboard reader, a Wiegand reader and the print on a card represent the same number in different ways:
//! `0008108654`, `123:47726` (facility code of 8 bits and number of 16), or the bits of both concatenated. The
//! canonical number is the same for all of them.

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// Largest number of digits accepted, including leading zeros.
pub const MAX_DIGITS: usize = 20;

/// The separator between a facility code and the number.
const FACILITY_SEPARATORS: [char; 2] = [':', ','];
const SHORT_BITS: u32 = 24;
const LONG_BITS: u32 = 32;

/// The number of a card. It is secret: `Debug` shows only its length.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CardNumber(u64);

/// How a card's number is encoded for hashing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CardFormat(pub u8);

impl CardFormat {
    /// A facility code of 8 bits and a number of 16, as a 26-bit Wiegand reader sends them.
    pub const BITS_24: Self = Self(1);
    /// 32 bits, as a 34-bit Wiegand reader sends them.
    pub const BITS_32: Self = Self(2);
    /// 64 bits.
    pub const BITS_64: Self = Self(3);
}

/// Why a text is not a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardNumberError {
    /// The text is empty.
    #[error("it has no digits")]
    Empty,
    /// The text contains a character that is not a digit.
    #[error(
        "it is not a number: write decimal digits, hexadecimal ones after 0x, or facility code and number as in 123:45678"
    )]
    NotANumber,
    /// The number is larger than a card number can be.
    #[error("it is larger than the largest card number, 18446744073709551615")]
    TooLarge,
    /// The facility code or the number after it is out of range.
    #[error("a facility code is 0 to 255, the number after it 0 to 65535")]
    Facility,
    /// The number is 0, which a reader without a card sends.
    #[error("it is 0, which is not a card number")]
    Zero,
}

impl CardNumber {
    /// The card with this number.
    ///
    /// # Errors
    /// [`CardNumberError::Zero`]
    pub const fn new(number: u64) -> Result<Self, CardNumberError> {
        if number == 0 { Err(CardNumberError::Zero) } else { Ok(Self(number)) }
    }

    /// Parses digits of base 10 or 16.
    ///
    /// # Errors
    /// If there are no digits, or the number is too large or 0.
    pub fn from_digits(digits: &str, base: u32) -> Result<Self, CardNumberError> {
        if digits.is_empty() {
            return Err(CardNumberError::Empty);
        }
        if !digits.chars().all(|digit| digit.is_digit(base)) {
            return Err(CardNumberError::NotANumber);
        }
        Self::new(u64::from_str_radix(digits, base).map_err(|_| CardNumberError::TooLarge)?)
    }

    /// The number.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// How the number is encoded for hashing: in 24 bits (facility code and number), 32 or 64, whichever is the
    /// smallest that fits.
    pub const fn format(self) -> CardFormat {
        if self.0 >> SHORT_BITS == 0 {
            CardFormat::BITS_24
        } else if self.0 >> LONG_BITS == 0 {
            CardFormat::BITS_32
        } else {
            CardFormat::BITS_64
        }
    }

    /// The number as reported by a reader that passes on only the lowest `bits` bits, 1 to 64.
    ///
    /// # Errors
    /// [`CardNumberError::Zero`] if these are all 0.
    pub const fn lowest_bits(self, bits: u32) -> Result<Self, CardNumberError> {
        Self::new(if bits >= u64::BITS { self.0 } else { self.0 & ((1 << bits) - 1) })
    }
}

impl FromStr for CardNumber {
    type Err = CardNumberError;

    /// Parses a card number: `0008108654`, `123:47726` and `0x7bba6e` are the same card.
    fn from_str(text: &str) -> Result<Self, CardNumberError> {
        if let Some((facility, number)) = text.split_once(FACILITY_SEPARATORS) {
            let [facility, number] = [facility, number].map(|part| decimal(part.trim()));
            return match (facility?, number?) {
                (facility @ 0..=0xff, number @ 0..=0xffff) => Self::new(facility << 16 | number),
                _ => Err(CardNumberError::Facility),
            };
        }
        match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => Self::from_digits(digits, 16),
            None => Self::from_digits(text, 10),
        }
    }
}

fn decimal(digits: &str) -> Result<u64, CardNumberError> {
    match CardNumber::from_digits(digits, 10) {
        Ok(number) => Ok(number.0),
        Err(CardNumberError::Zero) => Ok(0),
        Err(other) => Err(other),
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber(not shown, {:?})", self.format())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CardNumberError::{Empty, Facility, NotANumber, TooLarge, Zero};

    #[test]
    fn every_notation_gives_the_same_card() {
        let cases: [(&str, Result<u64, CardNumberError>); 25] = [
            ("8108654", Ok(8_108_654)),
            ("0008108654", Ok(8_108_654)),
            ("123:47726", Ok(8_108_654)),
            ("123 : 47726", Ok(8_108_654)),
            ("123,47726", Ok(8_108_654)),
            ("0x7bba6e", Ok(8_108_654)),
            ("0X007BBA6E", Ok(8_108_654)),
            ("0:1", Ok(1)),
            ("255:65535", Ok(0xff_ffff)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("18446744073709551616", Err(TooLarge)),
            ("0x10000000000000000", Err(TooLarge)),
            ("256:1", Err(Facility)),
            ("1:65536", Err(Facility)),
            ("", Err(Empty)),
            (":", Err(Empty)),
            ("1:", Err(Empty)),
            ("0x", Err(Empty)),
            ("0", Err(Zero)),
            ("0:0", Err(Zero)),
            ("-1", Err(NotANumber)),
            ("+1", Err(NotANumber)),
            ("7bba6e", Err(NotANumber)),
            ("1:2:3", Err(NotANumber)),
            ("12 34", Err(NotANumber)),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<CardNumber>().map(CardNumber::value), expected, "{text:?}");
        }
    }

    #[test]
    fn the_format_is_the_fewest_bits() {
        for (number, format) in [
            (1, CardFormat::BITS_24),
            (0xff_ffff, CardFormat::BITS_24),
            (0x100_0000, CardFormat::BITS_32),
            (0xffff_ffff, CardFormat::BITS_32),
            (0x1_0000_0000, CardFormat::BITS_64),
            (u64::MAX, CardFormat::BITS_64),
        ] {
            assert_eq!(CardNumber(number).format(), format, "{number:#x}");
        }
    }

    #[test]
    fn a_reader_may_pass_on_only_some_bits() {
        for (number, bits, left) in [
            (0x12_3456_789a, 24, Ok(0x56_789a)),
            (0x12_3456_789a, 32, Ok(0x3456_789a)),
            (0x12_3456_789a, 64, Ok(0x12_3456_789a)),
            (0x1200_0000, 24, Err(Zero)),
        ] {
            assert_eq!(CardNumber(number).lowest_bits(bits).map(CardNumber::value), left, "{number:#x} {bits}");
        }
    }

    #[test]
    fn numbers_are_not_printed() {
        let shown = std::format!("{:?}", CardNumber(8_108_654));
        assert!(!shown.contains("8108654") && !shown.contains("7bba6e"), "{shown}");
    }
}
