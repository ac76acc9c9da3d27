//! X25519 keys, which decide who can read a file.

use super::fingerprint::Fingerprint;
use super::text::{self, Half, KeyTextError, Use};
use alloc::string::String;
use core::fmt;
use x25519_dalek::{PublicKey, SharedSecret, StaticSecret};
use zeroize::Zeroizing;

/// The secret half of a sealing key. It opens files that are sealed for its owner.
pub struct Identity(StaticSecret);

/// The public half of a sealing key. Only its owner can open files that are sealed for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Recipient(PublicKey);

impl Identity {
    /// Makes a key from 32 random bytes.
    pub fn from_random(bytes: &[u8; 32]) -> Self {
        Self(StaticSecret::from(*bytes))
    }

    /// Parses the text of [`Identity::to_text`].
    ///
    /// # Errors
    /// [`KeyTextError`]
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let (bytes, fingerprint) = text::parse(text, Use::Sealing, Half::Secret)?;
        let identity = Self::from_random(&bytes);
        fingerprint.check(identity.recipient().fingerprint())?;
        Ok(identity)
    }

    /// The text of the secret file.
    pub fn to_text(&self) -> Zeroizing<String> {
        text::write(Use::Sealing, Half::Secret, self.0.as_bytes(), self.recipient().fingerprint())
    }

    /// The public half.
    pub fn recipient(&self) -> Recipient {
        Recipient(PublicKey::from(&self.0))
    }

    /// `None` for a low-order public key, which gives everybody the same secret.
    pub(super) fn shared_secret(&self, with: &Recipient) -> Option<SharedSecret> {
        let secret = self.0.diffie_hellman(&with.0);
        secret.was_contributory().then_some(secret)
    }
}

impl Recipient {
    /// Parses the text of [`Recipient::to_text`].
    ///
    /// # Errors
    /// [`KeyTextError`]
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let (bytes, fingerprint) = text::parse(text, Use::Sealing, Half::Public)?;
        let recipient = Self::from_bytes(&bytes);
        fingerprint.check(recipient.fingerprint())?;
        Identity::from_random(&[1; 32]).shared_secret(&recipient).ok_or(KeyTextError::NoKey)?;
        Ok(recipient)
    }

    /// The text of the public file.
    pub fn to_text(&self) -> String {
        core::mem::take(&mut *text::write(Use::Sealing, Half::Public, self.0.as_bytes(), self.fingerprint()))
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(PublicKey::from(*bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// A short form that people can compare.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(Use::Sealing, self.0.as_bytes())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity(secret of {})", self.recipient().fingerprint())
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.fingerprint())
    }
}
