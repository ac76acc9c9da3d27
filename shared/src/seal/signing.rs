//! Ed25519 keys, which prove who made a file.

use super::fingerprint::Fingerprint;
use super::text::{self, Half, KeyTextError, Use};
use alloc::string::String;
use core::fmt;
use ed25519_dalek::Signer as _;
use zeroize::Zeroizing;

/// Length of a signature in bytes.
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// The secret half of a signing key. Anybody who has it decides who is let in.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// The public half of a signing key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signer(ed25519_dalek::VerifyingKey);

impl SigningKey {
    /// Makes a key from 32 random bytes.
    pub fn from_random(bytes: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// Parses the text of [`SigningKey::to_text`].
    ///
    /// # Errors
    /// [`KeyTextError`]
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let (bytes, fingerprint) = text::parse(text, Use::Signing, Half::Secret)?;
        let key = Self::from_random(&bytes);
        fingerprint.check(key.signer().fingerprint())?;
        Ok(key)
    }

    /// The text of the secret file.
    pub fn to_text(&self) -> Zeroizing<String> {
        text::write(Use::Signing, Half::Secret, self.0.as_bytes(), self.signer().fingerprint())
    }

    /// The public half.
    pub fn signer(&self) -> Signer {
        Signer(self.0.verifying_key())
    }

    /// The bytes that it was made from.
    pub(super) fn to_random(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(bytes).to_bytes()
    }
}

impl Signer {
    /// Parses the text of [`Signer::to_text`].
    ///
    /// # Errors
    /// [`KeyTextError`]
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let (bytes, fingerprint) = text::parse(text, Use::Signing, Half::Public)?;
        let signer = Self::from_bytes(&bytes).ok_or(KeyTextError::NoKey)?;
        fingerprint.check(signer.fingerprint())?;
        Ok(signer)
    }

    /// The text of the public file.
    pub fn to_text(&self) -> String {
        core::mem::take(&mut *text::write(Use::Signing, Half::Public, self.0.as_bytes(), self.fingerprint()))
    }

    /// Makes a key from its bytes; `None` if they are not a point of the curve, or one of small order.
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
        (!key.is_weak()).then_some(Self(key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// A short form that people can compare.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(Use::Signing, self.0.as_bytes())
    }

    pub(crate) fn has_signed(&self, bytes: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        self.0.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(secret of {})", self.signer().fingerprint())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's `cryptography` 48.0: Ed25519PrivateKey.sign.
    #[test]
    fn a_signature_is_that_of_another_implementation() {
        let signature = SigningKey::from_random(&[0x33; 32]).sign(b"people");
        let text: String = signature.iter().map(|byte| std::format!("{byte:02x}")).collect();
        let expected = "52401b3d59734ade9fe89fe33e955a7b6d54f2773d89261d7a898481e30f37dd\
                        549eb66526da56386308ec61e2b3d0d391e6293a08918488c834aec181097e08";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_signature_is_by_one_key_over_these_bytes() {
        let [one, other] = [[1; 32], [2; 32]].map(|bytes| SigningKey::from_random(&bytes));
        let signature = one.sign(b"people");
        assert!(one.signer().has_signed(b"people", &signature));
        assert!(!one.signer().has_signed(b"People", &signature));
        assert!(!other.signer().has_signed(b"people", &signature));
        for index in 0..SIGNATURE_BYTES {
            let mut changed = signature;
            changed[index] ^= 0x20;
            assert!(!one.signer().has_signed(b"people", &changed), "{index}");
        }
    }

    /// The neutral element and another point of small order: signatures by them can be made without a secret.
    #[test]
    fn points_of_small_order_sign_nothing() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for bytes in [neutral, [0; 32]] {
            assert_eq!(Signer::from_bytes(&bytes), None);
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        let key = SigningKey::from_random(&[0xab; 32]);
        assert!(!std::format!("{key:?}").contains("abab"));
    }
}
