//! Keys, and what they do: a workstation signs (Ed25519, RFC 8032), and seals for those who shall read (X25519, RFC 7748).
//!
//! `gallery` defines what is signed and sealed; the programs decide which signer to trust and where to keep keys.
//! Random numbers come in as arguments. Secrets are overwritten when they are dropped.
//!
//! An envelope is made as age makes its own for X25519 (<https://age-encryption.org/v1>), with other labels:
//!
//! - The contents are encrypted with ChaCha20-Poly1305 (RFC 8439) under a random key of 32 bytes that is used once, so that
//!   the nonce is zero. What stands before them is authenticated with them.
//! - That key is encrypted for each recipient, again with ChaCha20-Poly1305 and a zero nonce, under
//!   HKDF-SHA-256 (RFC 5869) of the Diffie-Hellman secret of an ephemeral key and the recipient's. Salt: the ephemeral
//!   public key and the recipient's; info: [`WRAP_LABEL`].

#[cfg(feature = "seal")]
mod envelope;
mod fingerprint;
#[cfg(feature = "seal")]
mod sealing;
#[cfg(feature = "seal")]
mod signing;
#[cfg(feature = "seal")]
mod text;

#[cfg(feature = "seal")]
pub use envelope::{Envelope, EnvelopeError, SealRandomness, TAG_BYTES, WRAP_LABEL, WRAPPED_BYTES};
pub use fingerprint::{Fingerprint, Fingerprints, NotAFingerprint};
#[cfg(feature = "seal")]
pub use sealing::{Identity, Recipient};
#[cfg(feature = "seal")]
pub(crate) use signing::SIGNATURE_BYTES;
#[cfg(feature = "seal")]
pub use signing::{Signer, SigningKey};
#[cfg(feature = "seal")]
pub use text::{Half, KeyTextError, Kind, Use};

/// The most recipients of one envelope: 64 units, and the workstation that seals.
pub const MAX_RECIPIENTS: usize = 65;
