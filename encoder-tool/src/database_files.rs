//! People databases as files.

use crate::workstation_keys::KeyChoice;
use anyhow::Context;
use files::read_bounded;
use shared::gallery::{
    Audience, DatabaseFile, Gallery, GalleryError, GreyThreshold, Header, MAX_DATABASE_BYTES, ModelHash,
};
use shared::seal::{EnvelopeError, Identity, Recipient, Signer};
use std::fs;
use std::io;
use std::path::Path;
use terminal::{Help, ShowPath};

const MAKE_ONE: &str = "`encoder-tool build-db PHOTOS -o FILE` makes a people database";

/// A database, who signed it, and who can read it.
pub(crate) struct Opened {
    pub(crate) gallery: Gallery,
    /// No matter who that is: the file is as they signed it.
    pub(crate) signer: Option<Signer>,
    /// Nobody if it is not sealed.
    pub(crate) recipients: Vec<Recipient>,
}

/// What a database says without a key.
pub(crate) struct Outside {
    pub(crate) header: Header,
    /// For pictures without colour; it may not say.
    pub(crate) grey: Option<GreyThreshold>,
    /// The doors that may use it; it may not say.
    pub(crate) audience: Option<Audience>,
    pub(crate) signer: Option<Signer>,
    pub(crate) recipients: Vec<Recipient>,
}

/// Reads a database, with this key if it is sealed.
///
/// # Errors
/// If it cannot be read, is not whole, is not what was signed, or the key does not open it.
pub(crate) fn read(path: &Path, keys: &KeyChoice) -> anyhow::Result<Opened> {
    let bytes = read_bounded(path, MAX_DATABASE_BYTES).help(MAKE_ONE)?;
    open(&bytes, keys)
        .map_err(|refused| in_file(path, refused, "take a whole copy, or build it again with `encoder-tool build-db`"))
}

/// Reads the head of a database, and who it is by and for.
///
/// # Errors
/// If it cannot be read, is not whole, or is not what was signed.
pub(crate) fn read_outside(path: &Path) -> anyhow::Result<Outside> {
    let bytes = read_bounded(path, MAX_DATABASE_BYTES).help(MAKE_ONE)?;
    let file = DatabaseFile::parse(&bytes).map_err(|error| in_file(path, error.into(), "take a whole copy"))?;
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
        .help("give the model that it was made with by --model, or build the database again with this one")?;
    Ok(opened)
}

/// Reads the database that is about to be replaced; `None` if there is none.
///
/// # Errors
/// If there is a file that is not a database: somebody may still need it, and a damaged database still holds the ids.
pub(crate) fn read_previous(path: &Path, keys: &KeyChoice) -> anyhow::Result<Option<Opened>> {
    if matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let bytes = read_bounded(path, MAX_DATABASE_BYTES)?;
    let help = "move it away to start anew, or choose another file with -o";
    open(&bytes, keys).map(Some).map_err(|refused| in_file(path, refused, help))
}

fn open(bytes: &[u8], keys: &KeyChoice) -> anyhow::Result<Opened> {
    let file = DatabaseFile::parse(bytes)?;
    let identities: Vec<Identity> = if file.is_sealed() { keys.identity()?.into_iter().collect() } else { Vec::new() };
    Ok(Opened { gallery: file.open(&identities)?, signer: file.signer(), recipients: file.recipients() })
}

/// The refusal with the file and what to do about it: `otherwise`, unless it is a matter of keys.
fn in_file(path: &Path, refused: anyhow::Error, otherwise: &str) -> anyhow::Error {
    let shown = path.shown();
    let help = match refused.downcast_ref() {
        Some(GalleryError::Envelope(EnvelopeError::ForOthers { .. })) => {
            "give a key for which it is sealed with --open-with KEY; `encoder-tool list --head` needs none"
        }
        Some(GalleryError::Signature { .. }) => "take it from where it was signed again",
        Some(_) => otherwise,
        // A key that cannot be used says itself what to do.
        None => return refused,
    };
    match Err::<(), _>(refused).with_context(|| format!("{shown} cannot be used as a people database")).help(help) {
        Err(error) => error,
        Ok(()) => anyhow::anyhow!("{shown} cannot be used"),
    }
}

/// The sequence number of a database that replaces one: max(previous + 1, Unix seconds).
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
