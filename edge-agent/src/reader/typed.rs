//! Decodes what a keyboard-emulating reader types: the digits of a card number, then Enter.

use serde::Deserialize;
use shared::card::{CardNumber, CardNumberError, MAX_DIGITS};

/// The number format of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Digits {
    /// 0 to 9.
    #[default]
    Decimal,
    /// 0 to 9 and A to F.
    Hexadecimal,
}

/// A key that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A digit or a lower-case letter.
    Character(char),
    /// Ends a number.
    Enter,
    /// Shift and other modifiers, which are ignored.
    Modifier,
    /// Any other key.
    Other,
}

/// Why the typed characters are not a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// Something other than digits was typed.
    #[error("the reader typed something other than digits: set [reader] digits to the reader's format")]
    NotDigits,
    /// Keys were missed: the rest may be the number of another card.
    #[error("some keys of the card reader were missed: present the card again")]
    Missed,
    /// Too many digits were typed.
    #[error("the reader typed more than {MAX_DIGITS} digits")]
    TooLong,
    /// The digits are not a card number.
    #[error("the reader typed an invalid card number: {0}")]
    Number(#[from] CardNumberError),
}

/// The decoder: what has been typed of a number so far.
#[derive(Debug)]
pub struct Typed {
    digits: Digits,
    text: String,
    spoilt: Option<TypedError>,
}

impl Typed {
    /// A decoder at the start of a number.
    pub const fn new(digits: Digits) -> Self {
        Self { digits, text: String::new(), spoilt: None }
    }

    /// Takes a key. Returns a card number, or an error, at Enter; an Enter without digits is ignored.
    pub fn press(&mut self, key: Key) -> Option<Result<CardNumber, TypedError>> {
        match key {
            Key::Character(digit) if digit.is_digit(self.base()) => self.take_digit(digit),
            Key::Character(_) | Key::Other => self.spoilt = Some(TypedError::NotDigits),
            Key::Modifier => {}
            Key::Enter => return self.finish(),
        }
        None
    }

    /// Notes that a key was or may have been missed.
    pub const fn miss(&mut self) {
        self.spoilt = Some(TypedError::Missed);
    }

    /// Discards a partial number, after the reader was lost or fell silent.
    pub fn forget(&mut self) {
        self.text.clear();
        self.spoilt = None;
    }

    /// Whether a number has been started and not finished.
    pub const fn is_partial(&self) -> bool {
        !self.text.is_empty() || self.spoilt.is_some()
    }

    const fn base(&self) -> u32 {
        match self.digits {
            Digits::Decimal => 10,
            Digits::Hexadecimal => 16,
        }
    }

    fn take_digit(&mut self, digit: char) {
        if self.text.len() < MAX_DIGITS {
            self.text.push(digit);
        } else {
            self.spoilt = self.spoilt.or(Some(TypedError::TooLong));
        }
    }

    fn finish(&mut self) -> Option<Result<CardNumber, TypedError>> {
        if !self.is_partial() {
            return None;
        }
        let card = match self.spoilt {
            Some(why) => Err(why),
            None => CardNumber::from_digits(&self.text, self.base()).map_err(TypedError::from),
        };
        self.forget();
        Some(card)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `\n` is Enter, `^` is Shift, `!` is a key that is not a digit.
    fn typed(digits: Digits, keys: &str) -> Vec<Result<u64, TypedError>> {
        let mut typed = Typed::new(digits);
        let key = |character| match character {
            '\n' => Key::Enter,
            '^' => Key::Modifier,
            '!' => Key::Other,
            other => Key::Character(other),
        };
        keys.chars()
            .filter_map(|character| typed.press(key(character)))
            .map(|card| card.map(CardNumber::value))
            .collect()
    }

    #[test]
    fn numbers_end_with_enter() {
        use Digits::{Decimal, Hexadecimal};
        let zero = Err(TypedError::Number(CardNumberError::Zero));
        let too_large = Err(TypedError::Number(CardNumberError::TooLarge));
        for (digits, keys, expected) in [
            (Decimal, "0008108654\n", vec![Ok(8_108_654)]),
            (Decimal, "1\n2\n", vec![Ok(1), Ok(2)]),
            (Decimal, "\n\n", vec![]),
            (Decimal, "12", vec![]),
            (Decimal, "7bba6e\n", vec![Err(TypedError::NotDigits)]),
            (Decimal, "1!2\n3\n", vec![Err(TypedError::NotDigits), Ok(3)]),
            (Decimal, "!\n", vec![Err(TypedError::NotDigits)]),
            (Decimal, "000\n", vec![zero]),
            (Decimal, "123456789012345678901\n5\n", vec![Err(TypedError::TooLong), Ok(5)]),
            (Decimal, "99999999999999999999\n", vec![too_large]),
            (Hexadecimal, "^7^bba6e\n", vec![Ok(8_108_654)]),
            (Hexadecimal, "g\n", vec![Err(TypedError::NotDigits)]),
            (Hexadecimal, "10000000000000000\n", vec![too_large]),
        ] {
            assert_eq!(typed(digits, keys), expected, "{digits:?} {keys:?}");
        }
    }

    /// The last digits of one card number can be the number of another card.
    #[test]
    fn a_number_with_a_missed_key_is_refused() {
        let mut typed = Typed::new(Digits::Decimal);
        typed.miss();
        typed.press(Key::Character('5'));
        assert_eq!(typed.press(Key::Enter), Some(Err(TypedError::Missed)));
        typed.press(Key::Character('6'));
        assert_eq!(typed.press(Key::Enter), Some(CardNumber::new(6).map_err(TypedError::from)));
    }

    #[test]
    fn a_partial_number_is_discarded() {
        let mut typed = Typed::new(Digits::Decimal);
        typed.press(Key::Character('1'));
        assert!(typed.is_partial());
        typed.forget();
        typed.press(Key::Character('2'));
        assert_eq!(typed.press(Key::Enter), Some(CardNumber::new(2).map_err(TypedError::from)));
    }
}
