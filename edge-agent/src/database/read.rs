//! Whether bytes are a people database that this unit may use: the one place that decides it.

use super::trust::Trust;
use anyhow::Context;
use models::golden::GoldenError;
use shared::gallery::{DatabaseFile, Gallery, GalleryError, ModelHash};
use shared::policy::RulesError;
use shared::seal::{EnvelopeError, Fingerprint, Fingerprints, Recipient, Signer};
use std::io;
use std::path::Path;
use terminal::{Help, read_bounded};

/// A larger database is refused before it is read: a hundred thousand people have 14 MB.
pub(super) const MAX_BYTES: u64 = 512 << 20;

/// Why a database is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Refused {
    /// Cut off, damaged, or no people database at all.
    #[error("it is no people database that can be used: {0}")]
    Damaged(GalleryError),
    /// It was changed after it was signed, or signed with another key than it says.
    #[error("{0}")]
    WronglySigned(GalleryError),
    /// Nobody signed it.
    #[error("nobody signed it, and only databases signed by {trusted} are taken")]
    Unsigned {
        /// The signers of the configuration.
        trusted: Fingerprints,
    },
    /// Somebody signed it whom the configuration does not name.
    #[error("it is signed by {signer}, and only databases signed by {trusted} are taken")]
    OtherSigner {
        /// Who signed it.
        signer: Fingerprint,
        /// The signers of the configuration.
        trusted: Fingerprints,
    },
    /// It is sealed for other units.
    #[error("{0}")]
    SealedForOthers(EnvelopeError),
    /// The unit's own key cannot be used.
    #[error("{0:#}")]
    Identity(anyhow::Error),
    /// Made with other networks.
    #[error("{0}")]
    OtherModel(GalleryError),
    /// Older than one that was used: somebody may want a person back who was taken out.
    #[error(
        "it is an older one: its sequence number is {found}, and {least} was used before; `edge-agent rollback` goes back to the previous one"
    )]
    Older {
        /// Its sequence number.
        found: u64,
        /// The lowest that is taken.
        least: u64,
    },
    /// The rules of the configuration do not go with its threshold.
    #[error("with its threshold the rules of the configuration make no sense: {0}")]
    Rules(#[from] RulesError),
    /// The networks do not give the numbers that they must.
    #[error("the networks failed their self-test: {0}")]
    SelfTest(#[from] GoldenError),
    /// It could not be read or put into its place.
    #[error("the disk: {0}")]
    Disk(#[from] io::Error),
    /// There is none.
    #[error("there is none")]
    Missing,
    /// Another one was asked for.
    #[error("another one was asked for")]
    NotAskedFor,
}

impl Refused {
    /// The stable code, for the audit log.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "damaged",
            Self::WronglySigned(_) => "wrongly_signed",
            Self::Unsigned { .. } => "unsigned",
            Self::OtherSigner { .. } => "other_signer",
            Self::SealedForOthers(_) => "sealed_for_others",
            Self::Identity(_) => "identity",
            Self::OtherModel(_) => "other_model",
            Self::Older { .. } => "older",
            Self::Rules(_) => "rules",
            Self::SelfTest(_) => "self_test_failed",
            Self::Disk(_) => "disk",
            Self::Missing => "missing",
            Self::NotAskedFor => "not_asked_for",
        }
    }
}

impl Refused {
    fn of(error: GalleryError) -> Self {
        match error {
            GalleryError::Signature { .. } => Self::WronglySigned(error),
            GalleryError::OtherModel { .. } => Self::OtherModel(error),
            GalleryError::Envelope(envelope @ EnvelopeError::ForOthers { .. }) => Self::SealedForOthers(envelope),
            other => Self::Damaged(other),
        }
    }
}

/// The people of a database file, if it is whole, trusted, made with this model, not too old, and for this unit. What it
/// says is looked at in that order: nothing but its outside before it is known who signed it.
///
/// # Errors
/// [`Refused`]
pub(crate) fn read_bytes(bytes: &[u8], model: &ModelHash, trust: &Trust) -> Result<Gallery, Refused> {
    let file = DatabaseFile::of(bytes).map_err(Refused::of)?;
    require_signer(&file, &trust.signers)?;
    file.require_model(model).map_err(Refused::of)?;
    let found = file.header().sequence;
    if found < trust.least_sequence {
        return Err(Refused::Older { found, least: trust.least_sequence });
    }
    open(&file, trust)
}

