//! The people database of a unit, read only if it was made with the unit's own model, and replaced while the unit runs.

mod arrival;

pub(crate) use arrival::{Arrivals, Refused};

use anyhow::Context;
use models::bundle::sha256;
use shared::gallery::{Gallery, ModelHash};
use std::path::Path;
use std::sync::Arc;
use terminal::{Help, read_bounded};

/// A larger database is refused before it is read: a hundred thousand people have 14 MB.
const MAX_BYTES: u64 = 512 << 20;

/// A database that can be used, and what its file is known by.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) gallery: Arc<Gallery>,
    /// SHA-256 of the whole file, in hexadecimal.
    pub(crate) digest: String,
}

/// Reads a database that was made with this model.
///
/// # Errors
/// If it cannot be read, is not whole, or was made with another model: then both hashes are named.
pub(crate) fn read(path: &Path, model: &ModelHash) -> anyhow::Result<Loaded> {
    let bytes = read_bounded(path, MAX_BYTES).help("`encoder-tool build-db PHOTOS -o FILE` makes a people database")?;
    of_bytes(path, &bytes, model)
}

fn of_bytes(path: &Path, bytes: &[u8], model: &ModelHash) -> anyhow::Result<Loaded> {
    let gallery = Gallery::decode(bytes)
        .with_context(|| format!("{} is no people database that can be used", path.display()))
        .help("take a whole copy, or build it again with `encoder-tool build-db`")?;
    gallery
        .require_model(model)
        .with_context(|| path.display().to_string())
        .help("build the database with the model of this unit, or configure the model that it was made with")?;
    Ok(Loaded { gallery: Arc::new(gallery), digest: sha256(bytes) })
}
