//! Signs an order, and verifies one.

use super::text::{Format, SCHEMA};
use super::{MAX_ORDER_BYTES, Order, OrderError};
use crate::hex;
use crate::seal::{SIGNATURE_BYTES, Signer, SigningKey};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

/// What a signature of an order is about: no signature for another purpose is one of an order.
const LABEL: &[u8] = b"edge-agent order 1\n";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedText {
    schema: u32,
    order: String,
    signature: String,
}

impl Order {
    /// The text, signed with this key.
    pub fn sign(&self, key: &SigningKey) -> String {
        let order = self.to_json();
        let signature = HEXLOWER.encode(&key.sign(&labelled(&order)));
        // Texts can always be written.
        serde_json::to_string(&SignedText { schema: SCHEMA, order, signature }).unwrap_or_default()
    }

    /// Reads an order that one of these has signed, and says which.
    ///
    /// # Errors
    /// [`OrderError`]
    pub fn verify(text: &str, signers: &[Signer]) -> Result<(Self, Signer), OrderError> {
        if text.len() > MAX_ORDER_BYTES {
            return Err(OrderError::TooLong(text.len()));
        }
        let unreadable = |error: serde_json::Error| OrderError::Unreadable(error.to_string());
        let Format { schema } = serde_json::from_str(text).map_err(unreadable)?;
        if schema != SCHEMA {
            return Err(OrderError::Schema(schema));
        }
        let SignedText { order, signature, .. } = serde_json::from_str(text).map_err(unreadable)?;
        let signature: [u8; SIGNATURE_BYTES] = hex::parse(&signature).map_err(|_| OrderError::NotSigned)?;
        // Signed contents are not interpreted before the signature has been verified.
        let signed = labelled(&order);
        let signer = signers.iter().find(|signer| signer.has_signed(&signed, &signature));
        let signer = *signer.ok_or(OrderError::NotSigned)?;
        Ok((Self::from_json(&order)?, signer))
    }
}

fn labelled(order: &str) -> Vec<u8> {
    [LABEL, order.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{EXPIRES_UTC_MS, NUMBER, audiences, commands};
    use super::*;
    use crate::order::Command;
    use crate::seal::PassKey;
    use alloc::borrow::ToOwned;
    use proptest::prelude::*;
    use std::format;

    fn key(number: u8) -> SigningKey {
        SigningKey::from_random(&[number; 32])
    }

    fn order() -> Order {
        Order::new(NUMBER, audiences()[0].clone(), EXPIRES_UTC_MS, Command::LockdownOff).unwrap()
    }

    #[test]
    fn an_order_is_read_with_the_key_of_its_signer() {
        for doors in audiences() {
            for command in commands() {
                let order = Order::new(NUMBER, doors.clone(), EXPIRES_UTC_MS, command).unwrap();
                let text = order.sign(&key(1));
                assert!(text.len() <= MAX_ORDER_BYTES && !text.contains('\n'), "{}", text.len());
                let (one, other) = (key(1).signer(), key(2).signer());
                assert_eq!(Order::verify(&text, &[other, one]), Ok((order, one)));
                assert_eq!(Order::verify(&text, &[other]), Err(OrderError::NotSigned));
                assert_eq!(Order::verify(&text, &[]), Err(OrderError::NotSigned));
            }
        }
    }

    /// The signature was computed with Python's `cryptography` 48.0: Ed25519PrivateKey.sign.
    #[test]
    fn the_text_is_that_of_the_format() {
        let text = r#"{\"schema\":1,\"number\":1800000000000,\"expires_utc_ms\":1800003600000,\"doors\":{\"all\":{}},\"command\":{\"lockdown_off\":{}}}"#;
        let signature = "03702785191a9c0048700745df80de16199d85ddbd5c2c66d5326be8f58e05c6\
                         9438de803c00fca894c90d7a96ecbb8239d7d5d936deeb067eea72469807000c";
        let expected = format!(r#"{{"schema":1,"order":"{text}","signature":"{signature}"}}"#);
        assert_eq!(order().sign(&SigningKey::from_random(&[0x33; 32])), expected);
    }

    #[test]
    fn what_is_not_an_order_is_refused_with_its_fault() {
        let good = order().sign(&key(1));
        let signed = |order: &str, signature: &[u8; SIGNATURE_BYTES]| {
            let (order, signature) = (order.to_owned(), HEXLOWER.encode(signature));
            serde_json::to_string(&SignedText { schema: 1, order, signature }).unwrap()
        };
        let json = order().to_json();
        let unlabelled = signed(&json, &key(1).sign(json.as_bytes()));
        let by_a_pass_key = signed(&json, &PassKey::from_random(&[2; 32]).sign(&labelled(&json)));
        let of_another_kind = signed("{}", &key(1).sign(&labelled("{}")));
        for (text, expected) in [
            (String::new(), "not a signed order"),
            ("{}".to_owned(), "schema"),
            (good.replace(r#"{"schema":1"#, r#"{"schema":2"#), "schema 2"),
            (good.replace(r#"{"schema":1"#, r#"{"schema":1,"x":1"#), "x"),
            (good.clone() + "{}", "trailing"),
            (good.replace("lockdown_off", "face_recognition_on"), "no known key"),
            (good.replace(r#""signature":""#, r#""signature":"00"#), "no known key"),
            (good.clone() + &" ".repeat(MAX_ORDER_BYTES), "at most 4096"),
            (unlabelled, "no known key"),
            (by_a_pass_key, "no known key"),
            (of_another_kind, "signed, but not an order"),
        ] {
            let refused = Order::verify(&text, &[key(1).signer()]).unwrap_err().to_string();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn any_changed_character_of_the_order_or_its_signature_is_refused(at in 0_usize..1000, character in "[ -~]") {
            let text = order().sign(&key(1));
            let at = at % text.len();
            let mut changed = text.clone();
            changed.replace_range(at..at + 1, &character);
            // Other spellings of the same JSON and of the same digits are the same order.
            let read = Order::verify(&changed, &[key(1).signer()]);
            prop_assert!(read.is_err() || read == Ok((order(), key(1).signer())));
        }

        #[test]
        fn no_text_panics(text in ".{0,300}") {
            prop_assert!(Order::verify(&text, &[key(1).signer()]).is_err());
        }

        #[test]
        fn no_signed_text_panics(contents in ".{0,300}") {
            let signature = HEXLOWER.encode(&key(1).sign(&labelled(&contents)));
            let text = serde_json::to_string(&SignedText { schema: 1, order: contents, signature }).unwrap();
            prop_assert!(Order::verify(&text, &[key(1).signer()]).is_err());
        }
    }
}
