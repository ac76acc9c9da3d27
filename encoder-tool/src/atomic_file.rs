//! A file that is replaced whole or not at all: written beside, synced, renamed, the folder synced.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// Why a file was not written. What was there before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum WriteError {
    /// There is something else than a file in its place.
    #[error("{} is not a file that could be replaced", path.display())]
    NotAFile {
        /// The place.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot write {}: {source}; what was there before is unchanged", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Finds out, before the work is done, whether [`replace`] has a chance: the folder is there and may be written, and
/// nothing but a file is in its place.
///
/// # Errors
/// [`WriteError`]
pub(crate) fn require_replaceable(path: &Path) -> Result<(), WriteError> {
    let target = target_of(path)?;
    beside(&target).map_err(|source| WriteError::Refused { path: path.to_owned(), source })?;
    Ok(())
}

/// Replaces the file by one that holds `bytes`. A new file may be read by its owner only, a replaced one keeps its
/// permissions. A symbolic link stays, and what it leads to is replaced.
///
/// # Errors
/// [`WriteError`]; the old file is then still there and whole.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    replace_with(path, bytes, beside)
}

/// Like [`replace`], but a new file may be read by whoever the umask lets: for what is no secret.
///
/// # Errors
/// [`WriteError`]; the old file is then still there and whole.
pub(crate) fn replace_public(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    replace_with(path, bytes, public_beside)
}

fn replace_with(path: &Path, bytes: &[u8], make: fn(&Path) -> io::Result<NamedTempFile>) -> Result<(), WriteError> {
    let target = target_of(path)?;
    let written = make(&target).and_then(|file| write_and_rename(file, &target, bytes));
    written.map_err(|source| WriteError::Refused { path: path.to_owned(), source })
}

fn write_and_rename(mut file: NamedTempFile, target: &Path, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(target) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target).map_err(|refused| refused.error)?;
    File::open(folder_of(target))?.sync_all()
}

fn beside(target: &Path) -> io::Result<NamedTempFile> {
    part().tempfile_in(folder_of(target))
}

fn public_beside(target: &Path) -> io::Result<NamedTempFile> {
    let mut part = part();
    #[cfg(unix)]
    part.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    part.tempfile_in(folder_of(target))
}

fn part() -> Builder<'static, 'static> {
    let mut part = Builder::new();
    part.prefix(".encoder-tool-").suffix(".part");
    part
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
    fn new_and_old_files_are_replaced_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        for content in ["one", "another"] {
            require_replaceable(&path).unwrap();
            replace(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            assert_eq!(names_in(folder.path()), ["people.db"]);
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_known_beforehand() {
        let folder = tempfile::tempdir().unwrap();
        let inside = |name: &str| folder.path().join(name);
        for path in [folder.path().to_owned(), inside("no folder/people.db"), "/dev/null".into(), inside("..")] {
            assert!(require_replaceable(&path).is_err(), "{}", path.display());
            assert!(replace(&path, b"x").is_err(), "{}", path.display());
        }
        assert!(names_in(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_public_file_is_made_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        replace_public(&ours, b"one").unwrap();
        fs::write(&plain, b"one").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!((fs::read(&ours).unwrap(), mode(&ours)), (b"one".to_vec(), mode(&plain)));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("people.db"), folder.path().join("link.db"));
        replace(&file, b"one").unwrap();
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(mode(), 0o640);
    }
}
