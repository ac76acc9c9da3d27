//! Storage in a folder of the file system.

use super::Storage;
use crate::Directory;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::fs;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// Files in one folder of the file system.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Storage in this folder. Files are opened and created only when needed.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(crate) fn directory(&self) -> io::Result<Directory> {
        Directory::open(&self.path)
    }
}

fn is_beyond_the_file_system(error: &io::Error) -> bool {
    [Errno::INVAL, Errno::OPNOTSUPP].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

impl Storage for Folder {
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>> {
        let opened = match self.directory().and_then(|folder| folder.file(file)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut bytes = Vec::new();
        opened.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        match bytes.len() as u64 > MAX_BYTES {
            true => Err(io::Error::new(ErrorKind::FileTooLarge, format!("{file} is larger than {MAX_BYTES} bytes"))),
            false => Ok(Some(bytes)),
        }
    }

    fn read_from(&mut self, file: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut opened = self.directory()?.file(file)?;
        opened.seek(SeekFrom::Start(offset))?;
        let mut read = Vec::new();
        opened.take(bytes as u64).read_to_end(&mut read)?;
        Ok(read)
    }

    fn length(&mut self, file: &str) -> io::Result<Option<u64>> {
        match self.directory().and_then(|folder| folder.file(file)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            opened => Ok(Some(opened?.metadata()?.len())),
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

    fn create(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.directory()?.new_file(file, 0o600)?.write_all(bytes)
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.directory()?.file_to_append(file)?.write_all(bytes)
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.directory()?.file_to_change(file)?.set_len(length)
    }

    fn reserve(&mut self, file: &str, bytes: u64) -> io::Result<()> {
        let opened = self.directory()?.file_to_append(file)?;
        let length = opened.metadata()?.len();
        Ok(fallocate(&opened, FallocateFlags::KEEP_SIZE, length, bytes)?)
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        let directory = self.directory()?;
        directory.file(file)?.sync_all()?;
        match directory.sync() {
            // Some network and FUSE file systems cannot sync folders. `sync_names` reports that.
            Err(error) if is_beyond_the_file_system(&error) => Ok(()),
            synced => synced,
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.directory()?.rename(from, to)
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.directory()?.remove(file)
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.directory()?.sync()
    }
}
