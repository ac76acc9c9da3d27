//! A folder that is opened once. All operations on its files use that folder, even if its path now leads elsewhere.

use crate::storage::part_of;
use rustix::fs::{AtFlags, Mode, OFlags, fsync, open, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::path::Path;

/// An opened folder. Files are identified by their names in it. Symbolic links are not followed, and only regular files
/// are opened: a pipe could block.
#[derive(Debug)]
pub struct Directory {
    descriptor: OwnedFd,
}

/// The folder that contains this file.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of this file in its folder.
///
/// # Errors
/// `InvalidInput` if the path does not end in a name, or if the name is not Unicode.
pub fn name_of(file: &Path) -> io::Result<&str> {
    let name = file.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name"))
}

impl Directory {
    /// Opens a folder.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let descriptor = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { descriptor })
    }

    /// Opens a file to read it.
    ///
    /// # Errors
    /// The error of the operating system; `InvalidInput` if it is not a regular file.
    pub fn file(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::RDONLY, Mode::empty())
    }

    /// Opens a file for writing.
    ///
    /// # Errors
    /// As [`Directory::file`].
    pub(crate) fn file_to_change(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::WRONLY, Mode::empty())
    }

    /// Opens a file for appending. Creates it with access only for its owner if it does not exist.
    ///
    /// # Errors
    /// As [`Directory::file`].
    pub(crate) fn file_to_append(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE, PRIVATE)
    }

    /// Opens a file for locking. Creates it with access only for its owner if it does not exist.
    ///
    /// # Errors
    /// As [`Directory::file`].
    pub fn file_to_lock(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlags::RDWR | OFlags::CREATE, PRIVATE)
    }

    /// Creates a new file with these permissions, reduced by the umask.
    ///
    /// # Errors
    /// The error of the operating system; `AlreadyExists` if the name exists.
    pub(crate) fn new_file(&self, name: &str, mode: u32) -> io::Result<File> {
        self.open_file(name, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, Mode::from_raw_mode(mode as _))
    }

    /// Tests whether files can be created here, by creating and removing one.
    ///
    /// # Errors
    /// The error of the operating system.
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

    /// Syncs the names of its files to the disk.
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
            // A pipe without a reader.
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

    /// A regression: the unit's user created a link where root was about to write, and root's write overwrote the
    /// target.
    #[test]
    fn links_and_pipes_are_never_opened() {
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
