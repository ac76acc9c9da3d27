//! Visitor passes: the text of a code, and `passes.toml`.

use crate::Answer;
use encoder_tool::fuzz_entry_points::passes_toml;
use shared::pass::{MAX_PASS_CHARACTERS, MAX_PASS_ISSUERS, MAX_PASS_MINUTES, MAX_REVOKED_PASSES, Pass};
use shared::seal::PassKey;

/// The key of the seeds.
pub(crate) fn pass_key() -> PassKey {
    PassKey::from_random(&[7; 32])
}

/// Reads the text of a QR code. An accepted pass has exactly this text, is within its limits, and is signed by this key
/// alone.
pub fn pass_text(bytes: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(bytes) else { return Answer::Refused };
    let Ok(pass) = Pass::verify(text, &[pass_key().issuer()]) else { return Answer::Refused };
    assert!(text.len() <= MAX_PASS_CHARACTERS && pass.hours().minutes <= MAX_PASS_MINUTES);
    assert_eq!(pass.sign(&pass_key()), text, "a signature is deterministic, and a pass has one text");
    assert!(Pass::verify(text, &[PassKey::from_random(&[8; 32]).issuer()]).is_err());
    Answer::Accepted
}

/// Parses a `passes.toml`. What a database says about it is within its limits.
pub fn passes(bytes: &[u8]) -> Answer {
    for now in [0, 1_800_000_000, i64::MAX] {
        match passes_toml(bytes, now) {
            Ok(accepted) => {
                assert!(accepted.issuers().len() <= MAX_PASS_ISSUERS);
                assert!(accepted.revoked().len() <= MAX_REVOKED_PASSES);
                assert!(accepted.revoked().iter().all(|revoked| accepted.is_revoked(revoked.id)));
            }
            Err(error) => {
                assert!(error.starts_with("passes.toml") || error.contains("revoked"), "{error}");
                return Answer::Refused;
            }
        }
    }
    Answer::Accepted
}
