//! Folder locks, so that only one process uses a folder. The lock file contains the process ID of the holder. The
//! operating system releases the lock when the process ends for any reason.

use crate::Directory;
use rustix::fs::{FlockOperation, flock, fstat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// The lock file. It is never removed: after a removal, two processes could each hold a lock.
const LOCK_FILE: &str = "unit.lock";

/// The longest wait for a lock. Reading, changing and replacing a small file is faster.
const MOMENT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds it.
    #[error("{} is used by another process{}", folder.shown(), numbered(*process))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The ID of the process; `None` if the process could not write it.
        process: Option<u32>,
    },
    /// The operating system refused.
    #[error("{} cannot be locked: {source}", folder.shown())]
    Refused {
        /// The folder.
        folder: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

fn numbered(process: Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (pid {process})"))
}

/// The locks on the folders of a unit, held until this is dropped.
#[derive(Debug)]
#[must_use = "the folders are locked while this lives"]
pub struct FolderLock {
    _files: Vec<File>,
}

impl FolderLock {
    /// Locks all these folders, or none. A folder that occurs twice, even with different paths, is locked once.
    ///
    /// # Errors
    /// [`LockError`]
    pub fn take<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Result<Self, LockError> {
        let mut files: Vec<(Directory, File)> = Vec::new();
        let mut known = Vec::new();
        for folder in folders {
            let refused = |source| LockError::Refused { folder: folder.to_owned(), source };
            let directory = Directory::open(folder).map_err(refused)?;
            let found = fstat(directory.descriptor()).map_err(io::Error::from).map_err(refused)?;
            if known.contains(&(found.st_dev, found.st_ino)) {
                continue;
            }
            known.push((found.st_dev, found.st_ino));
            let mut file = lock_file(&directory).map_err(refused)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    return Err(LockError::Held { folder: folder.to_owned(), process: process_in(&mut file) });
                }
                Err(error) => return Err(refused(error.into())),
            }
            files.push((directory, file));
        }
        // The process ID is only for information: the lock is valid even if the disk is full or read-only.
        for (directory, _) in &files {
            let _unknown = say_which_process(directory);
        }
        Ok(Self { _files: files.into_iter().map(|(_, file)| file).collect() })
    }
}

/// A short-term lock on a folder, for which others wait.
#[derive(Debug)]
#[must_use = "others wait while this lives"]
pub struct Turn {
    _locked: Directory,
}

/// Waits for a short-term lock on a folder. Under this lock, a file can be read, changed and replaced without losing
/// changes of other processes. A running unit does not hold it.
///
/// # Errors
/// If the folder cannot be opened or locked, or another process holds the lock for too long.
pub fn wait_for_folder(folder: &Path) -> io::Result<Turn> {
    let directory = Directory::open(folder)?;
    let until = Instant::now() + MOMENT;
    loop {
        match flock(directory.descriptor(), FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < until => thread::sleep(PAUSE),
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds the lock for too long"));
            }
            locked => return locked.map(|()| Turn { _locked: directory }).map_err(io::Error::from),
        }
    }
}

/// Opens the lock file read-only: a file open for writing would prevent remounting its file system read-only. On a
/// read-only file system, an existing lock file can still be locked.
fn lock_file(directory: &Directory) -> io::Result<File> {
    match directory.file_to_lock(LOCK_FILE) {
        Err(error) if error.kind() != io::ErrorKind::ReadOnlyFilesystem => Err(error),
        _ => directory.file(LOCK_FILE),
    }
}

fn say_which_process(directory: &Directory) -> io::Result<()> {
    let mut file = directory.file_to_lock(LOCK_FILE)?;
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn process_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_lock_holder_whatever_the_path() {
        let (state, log) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let same = state.path().join("..").join(state.path().file_name().unwrap());
        let held = FolderLock::take([state.path(), log.path(), &same]).unwrap();
        for folder in [state.path(), log.path(), &same] {
            let refused = FolderLock::take([folder]).unwrap_err();
            let LockError::Held { process, .. } = refused else { panic!("{refused}") };
            assert_eq!(process, Some(std::process::id()));
        }
        let other = tempfile::tempdir().unwrap();
        assert!(FolderLock::take([other.path(), log.path()]).is_err());
        drop(FolderLock::take([other.path()]).expect("what could not be locked as a whole is not locked in part"));
        drop(held);
        drop(FolderLock::take([state.path(), log.path()]).unwrap());
    }

    #[test]
    fn links_in_place_of_the_lock_file_are_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let victim = elsewhere.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join(LOCK_FILE)).unwrap();
        assert!(matches!(FolderLock::take([folder.path()]), Err(LockError::Refused { .. })));
        assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
        assert!(FolderLock::take([folder.path().join("none").as_path()]).is_err());
    }
}