fn require_signer(file: &DatabaseFile<'_>, signers: &[Signer]) -> Result<(), Refused> {
    let trusted = || Fingerprints(signers.iter().map(Signer::fingerprint).collect());
    match file.signer() {
        _ if signers.is_empty() => Ok(()),
        Some(signer) if signers.contains(&signer) => Ok(()),
        Some(signer) => Err(Refused::OtherSigner { signer: signer.fingerprint(), trusted: trusted() }),
        None => Err(Refused::Unsigned { trusted: trusted() }),
    }
}

fn open(file: &DatabaseFile<'_>, trust: &Trust) -> Result<Gallery, Refused> {
    let identities = match file.is_sealed() {
        true => trust.identities().map_err(Refused::Identity)?,
        false => Vec::new(),
    };
    file.open(&identities).map_err(Refused::of)
}

/// A database, who signed it, and who can read it.
pub(crate) struct Read {
    pub(crate) gallery: Gallery,
    pub(crate) signer: Option<Fingerprint>,
    /// Nobody if it is not sealed.
    pub(crate) recipients: Vec<Fingerprint>,
}

/// Reads a database for whoever looks at it once and keeps no books: `check` and `simulate`.
///
/// # Errors
/// If it cannot be read, is not whole, not trusted, or was made with another model: then both hashes are named.
pub(crate) fn read(path: &Path, model: &ModelHash, trust: &Trust) -> anyhow::Result<Read> {
    let bytes = read_bounded(path, MAX_BYTES).help("`encoder-tool build-db PHOTOS -o FILE` makes a people database")?;
    let opened = read_bytes(&bytes, model, trust).and_then(|gallery| {
        let file = DatabaseFile::of(&bytes).map_err(Refused::of)?;
        let signer = file.signer().map(|signer| signer.fingerprint());
        let recipients = file.recipients().iter().map(Recipient::fingerprint).collect();
        Ok(Read { gallery, signer, recipients })
    });
    opened.map_err(|refused| in_file(path, refused))
}

/// Reads a database for the names in it, whatever model it was made with and whoever signed it.
///
/// # Errors
/// If it cannot be read, is not whole, or sealed for others.
pub(crate) fn read_names(path: &Path, identity: &Path) -> anyhow::Result<Gallery> {
    let bytes = read_bounded(path, MAX_BYTES)?;
    let trust = Trust::opened_with(identity);
    let opened = DatabaseFile::of(&bytes).map_err(Refused::of).and_then(|file| open(&file, &trust));
    opened.map_err(|refused| in_file(path, refused))
}

