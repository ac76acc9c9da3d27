//! Reads a whole file with a size limit.

use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The operating system refused.
    #[error("cannot read {}: {source}", path.shown())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The path is not a regular file. Reading a pipe or a device could block.
    #[error("cannot read {}: it is a {found}, not a file", path.shown())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// The kind of file found.
        found: &'static str,
    },
    /// The file is larger than the limit.
    #[error("{} is larger than the limit of {limit} bytes", path.shown())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
}

/// Reads a file of at most `limit` bytes. Follows symbolic links: only for writing does the owner of a link matter.
///
/// # Errors
/// [`ReadError`]
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let refused = |source| ReadError::Refused { path: path.to_owned(), source };
    // With NONBLOCK, opening a pipe without a writer does not block; the pipe is then refused.
    let opened = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits() as i32).open(path);
    let file = opened.map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "folder" } else { "device or pipe" };
        return Err(ReadError::NotAFile { path: path.to_owned(), found });
    }
    let too_large = || ReadError::TooLarge { path: path.to_owned(), limit };
    if metadata.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_a_file_within_the_limit_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"12345").unwrap();
        for (path, limit, expected) in [
            (file.as_path(), 5, Ok(&b"12345"[..])),
            (&file, u64::MAX, Ok(b"12345")),
            (&file, 4, Err("the limit of 4 bytes")),
            (folder.path(), 5, Err("a folder, not a file")),
            (Path::new("/dev/null"), 5, Err("not a file")),
            (&folder.path().join("none"), 5, Err("cannot read")),
        ] {
            match (read_bounded(path, limit), expected) {
                (Ok(bytes), Ok(expected)) => assert_eq!(bytes, expected),
                (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (read, expected) => panic!("{}: {read:?}, not {expected:?}", path.shown()),
            }
        }
    }
}
