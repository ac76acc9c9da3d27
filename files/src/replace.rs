//! Atomic replacement of files given by path.

use crate::owner::{OwnerError, as_owner_of};
use crate::storage::{Folder, NotSynced, exchange};
use crate::{Directory, folder_of, name_of};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use terminal::ShowPath;

/// Why a file was not written, or may not be durable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The path exists but is not a regular file.
    #[error("cannot replace {}: it is not a regular file", path.shown())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused. The old file is unchanged.
    #[error("cannot write {}: {source}; what was there before is unchanged", path.shown())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The new file is in place, but a power cut could restore the old one.
    #[error("{}: {source}", path.shown())]
    NotSynced {
        /// The file.
        path: PathBuf,
        /// The [`NotSynced`] error.
        source: io::Error,
    },
    /// Root refuses to write to this folder.
    #[error(transparent)]
    Owner(#[from] OwnerError),
}

/// The permissions of a new file. An existing file keeps its permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only the owner can read it.
    Private,
    /// The umask decides.
    Public,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o666,
        }
    }
}

/// Checks before long work whether [`replace`] can succeed: the folder exists and is writable, and the path is a
/// regular file or does not exist.
///
/// # Errors
/// [`WriteError`]
pub fn require_replaceable(path: &Path) -> Result<(), WriteError> {
    in_folder_of(path, |target, _| Directory::open(folder_of(target))?.try_writing())
}

/// Replaces the content of the file with `bytes`. A symbolic link is kept, and its target is replaced. Root writes as
/// the owner of the folder.
///
/// # Errors
/// [`WriteError`]; the old file is unchanged, unless the error is [`WriteError::NotSynced`].
pub fn replace(path: &Path, access: Access, bytes: &[u8]) -> Result<(), WriteError> {
    replace_with(path, access, |file| file.write_all(bytes))
}

/// Replaces the file with a new one that a function writes. If the function fails, the old file is unchanged.
///
/// # Errors
/// As [`replace`].
pub fn replace_with(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), WriteError> {
    in_folder_of(path, |target, name| {
        exchange(&mut Folder::at(folder_of(target)), name, |folder, part| {
            let directory = folder.directory()?;
            let mut file = directory.new_file(part, access.mode())?;
            write(&mut file)?;
            keep_permissions(&directory, name, &file)
        })
    })
}

fn keep_permissions(directory: &Directory, name: &str, new: &File) -> io::Result<()> {
    match directory.file(name).and_then(|old| old.metadata()) {
        // Drops the set-user-ID, set-group-ID and sticky bits.
        Ok(old) => new.set_permissions(Permissions::from_mode(old.permissions().mode() & 0o777)),
        Err(_) => Ok(()),
    }
}

/// Runs a function on the target of this path, as the owner of its folder.
fn in_folder_of(path: &Path, act: impl FnOnce(&Path, &str) -> io::Result<()>) -> Result<(), WriteError> {
    let refused = |source| match NotSynced::is_cause_of(&source) {
        true => WriteError::NotSynced { path: path.to_owned(), source },
        false => WriteError::Refused { path: path.to_owned(), source },
    };
    as_owner_of(&[path], || {
        let target = target_of(path)?;
        name_of(&target).and_then(|name| act(&target, name)).map_err(refused)
    })?
}

fn target_of(path: &Path) -> Result<PathBuf, WriteError> {
    let refused = |source| WriteError::Refused { path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(WriteError::NotAFile { path: path.to_owned() }),
        Ok(_) => fs::canonicalize(path).map_err(refused),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.file_name().is_some() => Ok(path.to_owned()),
        Err(error) => Err(refused(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn files_are_created_and_replaced_without_leftovers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        for content in ["one", "another"] {
            require_replaceable(&path).unwrap();
            replace(&path, Access::Private, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            assert_eq!(names_in(folder.path()), ["people.db"]);
        }
    }

    #[test]
    fn unreplaceable_paths_are_detected_in_advance() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        for path in [folder.path().to_owned(), inside("no folder/people.db"), "/dev/null".into(), inside("..")] {
            assert!(require_replaceable(&path).is_err(), "{}", path.shown());
            assert!(replace(&path, Access::Private, b"x").is_err(), "{}", path.shown());
        }
        assert!(names_in(folder.path()).is_empty());
    }

    #[test]
    fn a_public_file_is_made_as_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        replace(&ours, Access::Public, b"one").unwrap();
        fs::write(&plain, b"one").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!((fs::read(&ours).unwrap(), mode(&ours)), (b"one".to_vec(), mode(&plain)));
    }

    #[test]
    fn a_link_stays_and_permissions_stay() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("people.db"), folder.path().join("link.db"));
        replace(&file, Access::Private, b"one").unwrap();
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, Access::Private, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(mode(), 0o640);
    }
}
