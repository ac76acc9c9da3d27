//! How a database is written: signed and sealed as asked, and never less than the one that it replaces.

use crate::database_files::Opened;
use crate::workstation_keys::{self, KeyChoice};
use anyhow::anyhow;
use shared::gallery::{Gallery, GalleryError, Protection, SealFor};
use shared::seal::{Fingerprint, Recipient, SealRandomness, Signer, SigningKey};
use std::path::{Path, PathBuf};
use terminal::Help;

/// Who answers for a database, and who can read it.
pub(crate) struct Protect {
    sign: Option<SigningKey>,
    recipients: Vec<Recipient>,
}

impl Protect {
    /// As asked: signed with the key of this file, sealed for these and for this workstation. Where nobody is named, it is
    /// sealed for those that the replaced database was sealed for.
    ///
    /// # Errors
    /// If a key cannot be used, the database that is replaced is signed and no key was given, or this workstation could not
    /// open it any more.
    pub(crate) fn new(
        sign: Option<&Path>,
        encrypt_to: &[PathBuf],
        keys: &KeyChoice,
        replaced: Option<&Opened>,
    ) -> anyhow::Result<Self> {
        let signer_before = replaced.and_then(|replaced| replaced.signer);
        if let (None, Some(before)) = (sign, signer_before) {
            return Err(anyhow!("the database that is there is signed by {}, so what replaces it must be too", before.fingerprint()))
                .help("give the key with --sign KEY; it is ~/.config/encoder-tool/signing.key if `keygen` was not told otherwise");
        }
        let mut recipients: Vec<Recipient> =
            encrypt_to.iter().map(|path| workstation_keys::recipient(path)).collect::<anyhow::Result<_>>()?;
        if recipients.is_empty() {
            recipients = replaced.map(|replaced| replaced.recipients.clone()).unwrap_or_default();
        } else {
            let own = keys
                .identity()?
                .ok_or_else(|| anyhow!("this workstation has no sealing key, and could not read the database"));
            let own = own.help("`encoder-tool keygen` makes one, --open-with names another")?.recipient();
            if !recipients.contains(&own) {
                recipients.push(own);
            }
        }
        Ok(Self { sign: sign.map(workstation_keys::signing_key).transpose()?, recipients })
    }

    /// The database as a file.
    ///
    /// # Errors
    /// If it is too large for the format, or the system has no random numbers.
    pub(crate) fn encode(&self, gallery: &Gallery) -> anyhow::Result<Vec<u8>> {
        let randomness = (!self.recipients.is_empty()).then(workstation_keys::seal_randomness).transpose()?;
        Ok(self.encode_with(gallery, randomness)?)
    }

    fn encode_with(&self, gallery: &Gallery, randomness: Option<SealRandomness>) -> Result<Vec<u8>, GalleryError> {
        let seal = randomness.map(|randomness| SealFor { recipients: &self.recipients, randomness });
        gallery.encode_protected(&Protection { sign: self.sign.as_ref(), seal })
    }

    /// Fingerprints of the keys that open it; none if it is not sealed.
    pub(crate) fn sealed_for(&self) -> Vec<Fingerprint> {
        self.recipients.iter().map(Recipient::fingerprint).collect()
    }

    /// One line: who it is by and for; `None` if neither.
    pub(crate) fn in_words(&self) -> Option<String> {
        in_words(self.sign.as_ref().map(SigningKey::signer), &self.recipients)
    }
}

/// Who a database is by and for; `None` if neither.
pub(crate) fn in_words(signer: Option<Signer>, recipients: &[Recipient]) -> Option<String> {
    let signed = signer.map(|signer| format!("signed by {}", signer.fingerprint()));
    let fingerprints: Vec<String> = recipients.iter().map(|recipient| recipient.fingerprint().to_string()).collect();
    let sealed = (!fingerprints.is_empty()).then(|| format!("sealed for {}", fingerprints.join(", ")));
    match (signed, sealed) {
        (Some(signed), Some(sealed)) => Some(format!("{signed}; {sealed}")),
        (one, other) => one.or(other),
    }
}
