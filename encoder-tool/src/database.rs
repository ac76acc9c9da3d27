//! People databases as files.

use anyhow::Context;
use shared::gallery::{Gallery, ModelHash};
use std::fs;
use std::io;
use std::path::Path;
use terminal::{Help, read_bounded};

/// A larger database is refused before it is read.
const MAX_BYTES: u64 = 2 << 30;

/// Reads a database.
///
/// # Errors
/// If it cannot be read or is not whole.
pub(crate) fn read(path: &Path) -> anyhow::Result<Gallery> {
    let bytes = read_bounded(path, MAX_BYTES).help("`encoder-tool build-db PHOTOS -o FILE` makes a people database")?;
    Gallery::decode(&bytes)
        .with_context(|| format!("{} is no people database that can be used", path.display()))
        .help("take a whole copy, or build it again with `encoder-tool build-db`")
}

/// Reads a database that was made with this model.
///
/// # Errors
/// As [`read`], or with both hashes if it was made with another model.
pub(crate) fn read_for_model(path: &Path, model: &ModelHash) -> anyhow::Result<Gallery> {
    let gallery = read(path)?;
    gallery
        .require_model(model)
        .with_context(|| path.display().to_string())
        .help("give the model that it was made with by --model, or build the database again with this one")?;
    Ok(gallery)
}

/// Reads the database that is about to be replaced; `None` if there is none.
///
/// # Errors
/// If there is a file which is no database: it may be dear to somebody, and a damaged database still holds the ids.
pub(crate) fn read_previous(path: &Path) -> anyhow::Result<Option<Gallery>> {
    if matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let bytes = read_bounded(path, MAX_BYTES)?;
    Gallery::decode(&bytes)
        .map(Some)
        .with_context(|| format!("{} is there, but is no people database that can be used", path.display()))
        .help("move it away to start anew, or choose another file with -o")
}
