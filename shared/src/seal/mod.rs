//! Keys: a workstation signs files (Ed25519, RFC 8032), and seals them for their readers (X25519, RFC 7748). Visitor passes
//! are signed with a key of their own.
//!
//! `gallery` defines what is signed and sealed; the programs decide which signer to trust and where to keep keys.
//! Random numbers are arguments. Secrets are overwritten when they are dropped.
//!
//! An envelope has the construction of age for X25519 (<https://age-encryption.org/v1>), with other labels:
//!
//! - The contents are encrypted with ChaCha20-Poly1305 (RFC 8439) under a random key of 32 bytes that is used once, so
//!   the nonce is zero. The bytes before them are authenticated with them.
//! - That key is encrypted for each recipient, again with ChaCha20-Poly1305 and a zero nonce, under
//!   HKDF-SHA-256 (RFC 5869) of the Diffie-Hellman secret of an ephemeral key and the recipient's. Salt: the ephemeral
//!   public key and the recipient's; info: [`WRAP_LABEL`].

#[cfg(feature = "seal")]
mod envelope;
mod fingerprint;
mod passes;
#[cfg(feature = "seal")]
mod sealing;
#[cfg(feature = "seal")]
mod signing;
#[cfg(feature = "seal")]
mod text;

#[cfg(feature = "seal")]
pub use envelope::{Envelope, EnvelopeError, SealRandomness, TAG_BYTES, WRAP_LABEL, WRAPPED_BYTES};
pub(crate) use fingerprint::write_first;
pub use fingerprint::{Fingerprint, Fingerprints, NotAFingerprint};
pub use passes::PassIssuer;
#[cfg(feature = "seal")]
pub use passes::PassKey;
#[cfg(feature = "seal")]
pub use sealing::{Identity, Recipient};
#[cfg(feature = "seal")]
pub(crate) use signing::SIGNATURE_BYTES;
#[cfg(feature = "seal")]
pub use signing::{Signer, SigningKey};
#[cfg(feature = "seal")]
pub use text::{Half, KeyTextError, Kind, Use};

/// Largest number of recipients of an envelope: 1024 units and the workstation that seals.
pub const MAX_RECIPIENTS: usize = 1025;
