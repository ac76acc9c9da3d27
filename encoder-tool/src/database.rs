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
