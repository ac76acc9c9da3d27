//! Reads HEIC and AVIF photos, as phones take them, with the decoder program of libheif, if it is installed. Such
//! photos are compressed with video codecs, which this program does not decode.
//!
//! The decoder gets a copy of the photo in a private folder and writes a PNG there, which is then read like any other
//! photo. Neither the decoder nor the photo is trusted: `decoder_process` limits what the decoder can do.

mod decoder_process;

pub(crate) use decoder_process::{DecodeHeif, become_decoder};

use decoder_process::Ended;
use files::{Access, ReadError, WriteError, read_bounded};
use models::PhotoError;
use models::photo::{MAX_FILE_BYTES, PhotoReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{env, io};
use terminal::ShowPath;

/// Names of the decoder; newer versions of libheif use the first.
const PROGRAMS: [&str; 2] = ["heif-dec", "heif-convert"];
/// File names of the photo and of its picture in the private folder. The program numbers the pictures of a file with
/// several; the first is used.
const PHOTO: &str = "photo.heic";
const PICTURE: &str = "picture.png";
const FIRST_PICTURE: &str = "picture-1.png";

/// Why a photo of this kind cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HeifError {
    /// No decoder is installed.
    #[error("{photo}; or install heif-convert, which is in Debian's package libheif-examples")]
    NoDecoder {
        /// The error about such a photo.
        photo: PhotoError,
    },
    /// The decoder could not be run.
    #[error("{} cannot be run: {source}", program.shown())]
    NotRun {
        /// The decoder.
        program: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Its input could not be written.
    #[error("cannot copy the photo for the decoder: {0}")]
    NotCopied(#[from] WriteError),
    /// The decoder ran but made no picture.
    #[error("{kind} cannot be read: {} made no picture of it ({why}); export the photo as JPEG", program.shown())]
    NoPicture {
        /// `HEIC` or `AVIF`.
        kind: &'static str,
        /// The decoder.
        program: PathBuf,
        /// Its last line of output, or how it ended.
        why: String,
    },
    /// Its output file cannot be read.
    #[error("the picture that {} made cannot be read: {source}", program.shown())]
    PictureUnreadable {
        /// The decoder.
        program: PathBuf,
        /// What is wrong.
        source: ReadError,
    },
}

/// A photo reader that also reads HEIC and AVIF.
pub(crate) fn photo_reader() -> PhotoReader {
    PhotoReader::new(|bytes, kind| Ok(as_png(bytes, kind)?))
}

/// Converts a `HEIC` or `AVIF` photo to a PNG file. The decoder turns the picture upright.
///
/// # Errors
/// [`HeifError`]
fn as_png(bytes: &[u8], kind: &'static str) -> Result<Vec<u8>, HeifError> {
    let Some(program) = installed(env::var_os("PATH").unwrap_or_default().as_ref()) else {
        return Err(HeifError::NoDecoder { photo: PhotoError::Heif { kind } });
    };
    let not_run = |source| HeifError::NotRun { program: program.clone(), source };
    // Only its owner can enter the folder. It is removed on return, with all files that the program left in it.
    let folder = tempfile::Builder::new().prefix("encoder-tool-heif-").tempdir().map_err(not_run)?;
    files::replace(&folder.path().join(PHOTO), Access::Private, bytes)?;
    let picture = folder.path().join(PICTURE);
    let ended = decoder_process::run(&program, &folder.path().join(PHOTO), &picture).map_err(not_run)?;
    let first = folder.path().join(FIRST_PICTURE);
    let made = [picture, first].into_iter().find(|file| file.symlink_metadata().is_ok_and(|file| file.is_file()));
    match (ended, made) {
        (Ended::Well { .. }, Some(picture)) => read_bounded(&picture, MAX_FILE_BYTES)
            .map_err(|source| HeifError::PictureUnreadable { program: program.clone(), source }),
        (ended, _) => Err(HeifError::NoPicture { kind, program: program.clone(), why: ended.in_words() }),
    }
}

/// Finds the decoder in the folders of `PATH`. Ignores relative folders.
fn installed(path: &std::ffi::OsStr) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
    let places = PROGRAMS.iter().flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
    places.into_iter().find(|place| is_program(place))
}

fn is_program(place: &Path) -> bool {
    place.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn with_program(name: &str, mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), "").unwrap();
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        folder
    }

    #[test]
    fn a_decoder_is_a_program_in_an_absolute_folder() {
        let (old, new) = (with_program("heif-convert", 0o755), with_program("heif-dec", 0o755));
        let text = with_program("heif-dec", 0o644);
        for (folders, expected) in [
            (vec![old.path()], Some(old.path().join("heif-convert"))),
            (vec![old.path(), new.path()], Some(new.path().join("heif-dec"))),
            (vec![text.path(), old.path()], Some(old.path().join("heif-convert"))),
            (vec![text.path()], None),
            (vec![Path::new("bin"), Path::new("")], None),
        ] {
            let path = env::join_paths(&folders).unwrap();
            assert_eq!(installed(&path), expected, "{path:?}");
        }
    }
}
