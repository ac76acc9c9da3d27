//! Photo files: read under a budget of pixels, named by their digest. Decoding is `models::photo`'s.

use crate::heif::{self, HeifError};
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

/// The photo of a phone in its finest setting.
const PIXELS_OF_A_PHONE: u64 = 48_000_000;

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
    /// The file is a photo in the container that phones use, and no decoder reads it.
    #[error("{}: {source}", path.shown())]
    Heif {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: HeifError,
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
        let (frame, permit) = match Photo::open(&self.bytes) {
            Ok(photo) => {
                let permit = budget.wait_for(photo.pixels());
                (photo.decode().map_err(no_photo)?, permit)
            }
            Err(PhotoError::Heif { kind }) => {
                let png = self.as_png(kind, budget)?;
                let photo = Photo::open(&png).map_err(no_photo)?;
                let permit = budget.wait_for(photo.pixels());
                (photo.decode_as_stored().map_err(no_photo)?, permit)
            }
            Err(refused) => return Err(no_photo(refused)),
        };
        Ok(ReadPhoto { frame, digest: self.digest(), _permit: permit })
    }

    /// How large the photo is, nobody knows before the decoder has run: it takes as much room as one of a phone.
    fn as_png(&self, kind: &'static str, budget: &PixelBudget) -> Result<Vec<u8>, PhotoFileError> {
        let _permit = budget.wait_for(PIXELS_OF_A_PHONE);
        heif::as_png(&self.bytes, kind).map_err(|source| PhotoFileError::Heif { path: self.path.to_owned(), source })
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
