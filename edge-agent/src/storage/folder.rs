//! A folder on a disk.

use super::Storage;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use terminal::{ReadError, read_bounded};

/// A larger file is none of ours.
const MAX_BYTES: u64 = 1 << 30;

/// Files in one folder of the file system.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Nothing is opened or made before it is needed.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Storage for Folder {
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>> {
        match read_bounded(&self.file(file), MAX_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::Refused { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.file(file))?.write_all(bytes)
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.file(file))?.set_len(length)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        File::open(self.file(file))?.sync_all()?;
        File::open(&self.path)?.sync_all()
    }
}
