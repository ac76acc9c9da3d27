//! Writes database files that are signed, sealed, both or neither.
//!
//! | section | contents |
//! |---|---|
//! | `seal` | the recipients of the records, and the wrapped key for each: [`Envelope`] |
//! | `body` | the records' sections, encrypted; every byte of the file before them is authenticated with them |
//! | `sign` | the last section: the signer's public key (32 bytes) and an Ed25519 signature (64) over all bytes before |

use super::codec::{encode_outside, encode_records, most_bytes, required_features};
use super::sections::{SEALED, SIGNED, SectionWriter};
use crate::gallery::Gallery;
use crate::gallery::error::require_size;
use crate::gallery::error::{GalleryError, Tag};
use crate::seal::{Envelope, Recipient, SIGNATURE_BYTES, SealRandomness, SigningKey, TAG_BYTES};
use alloc::vec::Vec;
use zeroize::Zeroizing;

pub(super) const SEAL: Tag = Tag(*b"seal");
pub(super) const BODY: Tag = Tag(*b"body");
pub(super) const SIGNATURE: Tag = Tag(*b"sign");

/// How a database file is protected.
#[derive(Default)]
pub struct Protection<'a> {
    /// The signing key; `None` for an unsigned file.
    pub sign: Option<&'a SigningKey>,
    /// Who can read it; `None` for a file that everybody can read.
    pub seal: Option<SealFor<'a>>,
}

/// The recipients of a sealed database.
pub struct SealFor<'a> {
    /// At least one.
    pub recipients: &'a [Recipient],
    /// Random bytes for this file only.
    pub randomness: SealRandomness,
}

pub(super) fn encode(gallery: &Gallery, protection: &Protection<'_>) -> Result<Vec<u8>, GalleryError> {
    let signed = if protection.sign.is_some() { SIGNED } else { 0 };
    let sealed = if protection.seal.is_some() { SEALED } else { 0 };
    let mut file = SectionWriter::file(signed | sealed | required_features(gallery));
    encode_outside(&mut file, gallery)?;
    match &protection.seal {
        None => encode_records(&mut file, gallery)?,
        Some(seal) => encode_sealed(&mut file, gallery, seal)?,
    }
    if let Some(key) = protection.sign {
        file.begin(SIGNATURE, 32 + SIGNATURE_BYTES)?;
        file.extend(key.signer().as_bytes());
        let signature = key.sign(file.bytes());
        file.extend(&signature);
    }
    let file = file.finish();
    require_size(file.len() as u64)?;
    Ok(file)
}

fn encode_sealed(file: &mut SectionWriter, gallery: &Gallery, seal: &SealFor<'_>) -> Result<(), GalleryError> {
    let mut records = SectionWriter::within(most_bytes(gallery));
    encode_records(&mut records, gallery)?;
    seal_records(file, &mut Zeroizing::new(records.into_bytes()), seal)
}

fn seal_records(file: &mut SectionWriter, records: &mut [u8], seal: &SealFor<'_>) -> Result<(), GalleryError> {
    let SealFor { recipients, randomness } = seal;
    let envelope = Envelope::new(recipients, randomness)?.to_bytes();
    file.begin(SEAL, envelope.len())?;
    file.extend(&envelope);
    file.begin(BODY, records.len() + TAG_BYTES)?;
    let tag = Envelope::seal(randomness, file.bytes(), records)?;
    file.extend(records);
    file.extend(&tag);
    Ok(())
}

/// A sealed file whose records are not those that a gallery becomes.
#[cfg(test)]
pub(super) fn seal_of_edited(gallery: &Gallery, recipients: &[Recipient], edit: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut file = SectionWriter::file(SEALED | required_features(gallery));
    encode_outside(&mut file, gallery).unwrap();
    let mut records = SectionWriter::within(0);
    encode_records(&mut records, gallery).unwrap();
    let mut records = records.into_bytes();
    edit(&mut records);
    let randomness = SealRandomness { ephemeral: [1; 32], contents_key: [2; 32] };
    seal_records(&mut file, &mut records, &SealFor { recipients, randomness }).unwrap();
    file.finish()
}