/// The refusal with the file and what to do about it.
pub(crate) fn in_file(path: &Path, refused: Refused) -> anyhow::Error {
    let shown = path.display();
    let (error, help) = match refused {
        Refused::Damaged(error) => (
            Err::<(), _>(error).with_context(|| format!("{shown} is no people database that can be used")),
            "take a whole copy, or build it again with `encoder-tool build-db`",
        ),
        Refused::OtherModel(error) => (
            Err(error).with_context(|| shown.to_string()),
            "build the database with the model of this unit, or configure the model that it was made with",
        ),
        Refused::WronglySigned(error) => (
            Err(error).with_context(|| shown.to_string()),
            "take the file from the workstation again; if that does not help, somebody has changed it",
        ),
        Refused::Unsigned { .. } | Refused::OtherSigner { .. } => (
            Err(refused).with_context(|| shown.to_string()),
            "build it with `encoder-tool build-db --sign KEY`, KEY being one whose public half [database] signers names",
        ),
        Refused::SealedForOthers(error) => (
            Err(error).with_context(|| shown.to_string()),
            "`edge-agent keygen` makes a key for this unit, or shows it; build the database for it with \
             `encoder-tool build-db --encrypt-to`",
        ),
        Refused::Identity(error) => return error.context(shown.to_string()),
        Refused::Missing => (
            Err(anyhow::anyhow!("{shown} is not there")),
            "`encoder-tool build-db PHOTOS -o FILE` makes a people database, `encoder-tool ship` brings it here",
        ),
        other => (Err(other).with_context(|| shown.to_string()), "`encoder-tool ship` brings another one"),
    };
    match error.help(help) {
        Err(error) => error,
        Ok(()) => anyhow::anyhow!("{shown} cannot be used"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::encoding::Encoding;
    use shared::gallery::{
        Details, GalleryBuilder, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest, Protection, SealFor,
    };
    use shared::seal::{Identity, SealRandomness, SigningKey};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const MODEL: ModelHash = ModelHash([1; 32]);

    fn gallery() -> Gallery {
        let mut builder = GalleryBuilder::new(7, MODEL, 2).unwrap();
        let encoding = Encoding::from_network(&[1.0, 0.0]).unwrap();
        let person = NewPerson {
            id: PersonId([7; 16]),
            name: PersonName::parse("Ada").unwrap(),
            details: Details::default(),
            encodings: vec![NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0 }],
        };
        builder.add_person(person).unwrap();
        builder.build()
    }

    fn key(number: u8) -> SigningKey {
        SigningKey::from_random(&[number; 32])
    }

    fn identity(number: u8) -> Identity {
        Identity::from_random(&[number; 32])
    }

    fn file(signed: Option<u8>, sealed: Option<u8>) -> Vec<u8> {
        let (sign, recipients) = (signed.map(key), [identity(sealed.unwrap_or(0)).recipient()]);
        let randomness = SealRandomness { ephemeral: [3; 32], contents_key: [4; 32] };
        let seal = sealed.map(|_| SealFor { recipients: &recipients, randomness });
        gallery().encode_protected(&Protection { sign: sign.as_ref(), seal }).unwrap()
    }

    /// The file with the last byte before the checksum changed, or else Ada's name, under a right checksum.
    fn forged(mut file: Vec<u8>, is_last: bool) -> Vec<u8> {
        let body = file.len() - 4;
        let at = if is_last { body - 1 } else { file.windows(3).position(|bytes| bytes == b"Ada").unwrap() };
        file[at] ^= 1;
        let checksum = crc32(&file[..body]);
        file[body..].copy_from_slice(&checksum.to_le_bytes());
        file
    }

    /// CRC-32 (ISO-HDLC), bit by bit.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }

    #[test]
    fn only_what_a_trusted_signer_signed_for_this_unit_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("device.key");
        fs::write(&own, identity(5).to_text().as_bytes()).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).unwrap();
        let nowhere = folder.path().join("nowhere");
        let signers = |numbers: &[u8]| numbers.iter().map(|number| key(*number).signer()).collect::<Vec<_>>();
        let cases = [
            (file(None, None), &[][..], &own, None),
            (file(Some(1), None), &[], &own, None),
            (file(Some(1), None), &[1], &own, None),
            (file(Some(2), None), &[1, 2], &own, None),
            (file(None, None), &[1], &own, Some("unsigned")),
            (file(Some(2), None), &[1], &own, Some("other_signer")),
            (forged(file(Some(1), None), true), &[1], &own, Some("wrongly_signed")),
            (forged(file(Some(1), None), false), &[1], &own, Some("wrongly_signed")),
            (forged(file(Some(1), None), false), &[], &own, Some("wrongly_signed")),
            (file(Some(1), Some(5)), &[1], &own, None),
            (file(None, Some(5)), &[], &own, None),
            (file(Some(1), Some(6)), &[1], &own, Some("sealed_for_others")),
            (file(Some(1), Some(5)), &[1], &nowhere, Some("sealed_for_others")),
            (forged(file(None, Some(5)), true), &[], &own, Some("damaged")),
        ];
        for (index, (file, trusted, identity, expected)) in cases.into_iter().enumerate() {
            let trust = Trust::by(signers(trusted), Some(identity.clone()));
            let read = read_bytes(&file, &MODEL, &trust);
            assert_eq!(read.as_ref().err().map(Refused::code), expected, "case {index}");
            assert!(expected.is_some() || read.is_ok_and(|read| read == gallery()));
        }
    }

    #[test]
    fn a_key_that_others_may_read_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("device.key");
        fs::write(&own, identity(5).to_text().as_bytes()).unwrap();
        fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
        let trust = Trust::by(Vec::new(), Some(own));
        let refused = read_bytes(&file(None, Some(5)), &MODEL, &trust).unwrap_err();
        assert_eq!(refused.code(), "identity");
        assert!(refused.to_string().contains("0644"), "{refused}");
    }

    #[test]
    fn cut_anywhere_it_is_refused() {
        let file = file(Some(1), Some(5));
        let trust = Trust::by(vec![key(1).signer()], None);
        for length in 0..file.len() {
            let refused = read_bytes(&file[..length], &MODEL, &trust).unwrap_err();
            assert_eq!(refused.code(), "damaged", "{length}");
        }
    }
}
