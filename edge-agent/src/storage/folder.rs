//! A folder on a disk.

use super::Storage;
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
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

    fn open_to_append(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(self.file(name))
    }
}

/// A file that root writes anew stays that of the user who runs the unit.
fn keep_owner(from: &Path, to: &Path) -> io::Result<()> {
    let (Ok(new), Ok(old)) = (fs::metadata(from), fs::metadata(to)) else { return Ok(()) };
    let owner = |found: &fs::Metadata| (found.uid(), found.gid());
    if owner(&new) == owner(&old) { Ok(()) } else { chown(from, Some(old.uid()), Some(old.gid())) }
}

impl Storage for Folder {
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>> {
        match read_bounded(&self.file(file), MAX_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(ReadError::Refused { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn read_from(&mut self, file: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut opened = File::open(self.file(file))?;
        opened.seek(SeekFrom::Start(offset))?;
        let mut read = Vec::new();
        opened.take(bytes as u64).read_to_end(&mut read)?;
        Ok(read)
    }

    fn length(&mut self, file: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.file(file)) {
            Ok(found) if found.is_file() => Ok(Some(found.len())),
            Ok(_) => Err(io::Error::new(ErrorKind::InvalidInput, "not a file")),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.open_to_append(file)?.write_all(bytes)
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.file(file))?.set_len(length)
    }

    fn reserve(&mut self, file: &str, bytes: u64) -> io::Result<()> {
        let opened = self.open_to_append(file)?;
        let length = opened.metadata()?.len();
        Ok(fallocate(&opened, FallocateFlags::KEEP_SIZE, length, bytes)?)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        File::open(self.file(file))?.sync_all()?;
        self.sync_names()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.file(from), self.file(to));
        keep_owner(&from, &to)?;
        fs::rename(from, to)
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        fs::remove_file(self.file(file))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sudo edge-agent forget` wrote the names anew as root's, and the unit could not read them any more.
    #[test]
    fn a_file_keeps_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("names");
        fs::write(&path, "old").unwrap();
        if chown(&path, Some(12_345), Some(12_345)).is_err() {
            eprintln!("SKIPPED: only root may give files away");
            return;
        }
        Folder::at(folder.path()).replace("names", b"new").unwrap();
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o777), (12_345, 12_345, 0o600));
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
