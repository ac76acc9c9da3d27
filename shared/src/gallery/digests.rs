//! SHA-256 sums that identify a model, a gate and a database file.

use crate::hex::hex_text;
use sha2::{Digest, Sha256};

/// SHA-256 over detector, alignment, encoder and normalisation. Only encodings with the same hash may be compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelHash(pub [u8; 32]);
hex_text!(ModelHash, 32);

/// SHA-256 of the recognisability gate that people were enrolled with. It is not part of the model.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GateDigest(pub [u8; 32]);
hex_text!(GateDigest, 32);

/// SHA-256 of a database file, which identifies it in the status and the log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatabaseDigest(pub [u8; 32]);
hex_text!(DatabaseDigest, 32);

impl DatabaseDigest {
    /// Digest of a whole file.
    pub fn from_file(file: &[u8]) -> Self {
        Self(Sha256::digest(file).into())
    }
}
