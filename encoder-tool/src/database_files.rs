//! Reads people databases from files.

use crate::workstation_keys::KeyChoice;
use anyhow::Context;
use files::read_bounded;
use shared::gallery::{
    Audience, DatabaseFile, Gallery, GalleryError, GreyThreshold, Header, MAX_DATABASE_BYTES, ModelHash, PersonId,
    PersonName,
};
use shared::seal::{EnvelopeError, Identity, Recipient, Signer};
use std::fs;
use std::io;
use std::path::Path;
use terminal::{Help, ShowPath};

const MAKE_ONE: &str = "build a people database with `encoder-tool build-db PHOTOS -o FILE`";

/// A database with its signer and recipients.
pub(crate) struct Opened {
    pub(crate) gallery: Gallery,
    /// The key that signed the file, trusted or not: the signature is valid.
    pub(crate) signer: Option<Signer>,
    /// Empty if it is not sealed.
    pub(crate) recipients: Vec<Recipient>,
}

/// The parts of a database that can be read without a key.
pub(crate) struct Outside {
    pub(crate) header: Header,
    /// The threshold for pictures without colour, if the database has one.
    pub(crate) grey: Option<GreyThreshold>,
    /// The doors that may use it, if the database names them.
    pub(crate) audience: Option<Audience>,
    pub(crate) signer: Option<Signer>,
    pub(crate) recipients: Vec<Recipient>,
}

/// Reads a database, and opens it with the key if it is sealed.
///
/// # Errors
/// If it cannot be read, is incomplete, has an invalid signature, or the key does not open it.
pub(crate) fn read(path: &Path, keys: &KeyChoice) -> anyhow::Result<Opened> {
    let bytes = read_bounded(path, MAX_DATABASE_BYTES).help(MAKE_ONE)?;
    open(&bytes, keys).map_err(|refused| {
        in_file(path, refused, "use a complete copy, or build it again with `encoder-tool build-db`")
    })
}

/// Reads the header of a database, and its signer, doors and recipients.
///
/// # Errors
/// If it cannot be read, is incomplete, or has an invalid signature.
pub(crate) fn read_outside(path: &Path) -> anyhow::Result<Outside> {
    let bytes = read_bounded(path, MAX_DATABASE_BYTES).help(MAKE_ONE)?;
    let file = DatabaseFile::parse(&bytes).map_err(|error| in_file(path, error.into(), "use a complete copy"))?;
    Ok(Outside {
        header: *file.header(),
        grey: file.grey_threshold(),
        audience: file.audience().cloned(),
        signer: file.signer(),
        recipients: file.recipients(),
    })
}

/// Reads a database that was made with this model.
///
/// # Errors
/// As [`read`], or with both hashes if it was made with another model.
pub(crate) fn read_for_model(path: &Path, model: &ModelHash, keys: &KeyChoice) -> anyhow::Result<Opened> {
    let opened = read(path, keys)?;
    opened
        .gallery
        .require_model(model)
        .with_context(|| path.shown().to_string())
        .help("give the model of the database with --model, or build the database again with this model")?;
    Ok(opened)
}

/// Reads the database that is about to be replaced; `None` if there is none.
///
/// # Errors
/// If the file is not a database: somebody may still need it, and a damaged database still holds people's ids.
pub(crate) fn read_previous(path: &Path, keys: &KeyChoice) -> anyhow::Result<Option<Opened>> {
    if matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let bytes = read_bounded(path, MAX_DATABASE_BYTES)?;
    let help = "move it away to start a new database, or choose another file with -o";
    open(&bytes, keys).map(Some).map_err(|refused| in_file(path, refused, help))
}

fn open(bytes: &[u8], keys: &KeyChoice) -> anyhow::Result<Opened> {
    let file = DatabaseFile::parse(bytes)?;
    let identities: Vec<Identity> = if file.is_sealed() { keys.identity()?.into_iter().collect() } else { Vec::new() };
    Ok(Opened { gallery: file.open(&identities)?, signer: file.signer(), recipients: file.recipients() })
}

/// Adds the file name and a help text to the error: `otherwise`, except for errors about keys.
fn in_file(path: &Path, refused: anyhow::Error, otherwise: &str) -> anyhow::Error {
    let shown = path.shown();
    let help = match refused.downcast_ref() {
        Some(GalleryError::Envelope(EnvelopeError::ForOthers { .. })) => {
            "name one of the keys that it is sealed for with --open-with KEY; `encoder-tool list --head` needs no key"
        }
        Some(GalleryError::Signature { .. }) => "copy it again from the workstation that signed it",
        Some(_) => otherwise,
        // Errors about an unusable key bring their own help text.
        None => return refused,
    };
    match Err::<(), _>(refused).with_context(|| format!("{shown} cannot be used as a people database")).help(help) {
        Err(error) => error,
        Ok(()) => anyhow::anyhow!("{shown} cannot be used"),
    }
}

/// The person with this id or name; an index into [`Gallery::people`].
pub(crate) fn person_named(gallery: &Gallery, text: &str) -> Option<usize> {
    let by_id = text.parse::<PersonId>().ok().and_then(|id| gallery.person_by_id(&id));
    by_id.or_else(|| gallery.person_by_name(&PersonName::parse(text).ok()?))
}

/// The sequence number of a new database: max(previous + 1, Unix seconds).
pub(crate) fn next_sequence(previous: Option<u64>, now: i64) -> u64 {
    let now = u64::try_from(now).unwrap_or(0);
    previous.map_or(now, |previous| previous.saturating_add(1).max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_grows_and_follows_the_clock() {
        for (previous, now, expected) in [
            (None, 1_800_000_000, 1_800_000_000),
            (Some(5), 1_800_000_000, 1_800_000_000),
            (Some(1_800_000_000), 1_800_000_000, 1_800_000_001),
            (Some(1_900_000_000), 1_800_000_000, 1_900_000_001),
            (Some(7), -3, 8),
            (Some(u64::MAX), 1, u64::MAX),
        ] {
            assert_eq!(next_sequence(previous, now), expected, "{previous:?} {now}");
        }
    }
}
