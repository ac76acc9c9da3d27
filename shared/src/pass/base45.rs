//! Base45 (RFC 9285): two bytes become three characters of the alphanumeric mode of QR codes. Each byte string has exactly
//! one text.

use super::error::PassError;
use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(2) * 3);
    for pair in bytes.chunks(2) {
        let mut number = pair.iter().fold(0, |number, &byte| number << 8 | usize::from(byte));
        for _ in 0..=pair.len() {
            text.push(char::from(ALPHABET[number % 45]));
            number /= 45;
        }
    }
    text
}

/// # Errors
/// If a character is not in the alphabet, or a group of them stands for no bytes.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, PassError> {
    let mut bytes = Vec::with_capacity(text.len() / 3 * 2 + 1);
    for (index, group) in text.as_bytes().chunks(3).enumerate() {
        let mut number = 0;
        for (place, character) in group.iter().enumerate().rev() {
            let digit = ALPHABET.iter().position(|known| known == character);
            number = number * 45 + digit.ok_or(PassError::Character { position: 3 * index + place })?;
        }
        let unsound = PassError::Group { position: 3 * index };
        match group.len() {
            3 => bytes.extend(u16::try_from(number).map_err(|_| unsound)?.to_be_bytes()),
            2 => bytes.push(u8::try_from(number).map_err(|_| unsound)?),
            _ => return Err(unsound),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn examples_of_the_standard() {
        for (text, bytes) in [
            ("BB8", &b"AB"[..]),
            ("%69 VD92EX0", b"Hello!!"),
            ("UJCLQE7W581", b"base-45"),
            ("QED8WEX0", b"ietf!"),
            ("", b""),
        ] {
            assert_eq!((encode(bytes).as_str(), decode(text).as_deref()), (text, Ok(bytes)));
        }
    }

    #[test]
    fn no_other_text_is_read() {
        for (text, expected) in [
            ("GGX", PassError::Group { position: 0 }),
            (":::", PassError::Group { position: 0 }),
            ("BB8::", PassError::Group { position: 3 }),
            ("BB8V5", PassError::Group { position: 3 }),
            ("BB8A", PassError::Group { position: 3 }),
            ("BBb", PassError::Character { position: 2 }),
            ("BB8\n", PassError::Character { position: 3 }),
            ("BÄ8", PassError::Character { position: 2 }),
        ] {
            assert_eq!(decode(text), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn bytes_have_one_text(bytes in prop::collection::vec(any::<u8>(), 0..120), text in "[0-9A-Z $%*+./:-]{0,30}") {
            prop_assert_eq!(decode(&encode(&bytes)), Ok(bytes));
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
