//! The outer layer of a database file: what can be read without a key, and the signature. The records are opened last.

mod audience_record;
mod codec;
mod protection;
mod sections;

pub use protection::{Protection, SealFor};
pub use sections::{BEGINNING_BYTES, FORMAT_VERSION, require_beginning};

use super::audience::Audience;
use super::digests::ModelHash;
use super::error::{GalleryError, Problem};
use super::header::{GreyThreshold, Header};
use super::{Gallery, GalleryBuilder};
use crate::seal::{Envelope, Identity, Recipient, Signer};
use alloc::vec::Vec;
use codec::{Outside, decode_outside, decode_records};
use protection::{BODY, SEAL, SIGNATURE};
use sections::{SEALED, SIGNED, Section, Sections};

impl Gallery {
    /// Reads a database file that is not sealed. To learn who signed it, use [`DatabaseFile`].
    ///
    /// # Errors
    /// If the file is truncated or damaged (the message names the byte, or the range of the checksum), has another format,
    /// is sealed, has an invalid signature, or has invalid contents.
    pub fn decode(file: &[u8]) -> Result<Self, GalleryError> {
        DatabaseFile::parse(file)?.open(&[])
    }

    /// Encodes the database as a file that is neither signed nor sealed.
    ///
    /// # Errors
    /// If it is larger than [`MAX_DATABASE_BYTES`](super::MAX_DATABASE_BYTES).
    pub fn encode(&self) -> Result<Vec<u8>, GalleryError> {
        self.encode_protected(&Protection::default())
    }

    /// Encodes the database as a file with this protection.
    ///
    /// # Errors
    /// If it is larger than [`MAX_DATABASE_BYTES`](super::MAX_DATABASE_BYTES), or has no recipients or too many.
    pub fn encode_protected(&self, protection: &Protection<'_>) -> Result<Vec<u8>, GalleryError> {
        protection::encode(self, protection)
    }
}

impl GalleryBuilder {
    /// Encodes the database as a file.
    ///
    /// # Errors
    /// If it is larger than [`MAX_DATABASE_BYTES`](super::MAX_DATABASE_BYTES).
    pub fn encode(&self) -> Result<Vec<u8>, GalleryError> {
        self.gallery().encode()
    }
}

/// A complete database file whose signature, if it has one, is valid.
#[derive(Debug)]
pub struct DatabaseFile<'a> {
    file: &'a [u8],
    sections: Sections<'a>,
    outside: Outside,
    signer: Option<Signer>,
    sealed: Option<(Envelope, Section<'a>)>,
}

impl<'a> DatabaseFile<'a> {
    /// Checks a file without opening its records.
    ///
    /// # Errors
    /// If the file is truncated or damaged (the message names the byte, or the range of the checksum), has another format,
    /// or has an invalid signature.
    pub fn parse(file: &'a [u8]) -> Result<Self, GalleryError> {
        let sections = Sections::parse(file)?;
        // Signed contents are not interpreted before the signature has been verified.
        let signer = signer(file, &sections)?;
        let sealed = sealed(&sections)?;
        let outside = decode_outside(&sections)?;
        Ok(Self { file, sections, outside, signer, sealed })
    }

    /// The head, readable without a key.
    pub fn header(&self) -> &Header {
        &self.outside.header
    }

    /// The threshold for pictures without colour, readable without a key; `None` if there is only the header's.
    pub fn grey_threshold(&self) -> Option<GreyThreshold> {
        self.outside.grey
    }

    /// The doors that may use it, readable without a key; `None` if not specified. Only a signature makes it binding.
    pub fn audience(&self) -> Option<&Audience> {
        self.outside.audience.as_ref()
    }

    /// Refuses a database of another model.
    ///
    /// # Errors
    /// [`GalleryError::OtherModel`] with both hashes.
    pub fn require_model(&self, model: &ModelHash) -> Result<(), GalleryError> {
        self.outside.header.require_model(model)
    }

    /// Who signed the file (every byte before the signature); `None` if it is not signed. The caller decides whether to
    /// trust them.
    pub fn signer(&self) -> Option<Signer> {
        self.signer
    }

    /// The recipients that the records are sealed for; empty if they are not sealed.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.sealed.as_ref().map(|(envelope, _)| envelope.recipients()).unwrap_or_default()
    }

    /// Whether a key is needed to open it.
    pub fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// Opens the records with one of these keys, if they are sealed.
    ///
    /// # Errors
    /// If none of the keys opens them, or they are invalid.
    pub fn open(&self, identities: &[Identity]) -> Result<Gallery, GalleryError> {
        let Some((envelope, body)) = &self.sealed else {
            return decode_records(&self.outside, &self.sections);
        };
        let contents = envelope.open(identities, &self.file[..body.byte], body.contents)?;
        let sections = Sections::within(self.sections.features, &contents, body.byte)?;
        decode_records(&self.outside, &sections)
    }
}

/// The signature is the last section: public key (32 bytes), signature over everything before it (64 bytes).
fn signer(file: &[u8], sections: &Sections<'_>) -> Result<Option<Signer>, GalleryError> {
    let found = sections.optional(SIGNATURE)?;
    let section = match (found, sections.features & SIGNED != 0) {
        (None, false) => return Ok(None),
        (Some(section), false) => return Err(Problem::Unannounced(SIGNATURE).at(section.byte)),
        (None, true) => return Err(Problem::NoSignature.at(file.len())),
        (Some(section), true) => section,
    };
    let no_signature = || Problem::NoSignature.at(section.byte);
    if sections.iter().last().is_none_or(|last| last.byte != section.byte) {
        return Err(no_signature());
    }
    let (public, signature) = section.contents.split_first_chunk::<32>().ok_or_else(no_signature)?;
    let signature = signature.try_into().map_err(|_| no_signature())?;
    let signer = Signer::from_bytes(public).ok_or_else(no_signature)?;
    if !signer.has_signed(&file[..section.byte + public.len()], signature) {
        return Err(GalleryError::Signature { signer: signer.fingerprint() });
    }
    Ok(Some(signer))
}

fn sealed<'a>(sections: &Sections<'a>) -> Result<Option<(Envelope, Section<'a>)>, GalleryError> {
    if sections.features & SEALED != 0 {
        let envelope = Envelope::parse(sections.required(SEAL)?.contents)?;
        let body = sections.required(BODY)?;
        // The seal covers the body and all before it; a signature covers everything.
        let mut behind = sections.iter().filter(|section| section.byte > body.byte && section.tag != SIGNATURE);
        if let Some(section) = behind.next() {
            return Err(Problem::BehindTheBody(section.tag).at(section.byte));
        }
        return Ok(Some((envelope, body)));
    }
    for tag in [SEAL, BODY] {
        if let Some(section) = sections.optional(tag)? {
            return Err(Problem::Unannounced(tag).at(section.byte));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod hours_tests;
#[cfg(test)]
mod people_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod protected_tests;
#[cfg(test)]
mod tests;
