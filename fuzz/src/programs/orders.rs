//! Signed orders of a workstation.

use crate::Answer;
use ed25519_dalek::Signer;
use serde_json::json;
use shared::order::{MAX_ORDER_BYTES, Order};
use shared::seal::SigningKey;

/// The secret of the seeds' key.
const SECRET: [u8; 32] = [7; 32];

/// The key of the seeds.
pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_random(&SECRET)
}

/// Reads a signed order; after a zero byte, an order that is signed here. An accepted one can be signed again and means the
/// same then, and it is signed by this key alone.
pub fn signed_order(bytes: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(bytes) else { return Answer::Refused };
    let text = text.strip_prefix('\0').map_or_else(|| text.to_owned(), signed);
    let (signer, other) = (signing_key().signer(), SigningKey::from_random(&[8; 32]).signer());
    let Ok((order, by)) = Order::verify(&text, &[other, signer]) else { return Answer::Refused };
    assert!(text.len() <= MAX_ORDER_BYTES && by == signer);
    assert!(i64::try_from(order.number()).is_ok_and(|number| (1..order.expires_utc_ms()).contains(&number)));
    let again = order.sign(&signing_key());
    assert!(again.len() <= MAX_ORDER_BYTES && !again.contains('\n'));
    assert_eq!(Order::verify(&again, &[signer]), Ok((order, signer)));
    assert!(Order::verify(&text, &[other]).is_err());
    Answer::Accepted
}

/// A text with a valid signature over these contents, whatever they are.
fn signed(contents: &str) -> String {
    let key = ed25519_dalek::SigningKey::from_bytes(&SECRET);
    let signature = key.sign(&[b"edge-agent order 1\n", contents.as_bytes()].concat());
    let signature = data_encoding::HEXLOWER.encode(&signature.to_bytes());
    json!({"schema": 1, "order": contents, "signature": signature}).to_string()
}
