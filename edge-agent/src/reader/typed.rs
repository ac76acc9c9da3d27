//! What a reader types that pretends to be a keyboard: the digits of a number, and Enter.

use serde::Deserialize;
use shared::card::{CardNumber, CardNumberError, MAX_DIGITS};

/// How a reader writes numbers.
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
    /// A digit or a letter, small.
    Character(char),
    /// What ends a number.
    Enter,
    /// Shift and its like, which change nothing about a number.
    Modifier,
    /// Any other.
    Other,
}

/// Why what was typed is not a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// Something else than digits was typed.
    #[error("the reader typed something else than digits: is it set to another format? `digits` says which it uses")]
    NotDigits,
    /// Some of it was missed: the rest may be the number of another card.
    #[error("a part of what the reader typed was missed: present the card again")]
    Missed,
    /// It goes on and on.
    #[error("the reader typed more than {MAX_DIGITS} digits")]
    TooLong,
    /// The digits are not a card number.
    #[error("what the reader typed is no card: {0}")]
    Number(#[from] CardNumberError),
}

/// What has been typed of a number.
#[derive(Debug)]
pub struct Typed {
    digits: Digits,
    text: String,
    spoilt: Option<TypedError>,
}

impl Typed {
    /// Nothing yet.
    pub const fn new(digits: Digits) -> Self {
        Self { digits, text: String::new(), spoilt: None }
    }

    /// A key was pressed. A card, or why there is none, comes with Enter; an Enter alone is nothing.
    pub fn press(&mut self, key: Key) -> Option<Result<CardNumber, TypedError>> {
        match key {
            Key::Character(digit) if digit.is_digit(self.base()) => self.take_digit(digit),
            Key::Character(_) | Key::Other => self.spoilt = Some(TypedError::NotDigits),
            Key::Modifier => {}
            Key::Enter => return self.finish(),
        }
        None
    }

    /// A key was missed, or may have been.
    pub const fn miss(&mut self) {
        self.spoilt = Some(TypedError::Missed);
    }

    /// Forgets what has been typed: the reader is gone, or fell silent in the middle of a number.
    pub fn forget(&mut self) {
        self.text.clear();
        self.spoilt = None;
    }

    /// Whether something has been typed that Enter has not ended.
    pub const fn is_under_way(&self) -> bool {
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
        if !self.is_under_way() {
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

    /// `\n` is Enter, `^` Shift, `!` a key that is not a digit.
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

    /// The end of one card's number is the number of another card.
    #[test]
    fn a_number_of_which_a_part_was_missed_is_refused() {
        let mut typed = Typed::new(Digits::Decimal);
        typed.miss();
        typed.press(Key::Character('5'));
        assert_eq!(typed.press(Key::Enter), Some(Err(TypedError::Missed)));
        typed.press(Key::Character('6'));
        assert_eq!(typed.press(Key::Enter), Some(CardNumber::new(6).map_err(TypedError::from)));
    }

    #[test]
    fn what_was_typed_in_part_is_forgotten() {
        let mut typed = Typed::new(Digits::Decimal);
        typed.press(Key::Character('1'));
        assert!(typed.is_under_way());
        typed.forget();
        typed.press(Key::Character('2'));
        assert_eq!(typed.press(Key::Enter), Some(CardNumber::new(2).map_err(TypedError::from)));
    }
}
