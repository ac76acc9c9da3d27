//! Reads and decodes photo files within a pixel budget, and computes their digests.
//!
//! HEIF containers (HEIC, AVIF), which phones use, need an external decoder, which the caller provides.

use super::pixel_budget::{Permit, PixelBudget};
use super::{MAX_FILE_BYTES, Photo, PhotoError};
use crate::Frame;
use files::{ReadError, read_bounded};
use sha2::{Digest, Sha256};
use shared::gallery::PhotoDigest;
use std::error::Error;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// The most pixels that are decoded at the same time; a larger photo is decoded alone. Each takes three bytes, or six
/// while a photo is rotated.
const PIXELS_AT_ONCE: u64 = 64 << 20;

/// The size of a phone's photo at its highest resolution.
const PIXELS_OF_A_PHONE: u64 = 48_000_000;

/// Converts a `HEIC` or `AVIF` file to a PNG file, with the orientation applied.
pub type HeifDecoder = fn(&[u8], &'static str) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;

/// Reads photos for any number of threads, and limits the number of pixels in memory.
#[derive(Debug)]
pub struct PhotoReader {
    budget: PixelBudget,
    decode_heif: HeifDecoder,
}

/// A decoded photo. It occupies the reader's budget until it is dropped.
#[derive(Debug)]
pub struct ReadPhoto<'r> {
    /// The photo, with its orientation applied.
    pub frame: Frame,
    /// The first 8 bytes of the file's SHA-256.
    pub digest: PhotoDigest,
    _permit: Permit<'r>,
}

/// Why a photo file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhotoFileError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] ReadError),
    /// The file cannot be decoded as a photo.
    #[error("{}: {source}", path.shown())]
    Photo {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: PhotoError,
    },
    /// The file is a photo in a HEIF container, and the external decoder failed.
    #[error("{}: {source}", path.shown())]
    Heif {
        /// The file.
        path: PathBuf,
        /// The error of the decoder.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A photo file that has been read but not decoded.
#[derive(Debug)]
pub struct PhotoFile<'r, 'p> {
    reader: &'r PhotoReader,
    path: &'p Path,
    bytes: Vec<u8>,
    sha256: [u8; 32],
}

impl PhotoReader {
    /// Makes a reader with this decoder for HEIF containers.
    pub fn new(decode_heif: HeifDecoder) -> Self {
        Self { budget: PixelBudget::new(PIXELS_AT_ONCE), decode_heif }
    }

    /// Reads a photo file.
    ///
    /// # Errors
    /// [`PhotoFileError::File`]
    pub fn open<'p>(&self, path: &'p Path) -> Result<PhotoFile<'_, 'p>, PhotoFileError> {
        Ok(self.of_bytes(path, read_bounded(path, MAX_FILE_BYTES)?))
    }

    /// Takes a photo file that has been read. `path` is for messages.
    pub fn of_bytes<'p>(&self, path: &'p Path, bytes: Vec<u8>) -> PhotoFile<'_, 'p> {
        PhotoFile { reader: self, path, sha256: Sha256::digest(&bytes).into(), bytes }
    }

    /// Reads and decodes a photo once the budget has room for it.
    ///
    /// # Errors
    /// [`PhotoFileError`]
    pub fn read(&self, path: &Path) -> Result<ReadPhoto<'_>, PhotoFileError> {
        self.open(path)?.decode()
    }
}

impl<'r> PhotoFile<'r, '_> {
    /// The file's SHA-256.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// The first 8 bytes of the file's SHA-256.
    pub fn digest(&self) -> PhotoDigest {
        PhotoDigest::from_sha256(&self.sha256)
    }

    /// Decodes the photo once the budget has room for it.
    ///
    /// # Errors
    /// [`PhotoFileError::Photo`] and [`PhotoFileError::Heif`]
    pub fn decode(&self) -> Result<ReadPhoto<'r>, PhotoFileError> {
        let budget = &self.reader.budget;
        let no_photo = |source| PhotoFileError::Photo { path: self.path.to_owned(), source };
        let (frame, permit) = match Photo::open(&self.bytes) {
            Ok(photo) => {
                let permit = budget.wait_for(photo.pixels());
                (photo.decode().map_err(no_photo)?, permit)
            }
            Err(PhotoError::Heif { kind }) => {
                let png = self.as_png(kind)?;
                let photo = Photo::open(&png).map_err(no_photo)?;
                let permit = budget.wait_for(photo.pixels());
                (photo.decode_as_stored().map_err(no_photo)?, permit)
            }
            Err(refused) => return Err(no_photo(refused)),
        };
        Ok(ReadPhoto { frame, digest: self.digest(), _permit: permit })
    }

    /// Reserves the budget of a phone's photo, because the size is unknown until the decoder has run.
    fn as_png(&self, kind: &'static str) -> Result<Vec<u8>, PhotoFileError> {
        let _permit = self.reader.budget.wait_for(PIXELS_OF_A_PHONE);
        let decoded = (self.reader.decode_heif)(&self.bytes, kind);
        decoded.map_err(|source| PhotoFileError::Heif { path: self.path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_start_of_the_sha_256() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        std::fs::write(&path, b"").unwrap();
        let reader = PhotoReader::new(|_, _| unreachable!());
        let file = reader.open(&path).unwrap();
        assert_eq!(file.digest().to_string(), "e3b0c44298fc1c14");
        assert!(file.sha256().starts_with(&file.digest().0));
    }
}
