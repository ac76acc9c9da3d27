//! Photo files: read under a budget of pixels, named by their digest. Decoding is `models::photo`'s.

use crate::pixel_budget::{Permit, PixelBudget};
use files::{ReadError, read_bounded};
use models::Frame;
use models::photo::{MAX_FILE_BYTES, Photo, PhotoError};
use sha2::{Digest, Sha256};
use shared::gallery::PhotoDigest;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// This many pixels are decoded at the same time; a photo that has more is decoded alone. Three bytes each, six while
/// a photo is turned.
pub(crate) const PIXELS_AT_ONCE: u64 = 64 << 20;

/// A photo in memory, within the budget until it is dropped.
pub(crate) struct ReadPhoto<'a> {
    pub(crate) frame: Frame,
    pub(crate) digest: PhotoDigest,
    _permit: Permit<'a>,
}

/// Why there is no photo to search.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PhotoFileError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] ReadError),
    /// The file is no photo that can be decoded.
    #[error("{}: {source}", path.shown())]
    Photo {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PhotoError,
    },
}

/// A photo file that has been read and not decoded.
pub(crate) struct PhotoFile<'p> {
    path: &'p Path,
    bytes: Vec<u8>,
}

/// Reads a photo file.
///
/// # Errors
/// [`PhotoFileError::File`]
pub(crate) fn read_file(path: &Path) -> Result<PhotoFile<'_>, PhotoFileError> {
    Ok(PhotoFile { path, bytes: read_bounded(path, MAX_FILE_BYTES)? })
}

/// Reads and decodes a photo once the budget has room for it.
///
/// # Errors
/// [`PhotoFileError`]
pub(crate) fn read<'b>(path: &Path, budget: &'b PixelBudget) -> Result<ReadPhoto<'b>, PhotoFileError> {
    read_file(path)?.decode(budget)
}

impl PhotoFile<'_> {
    /// The first 8 bytes of the file's SHA-256.
    pub(crate) fn digest(&self) -> PhotoDigest {
        digest(&self.bytes)
    }

    /// Decodes the photo once the budget has room for it.
    ///
    /// # Errors
    /// [`PhotoFileError::Photo`]
    pub(crate) fn decode<'b>(&self, budget: &'b PixelBudget) -> Result<ReadPhoto<'b>, PhotoFileError> {
        let no_photo = |source| PhotoFileError::Photo { path: self.path.to_owned(), source };
        let photo = Photo::open(&self.bytes).map_err(no_photo)?;
        let permit = budget.wait_for(photo.pixels());
        let frame = photo.decode().map_err(no_photo)?;
        Ok(ReadPhoto { frame, digest: self.digest(), _permit: permit })
    }
}

fn digest(bytes: &[u8]) -> PhotoDigest {
    let [a, b, c, d, e, f, g, h, ..] = Sha256::digest(bytes).0;
    PhotoDigest([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_start_of_the_sha_256() {
        assert_eq!(digest(b"").to_string(), "e3b0c44298fc1c14");
    }
}
