//! A folder that was opened once: what is done to its files is done in that folder, though its path may lead elsewhere by
//! now.

use crate::storage::part_of;
use rustix::fs::{AtFlags, Mode, OFlags, fsync, open, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::Path;

/// An opened folder. Files are named by their names in it. None is opened through a symbolic link, and nothing but a
/// regular file is opened: a pipe would keep us waiting.
#[derive(Debug)]
pub struct Directory {
    descriptor: OwnedFd,
}

/// The folder in which this file lies.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of this file in its folder.
///
/// # Errors
/// `InvalidInput` if the path does not end in a name, or in one that is not Unicode.
pub fn name_of(file: &Path) -> io::Result<&str> {
    let name = file.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it is not the name of a file"))
}

impl Directory {
    /// Opens a folder.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let descriptor = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { descriptor })
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` if there is something else than a file.
    pub fn file(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::RDONLY, Mode::empty())
    }

    /// Opens a file to change it.
    ///
    /// # Errors
    /// As [`Directory::file`].
    pub(crate) fn file_to_change(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::WRONLY, Mode::empty())
    }

    /// Opens a file to append to it. If there is none, it is made, for its owner alone.
    ///
    /// # Errors
    /// As [`Directory::file`].
    pub(crate) fn file_to_append(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE, PRIVATE)
    }

    /// Opens a file to lock it. If there is none, it is made, for its owner alone.
    ///
    /// # Errors
    /// As [`Directory::file`].
    pub fn file_to_lock(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::RDWR | OFlags::CREATE, PRIVATE)
    }

    /// Makes a file that was not there, with these permissions as far as the umask lets.
    ///
    /// # Errors
    /// What the system says; `AlreadyExists` if there is anything of that name.
    pub(crate) fn new_file(&self, name: &str, mode: u32) -> io::Result<File> {
        self.open_file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, Mode::from_raw_mode(mode as _))
    }

    /// Finds out whether files can be made here, by making one and removing it.
    ///
    /// # Errors
    /// What the system says.
    pub fn try_writing(&self) -> io::Result<()> {
        let name = part_of("try")?;
        self.new_file(&name, 0o600)?;
        self.remove(&name)
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(renameat(&self.descriptor, from, &self.descriptor, to)?)
    }

    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.descriptor, name, AtFlags::empty())?)
    }

    /// Brings the names of its files to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(fsync(&self.descriptor)?)
    }

    pub(crate) fn descriptor(&self) -> &OwnedFd {
        &self.descriptor
    }

    fn open_file(&self, name: &str, flags: OFlags, mode: Mode) -> io::Result<File> {
        let guarded = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match openat(&self.descriptor, name, guarded, mode) {
            Err(Errno::LOOP) => Err(not_a_file("a symbolic link, which is not followed")),
            // A pipe that nobody reads.
            Err(Errno::NXIO) => Err(not_a_file("a pipe or a socket")),
            opened => Ok(File::from(opened?)),
        }?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(not_a_file("not a file")),
        }
    }
}

const PRIVATE: Mode = Mode::from_raw_mode(0o600);

fn not_a_file(found: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("it is {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// The unit's user left a link where root was about to write, and root's file behind it was overwritten.
    #[test]
    fn no_link_and_no_pipe_is_opened_for_anything() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (victim, missing) = (elsewhere.path().join("victim"), elsewhere.path().join("missing"));
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, folder.path().join("link")).unwrap();
        symlink(&missing, folder.path().join("dangling")).unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let fifo = folder.path().join("pipe");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        for name in ["link", "dangling", "pipe", "folder"] {
            for opened in [
                directory.file(name),
                directory.file_to_change(name),
                directory.file_to_append(name),
                directory.file_to_lock(name),
                directory.new_file(name, 0o600),
            ] {
                assert!(opened.is_err(), "{name}");
            }
        }
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(!missing.exists(), "nothing is made through a link");
    }
}
