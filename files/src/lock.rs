//! One process for each folder: the holder of a folder's lock says which process it is, and the system lets go of it
//! when that process ends, however it ends.

use crate::Directory;
use rustix::fs::{FlockOperation, flock, fstat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use terminal::ShowPath;

/// The file that is locked. It stays when nobody holds it: to remove it would let two hold a lock.
const LOCK_FILE: &str = "unit.lock";

/// To read, change and replace a small file takes less.
const MOMENT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// Why a folder is not ours.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process holds it.
    #[error("{} is used by another process{}", folder.shown(), numbered(*process))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// Which process; `None` if it could not write that down.
        process: Option<u32>,
    },
    /// The system refused.
    #[error("{} cannot be locked: {source}", folder.shown())]
    Refused {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn numbered(process: Option<u32>) -> String {
    process.map_or_else(String::new, |process| format!(" (pid {process})"))
}

/// The folders of a unit are this process's alone as long as this lives.
#[derive(Debug)]
#[must_use = "the folders are locked while this lives"]
pub struct FolderLock {
    _files: Vec<File>,
}

impl FolderLock {
    /// Locks all these folders, or none. A folder that is named twice, even by different paths, is locked once.
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
        // Which process it is helps people; a disk that is full or read-only says nothing against the lock.
        for (directory, _) in &files {
            let _unknown = say_which_process(directory);
        }
        Ok(Self { _files: files.into_iter().map(|(_, file)| file).collect() })
    }
}

/// A folder that others wait for.
#[derive(Debug)]
#[must_use = "others wait while this lives"]
pub struct Turn {
    _locked: Directory,
}

/// Keeps others who wait for the same folder out for a moment: a file that is read, changed and replaced meanwhile loses no
/// change. A unit that runs does not hold this.
///
/// # Errors
/// If it cannot be opened or locked, or somebody holds it for longer than a moment.
pub fn wait_for_folder(folder: &Path) -> io::Result<Turn> {
    let directory = Directory::open(folder)?;
    let until = Instant::now() + MOMENT;
    loop {
        match flock(directory.descriptor(), FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < until => thread::sleep(PAUSE),
            Err(Errno::WOULDBLOCK) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds it for too long"));
            }
            locked => return locked.map(|()| Turn { _locked: directory }).map_err(io::Error::from),
        }
    }
}

/// Open to be read: a file that is open to be written would keep its file system from being made read-only. On one that is
/// read-only already, a file that is there can still be locked.
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
    fn a_folder_is_one_holders_by_whatever_path() {
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
    fn what_is_in_the_way_of_the_lock_is_not_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let victim = elsewhere.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join(LOCK_FILE)).unwrap();
        assert!(matches!(FolderLock::take([folder.path()]), Err(LockError::Refused { .. })));
        assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
        assert!(FolderLock::take([folder.path().join("none").as_path()]).is_err());
    }
}
