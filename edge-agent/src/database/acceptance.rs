//! Decides whether bytes are a people database that this unit may use. No other module makes this decision.

use super::ledger::{Ledger, Past};
use super::refused::Refused;
use super::trust::Trust;
use anyhow::Context;
use files::Folder;
use files::{ReadError, read_bounded};
use shared::gallery::{Audience, DatabaseDigest, DatabaseFile, Gallery, MAX_DATABASE_BYTES, ModelHash};
use shared::seal::{Fingerprint, Fingerprints, Recipient, Signer};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use terminal::{Help, ShowPath};

/// Reads the people of a database file if it is whole, signed by a trusted key, for this unit, made with this model,
/// and not too old. The checks run in that order: only the envelope is parsed before the signer is known. The hours of
/// other doors are left out.
///
/// # Errors
/// [`Refused`]
pub(crate) fn read_bytes(bytes: &[u8], model: &ModelHash, trust: &Trust) -> Result<Gallery, Refused> {
    let file = DatabaseFile::parse(bytes).map_err(Refused::from_gallery_error)?;
    require_signer(&file, &trust.signers)?;
    require_audience(&file, trust)?;
    file.require_model(model).map_err(Refused::from_gallery_error)?;
    let (found, least) = (file.header().sequence, trust.past.least_sequence);
    if found < least {
        return Err(Refused::Older { found, least });
    }
    let gallery = open(&file, trust)?;
    match &trust.door {
        Some(door) if !gallery.schedules().doors().is_empty() => {
            Ok(gallery.at_door(trust.unit().map_err(Refused::Identity)?, &door.groups))
        }
        _ => Ok(gallery),
    }
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

/// Checks the audience: a database signed for one door opens no other door.
fn require_audience(file: &DatabaseFile<'_>, trust: &Trust) -> Result<(), Refused> {
    let Some(door) = &trust.door else { return Ok(()) };
    let unit = || trust.unit().map_err(Refused::Identity);
    let audience = match file.audience() {
        Some(Audience::AllDoors) => return Ok(()),
        None if door.must_be_named && !trust.past.before_audiences => {
            return Err(Refused::NoAudience { unit: unit()? });
        }
        None => return Ok(()),
        Some(audience) => audience,
    };
    if audience.includes(None, &door.groups) {
        return Ok(());
    }
    let unit = unit()?;
    if audience.includes(unit, &door.groups) {
        return Ok(());
    }
    Err(Refused::ForOtherDoors { audience: audience.clone(), unit, groups: door.groups.clone() })
}

fn open(file: &DatabaseFile<'_>, trust: &Trust) -> Result<Gallery, Refused> {
    let identities = match file.is_sealed() {
        true => trust.identities().map_err(Refused::Identity)?,
        false => Vec::new(),
    };
    file.open(&identities).map_err(Refused::from_gallery_error)
}

/// A database with its signer and its recipients.
pub(crate) struct Read {
    pub(crate) gallery: Gallery,
    pub(crate) signer: Option<Fingerprint>,
    /// The keys that can open it; empty if it is not sealed.
    pub(crate) recipients: Vec<Fingerprint>,
}

/// Reads a database for a command that uses it once and does not update the ledger: `check` and `simulate`.
///
/// # Errors
/// If it cannot be read, is not whole, is not trusted, or was made with another model; then the error has both hashes.
pub(crate) fn read(path: &Path, model: &ModelHash, trust: &Trust) -> anyhow::Result<Read> {
    let bytes = match read_bounded(path, MAX_DATABASE_BYTES) {
        Err(ReadError::Refused { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Err(in_file(path, Refused::Missing));
        }
        bytes => bytes.help("`encoder-tool build-db PHOTOS -o FILE` makes a people database")?,
    };
    let opened = read_bytes(&bytes, model, &trust.given(past_of(path, &bytes))).and_then(|gallery| {
        let file = DatabaseFile::parse(&bytes).map_err(Refused::from_gallery_error)?;
        let signer = file.signer().map(|signer| signer.fingerprint());
        let recipients = file.recipients().iter().map(Recipient::fingerprint).collect();
        Ok(Read { gallery, signer, recipients })
    });
    opened.map_err(|refused| in_file(path, refused))
}

/// What the unit's ledger next to the file says about it.
fn past_of(path: &Path, bytes: &[u8]) -> Past {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(OsStr::to_str)) else {
        return Past::default();
    };
    let ledger = Ledger::read(&mut Folder::at(folder), &format!("{name}.accepted"));
    ledger.map(|ledger| ledger.past_of(DatabaseDigest::from_file(bytes))).unwrap_or_default()
}

/// Reads the names in a database, whatever its model and its signer.
///
/// # Errors
/// If it cannot be read, is not whole, or is sealed for others.
pub(crate) fn read_names(path: &Path, identity: &Path) -> anyhow::Result<Gallery> {
    let bytes = read_bounded(path, MAX_DATABASE_BYTES)?;
    let trust = Trust::opened_with(identity);
    let opened = DatabaseFile::parse(&bytes).map_err(Refused::from_gallery_error).and_then(|file| open(&file, &trust));
    opened.map_err(|refused| in_file(path, refused))
}

/// An error with the path and a hint for the user.
pub(crate) fn in_file(path: &Path, refused: Refused) -> anyhow::Error {
    let shown = path.shown();
    let (error, help) = match refused {
        Refused::Damaged(error) => (
            Err::<(), _>(error).with_context(|| format!("{shown} cannot be used as a people database")),
            "take a whole copy, or build it again with `encoder-tool build-db`",
        ),
        Refused::OtherModel(error) => (
            Err(error).with_context(|| shown.to_string()),
            "build the database with the model of this unit, or configure the model that it was made with",
        ),
        Refused::WronglySigned(error) => (
            Err(error).with_context(|| shown.to_string()),
            "copy the file from the workstation again; if that does not help, somebody has changed it",
        ),
        Refused::Unsigned { .. } | Refused::OtherSigner { .. } => (
            Err(refused).with_context(|| shown.to_string()),
            "build it with `encoder-tool build-db --sign KEY`, with a KEY whose public half is in [database] signers",
        ),
        Refused::SealedForOthers(error) => (
            Err(error).with_context(|| shown.to_string()),
            "`edge-agent keygen` creates or shows this unit's key; build the database for it with \
             `encoder-tool build-db --encrypt-to`",
        ),
        Refused::NoAudience { .. } | Refused::ForOtherDoors { .. } => (
            Err(refused).with_context(|| shown.to_string()),
            "`edge-agent keygen` prints the id of this unit, [unit] groups has its groups of doors; build the database with \
             `encoder-tool build-db --for`",
        ),
        Refused::Identity(error) => return error.context(shown.to_string()),
        Refused::Missing => (
            Err(anyhow::anyhow!("{shown} does not exist")),
            "`encoder-tool build-db PHOTOS -o FILE` builds a people database, `encoder-tool ship` sends it to this unit",
        ),
        other => (Err(other).with_context(|| shown.to_string()), "send another database with `encoder-tool ship`"),
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
            encodings: vec![NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true }],
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

    fn for_doors(audience: Option<Audience>) -> Gallery {
        let mut builder = GalleryBuilder::from_gallery(gallery(), 7);
        audience.into_iter().for_each(|audience| builder.set_audience(audience));
        builder.build()
    }

    fn file(signed: Option<u8>, sealed: Option<u8>) -> Vec<u8> {
        file_of(&gallery(), signed, sealed)
    }

    fn file_of(gallery: &Gallery, signed: Option<u8>, sealed: Option<u8>) -> Vec<u8> {
        let (sign, recipients) = (signed.map(key), [identity(sealed.unwrap_or(0)).recipient()]);
        let randomness = SealRandomness { ephemeral: [3; 32], contents_key: [4; 32] };
        let seal = sealed.map(|_| SealFor { recipients: &recipients, randomness });
        gallery.encode_protected(&Protection { sign: sign.as_ref(), seal }).unwrap()
    }

    /// The file with its last byte before the checksum changed, or else Ada's name changed, and a correct checksum.
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
    fn only_databases_from_a_trusted_signer_for_this_unit_are_accepted() {
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

    /// A database of one door is copied to another door.
    #[test]
    fn a_database_signed_for_one_door_opens_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let key_of = |number: u8| {
            let path = folder.path().join(format!("{number}.key"));
            fs::write(&path, identity(number).to_text().as_bytes()).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            path
        };
        let (one, another, nowhere) = (key_of(5), key_of(6), folder.path().join("nowhere"));
        let id = |number| identity(number).recipient().fingerprint();
        let for_one = || Some(Audience::units([id(5), id(7)]).unwrap());
        let for_office = || Some(Audience::Group("office".parse().unwrap()));
        let (moves, is_tried) = (true, false);
        let cases = [
            (for_one(), &one, &[][..], moves, None),
            (for_one(), &another, &[], moves, Some("for_other_doors")),
            (for_one(), &another, &["office"], moves, Some("for_other_doors")),
            (for_one(), &another, &[], is_tried, Some("for_other_doors")),
            (for_one(), &nowhere, &[], moves, Some("for_other_doors")),
            (for_office(), &another, &["lab", "office"], moves, None),
            (for_office(), &nowhere, &["office"], moves, None),
            (for_office(), &one, &["lab"], moves, Some("for_other_doors")),
            (for_office(), &one, &[], moves, Some("for_other_doors")),
            (Some(Audience::AllDoors), &another, &[], moves, None),
            (Some(Audience::AllDoors), &nowhere, &[], moves, None),
            (None, &one, &["office"], moves, Some("no_audience")),
            (None, &one, &[], is_tried, None),
        ];
        for (index, (audience, own, groups, must_be_named, expected)) in cases.into_iter().enumerate() {
            let trust = Trust::by(vec![key(1).signer()], Some(own.clone())).at(groups, must_be_named);
            for (signed, sealed) in [(Some(1), None), (Some(1), Some(5)), (None, None)] {
                let file = file_of(&for_doors(audience.clone()), signed, sealed);
                let refused = read_bytes(&file, &MODEL, &trust).err();
                let found = refused.as_ref().map(Refused::code);
                match (signed, expected, sealed) {
                    (None, ..) => assert_eq!(found, Some("unsigned"), "case {index}"),
                    (_, None, Some(5)) if *own != one => assert_eq!(found, Some("sealed_for_others"), "case {index}"),
                    _ => assert_eq!(found, expected, "case {index}, sealed for {sealed:?}"),
                }
                let message = refused.map(|refused| in_file(Path::new("people.db"), refused).to_string());
                if let (Some(message), Some("no_audience")) = (message, expected.filter(|_| signed.is_some())) {
                    assert!(message.contains("build-db --for") && message.contains(&id(5).to_string()), "{message}");
                }
            }
        }
    }

    /// After an upgrade, the database in use has no audience.
    #[test]
    fn an_upgraded_unit_keeps_its_database_and_accepts_no_other_without_audience() {
        let trust = Trust::by(vec![key(1).signer()], None).at(&[], true);
        let file = file(Some(1), None);
        let used = Past { least_sequence: 0, before_audiences: true };
        assert!(read_bytes(&file, &MODEL, &trust.given(used)).is_ok());
        let refused = read_bytes(&file, &MODEL, &trust).unwrap_err();
        assert_eq!(refused.code(), "no_audience");
        let of_another_door =
            file_of(&for_doors(Audience::units([identity(6).recipient().fingerprint()]).ok()), Some(1), None);
        let refused = read_bytes(&of_another_door, &MODEL, &trust.given(used)).unwrap_err();
        assert_eq!(refused.code(), "for_other_doors", "whatever was used before");
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
    fn a_truncated_database_is_refused() {
        let file = file(Some(1), Some(5));
        let trust = Trust::by(vec![key(1).signer()], None);
        for length in 0..file.len() {
            let refused = read_bytes(&file[..length], &MODEL, &trust).unwrap_err();
            assert_eq!(refused.code(), "damaged", "{length}");
        }
    }
}
