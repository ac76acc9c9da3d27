//! A pass as signed text.

use super::error::PassError;
use super::{MAX_PASS_CHARACTERS, Pass, base45, format};
use crate::seal::{PassIssuer, PassKey, SIGNATURE_BYTES};
use alloc::string::String;
use alloc::vec::Vec;

/// What is signed begins with this, so that no signature for another purpose is one of a pass.
const LABEL: &[u8] = b"edge-agent visitor pass 1\n";

impl Pass {
    /// The text of the QR code.
    pub fn sign(&self, key: &PassKey) -> String {
        let mut bytes = self.to_bytes();
        let signature = key.sign(&labelled(&bytes));
        bytes.extend(signature);
        base45::encode(&bytes)
    }

    /// Reads a pass that one of these has issued.
    ///
    /// # Errors
    /// [`PassError`]
    pub fn verify(text: &str, issuers: &[PassIssuer]) -> Result<Self, PassError> {
        if text.len() > MAX_PASS_CHARACTERS {
            return Err(PassError::TooLong(text.len()));
        }
        let bytes = base45::decode(text)?;
        let expected = format::length(&bytes)? + SIGNATURE_BYTES;
        let cut = PassError::Length { expected, found: bytes.len() };
        let (contents, signature) = bytes.split_last_chunk::<SIGNATURE_BYTES>().ok_or(cut)?;
        if bytes.len() != expected {
            return Err(cut);
        }
        // Signed contents are not interpreted before the signature has been verified.
        let signed = labelled(contents);
        if !issuers.iter().any(|issuer| issuer.has_signed(&signed, signature)) {
            return Err(PassError::NotSigned);
        }
        Self::from_bytes(contents)
    }
}

fn labelled(contents: &[u8]) -> Vec<u8> {
    [LABEL, contents].concat()
}

#[cfg(test)]
mod tests {
    use super::super::tests::pass;
    use super::*;
    use crate::seal::SigningKey;
    use proptest::prelude::*;
    use std::string::ToString;

    fn key(number: u8) -> PassKey {
        PassKey::from_random(&[number; 32])
    }

    #[test]
    fn a_pass_is_read_with_the_key_of_its_issuer() {
        for (uses, doors, host, characters) in
            [(Some(1), 1, false, 125), (Some(1), 1, true, 132), (None, 4, false, 143), (None, 4, true, 150)]
        {
            let pass = pass(uses, doors, host);
            let text = pass.sign(&key(1));
            assert_eq!(text.len(), characters);
            assert_eq!(Pass::verify(&text, &[key(2).issuer(), key(1).issuer()]), Ok(pass));
            assert_eq!(Pass::verify(&text, &[key(2).issuer()]), Err(PassError::NotSigned));
            assert_eq!(Pass::verify(&text, &[]), Err(PassError::NotSigned));
        }
    }

    #[test]
    fn what_is_not_a_pass_is_refused_with_its_fault() {
        let text = pass(Some(1), 1, false).sign(&key(1));
        let contents = pass(Some(1), 1, false).to_bytes();
        // The same contents, signed for another purpose.
        let other_purpose = [&contents[..], &SigningKey::from_random(&[1; 32]).sign(&contents)].concat();
        let bytes = base45::decode(&text).unwrap();
        // The last character of a group is looked at first.
        let is_letter = |at: &usize| text.as_bytes()[*at].is_ascii_alphabetic();
        let first_letter = [2, 1, 0, 5, 4, 3].into_iter().find(is_letter).unwrap();
        for (text, expected) in [
            (String::new(), PassError::Length { expected: 19, found: 0 }),
            ("HTtps://".to_string(), PassError::Character { position: 2 }),
            ("HTTPS://EXAMPLE.ORG/A".to_string(), PassError::Group { position: 3 }),
            (base45::encode(&[0x29; 83]), PassError::Version(2)),
            (text.to_lowercase(), PassError::Character { position: first_letter }),
            (text.clone() + "\n", PassError::Character { position: text.len() }),
            (text[..text.len() - 2].to_string(), PassError::Length { expected: 83, found: 82 }),
            (text.clone() + "00", PassError::Group { position: text.len() + 1 }),
            ("0".repeat(151), PassError::TooLong(151)),
            (base45::encode(&[&bytes[..], &[0]].concat()), PassError::Length { expected: 83, found: 84 }),
            (base45::encode(&other_purpose), PassError::NotSigned),
        ] {
            assert_eq!(Pass::verify(&text, &[key(1).issuer()]), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        for (uses, doors, host) in [(Some(1), 1, false), (None, 4, true)] {
            let mut bytes = base45::decode(&pass(uses, doors, host).sign(&key(1))).unwrap();
            for bit in 0..8 * bytes.len() {
                bytes[bit / 8] ^= 1 << (bit % 8);
                let refused = Pass::verify(&base45::encode(&bytes), &[key(1).issuer()]).unwrap_err();
                let expected = match bit {
                    4..8 => matches!(refused, PassError::Version(_)),
                    0..4 => matches!(refused, PassError::Length { .. }),
                    _ => refused == PassError::NotSigned,
                };
                assert!(expected, "bit {bit}: {refused}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    proptest! {
        #[test]
        fn any_changed_character_is_refused(at in 0_usize..125, character in "[ -~]") {
            let text = pass(Some(1), 1, false).sign(&key(1));
            let mut changed = text.clone();
            changed.replace_range(at..at + 1, &character);
            let read = Pass::verify(&changed, &[key(1).issuer()]);
            prop_assert_eq!(read.is_ok(), changed == text);
        }

        #[test]
        fn no_text_panics(text in ".{0,160}") {
            prop_assert!(Pass::verify(&text, &[key(1).issuer()]).is_err());
        }
    }
}
