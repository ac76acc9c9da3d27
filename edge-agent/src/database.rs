//! The people database of a unit, read only if it was made with the unit's own model.

use anyhow::Context;
use models::Recogniser;
use shared::gallery::Gallery;
use std::path::Path;
use terminal::{Help, read_bounded};

/// A larger database is refused before it is read: a hundred thousand people have 14 MB.
const MAX_BYTES: u64 = 512 << 20;

/// Reads a database that was made with the recogniser's model.
///
/// # Errors
/// If it cannot be read, is not whole, or was made with another model: then both hashes are named.
pub(crate) fn read(path: &Path, recogniser: &Recogniser) -> anyhow::Result<Gallery> {
    let bytes = read_bounded(path, MAX_BYTES).help("`encoder-tool build-db PHOTOS -o FILE` makes a people database")?;
    let gallery = Gallery::decode(&bytes)
        .with_context(|| format!("{} is no people database that can be used", path.display()))
        .help("take a whole copy, or build it again with `encoder-tool build-db`")?;
    gallery
        .require_model(&recogniser.model_hash())
        .with_context(|| path.display().to_string())
        .help("build the database with the model of this unit, or configure the model that it was made with")?;
    Ok(gallery)
}
