//! Signs and seals a database: as requested, and never with less protection than the database that it replaces.

use crate::database_files::Opened;
use crate::workstation_keys::{self, KeyChoice};
use anyhow::anyhow;
use shared::gallery::{Gallery, GalleryError, Protection, SealFor};
use shared::seal::{Fingerprint, Recipient, SealRandomness, Signer, SigningKey};
use std::path::PathBuf;
use terminal::Help;

/// The signing key and the recipients of a database.
pub(crate) struct Protect {
    sign: Option<SigningKey>,
    recipients: Vec<Recipient>,
}

impl Protect {
    /// Reads the keys of recipients. The database is signed with the key `sign`, and sealed for the keys in `encrypt_to` and for
    /// this workstation. If `encrypt_to` is empty, it is sealed for the recipients of the replaced database.
    ///
    /// # Errors
    /// If a key cannot be used, if the replaced database is signed and no key was given, or if this workstation has no
    /// sealing key and so could not open the database again.
    pub(crate) fn new(
        sign: Option<SigningKey>,
        encrypt_to: &[PathBuf],
        keys: &KeyChoice,
        replaced: Option<&Opened>,
    ) -> anyhow::Result<Self> {
        let signer_before = replaced.and_then(|replaced| replaced.signer);
        if let (None, Some(before)) = (&sign, signer_before) {
            return Err(anyhow!(
                "the existing database is signed by {}, so the new one must be signed too",
                before.fingerprint()
            ))
            .help("give the key with --sign KEY; `keygen` writes it to ~/.config/encoder-tool/signing.key by default");
        }
        let mut recipients: Vec<Recipient> =
            encrypt_to.iter().map(|path| workstation_keys::recipient(path)).collect::<anyhow::Result<_>>()?;
        if recipients.is_empty() {
            recipients = replaced.map(|replaced| replaced.recipients.clone()).unwrap_or_default();
        } else {
            let own = keys.identity()?.ok_or_else(|| {
                anyhow!("this workstation has no sealing key, so it could not open the sealed database again")
            });
            let own = own.help("create one with `encoder-tool keygen`, or name one with --open-with")?.recipient();
            if !recipients.contains(&own) {
                recipients.push(own);
            }
        }
        Ok(Self { sign, recipients })
    }

    /// Encodes the database as a file.
    ///
    /// # Errors
    /// If it is too large for the format, or the system provides no random numbers.
    pub(crate) fn encode(&self, gallery: &Gallery) -> anyhow::Result<Vec<u8>> {
        let randomness = (!self.recipients.is_empty()).then(workstation_keys::seal_randomness).transpose()?;
        Ok(self.encode_with(gallery, randomness)?)
    }

    fn encode_with(&self, gallery: &Gallery, randomness: Option<SealRandomness>) -> Result<Vec<u8>, GalleryError> {
        let seal = randomness.map(|randomness| SealFor { recipients: &self.recipients, randomness });
        gallery.encode_protected(&Protection { sign: self.sign.as_ref(), seal })
    }

    /// Fingerprints of the keys that open the database; empty if it is not sealed.
    pub(crate) fn sealed_for(&self) -> Vec<Fingerprint> {
        self.recipients.iter().map(Recipient::fingerprint).collect()
    }

    /// One line with the signer and the recipients; `None` if it is neither signed nor sealed.
    pub(crate) fn in_words(&self) -> Option<String> {
        in_words(self.sign.as_ref().map(SigningKey::signer), &self.recipients)
    }
}

/// One line with the signer and the recipients of a database; `None` if it is neither signed nor sealed.
pub(crate) fn in_words(signer: Option<Signer>, recipients: &[Recipient]) -> Option<String> {
    let signed = signer.map(|signer| format!("signed by {}", signer.fingerprint()));
    let fingerprints: Vec<String> = recipients.iter().map(|recipient| recipient.fingerprint().to_string()).collect();
    let sealed = (!fingerprints.is_empty()).then(|| format!("sealed for {}", fingerprints.join(", ")));
    match (signed, sealed) {
        (Some(signed), Some(sealed)) => Some(format!("{signed}; {sealed}")),
        (one, other) => one.or(other),
    }
}
