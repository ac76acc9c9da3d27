//! Keys for visitor passes: Ed25519 like those of databases, but of another kind. Somebody who issues passes cannot sign a
//! database with their key.

use super::fingerprint::Fingerprint;
#[cfg(feature = "seal")]
use super::signing::{SIGNATURE_BYTES, Signer, SigningKey};
#[cfg(feature = "seal")]
use super::text::{self, Half, KeyTextError, Use};
use crate::hex;
#[cfg(feature = "seal")]
use alloc::string::String;
use core::fmt;
#[cfg(feature = "seal")]
use zeroize::Zeroizing;

/// The secret half of a pass key. Anybody who has it can issue visitor passes.
#[cfg(feature = "seal")]
pub struct PassKey(SigningKey);

/// The public half of a pass key, which a people database names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PassIssuer {
    public: [u8; 32],
    fingerprint: Fingerprint,
}

impl PassIssuer {
    /// A short form that people can compare.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

#[cfg(feature = "seal")]
impl PassKey {
    /// Makes a key from 32 random bytes.
    pub fn from_random(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_random(bytes))
    }

    /// Parses the text of [`PassKey::to_text`].
    ///
    /// # Errors
    /// [`KeyTextError`]
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let (bytes, fingerprint) = text::parse(text, Use::Passes, Half::Secret)?;
        let key = Self::from_random(&bytes);
        fingerprint.check(key.issuer().fingerprint)?;
        Ok(key)
    }

    /// The text of the secret file.
    pub fn to_text(&self) -> Zeroizing<String> {
        text::write(Use::Passes, Half::Secret, &self.0.to_random(), self.issuer().fingerprint)
    }

    /// The public half.
    pub fn issuer(&self) -> PassIssuer {
        PassIssuer::new(self.0.signer().as_bytes())
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(bytes)
    }
}

#[cfg(feature = "seal")]
impl PassIssuer {
    fn new(public: &[u8; 32]) -> Self {
        Self { public: *public, fingerprint: Fingerprint::new(Use::Passes, public) }
    }

    /// Parses the text of [`PassIssuer::to_text`].
    ///
    /// # Errors
    /// [`KeyTextError`]
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let (bytes, fingerprint) = text::parse(text, Use::Passes, Half::Public)?;
        let issuer = Self::from_bytes(&bytes).ok_or(KeyTextError::NoKey)?;
        fingerprint.check(issuer.fingerprint)?;
        Ok(issuer)
    }

    /// The text of the public file.
    pub fn to_text(&self) -> String {
        core::mem::take(&mut *text::write(Use::Passes, Half::Public, &self.public, self.fingerprint))
    }

    /// Makes a key from its bytes; `None` if they are not a point of the curve, or one of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        Signer::from_bytes(bytes).map(|_| Self::new(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.public
    }

    pub(crate) fn has_signed(&self, bytes: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        Signer::from_bytes(&self.public).is_some_and(|signer| signer.has_signed(bytes, signature))
    }
}

#[cfg(feature = "seal")]
impl fmt::Debug for PassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassKey(secret of {})", self.issuer().fingerprint)
    }
}

/// The 32 bytes of the key as hexadecimal digits.
impl fmt::Display for PassIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.public, f)
    }
}

impl fmt::Debug for PassIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassIssuer({})", self.fingerprint)
    }
}

#[cfg(test)]
#[cfg(feature = "seal")]
mod tests {
    use super::*;

    #[test]
    fn a_pass_key_is_no_signing_key() {
        let pass = PassKey::from_random(&[4; 32]);
        let again = PassKey::from_text(&pass.to_text()).unwrap();
        assert_eq!(again.issuer(), pass.issuer());
        assert_eq!(PassIssuer::from_text(&pass.issuer().to_text()), Ok(pass.issuer()));
        let signing = SigningKey::from_random(&[4; 32]);
        assert_ne!(signing.signer().fingerprint(), pass.issuer().fingerprint());
        for (refused, expected) in [
            (SigningKey::from_text(&pass.to_text()).map(drop), "it is the secret half of a pass key"),
            (PassKey::from_text(&signing.to_text()).map(drop), "it is the secret half of a signing key"),
            (PassIssuer::from_text(&pass.to_text()).map(drop), "it is the secret half of a pass key"),
            (Signer::from_text(&pass.issuer().to_text()).map(drop), "it is the public half of a pass key"),
        ] {
            let refused = std::format!("{}", refused.unwrap_err());
            assert!(refused.contains(expected), "{refused}");
        }
        assert!(!std::format!("{pass:?}").contains("0404"));
    }
}
