//! Files that outlive a run, one for each photo, in folders that only their owner may enter.
//!
//! They hold biometric data. The layout is the same for every kind of entry, `root/kind/model/photo`, so that
//! [`clear`] and [`forget`] find them all. What an entry contains is the responsibility of the caller.

use sha2::{Digest, Sha256};
use shared::gallery::{ModelHash, PhotoDigest};
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Length of the SHA-256 before the contents of an entry.
const CHECKSUM_BYTES: usize = 32;

/// The entries of one kind and model.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens the entries of one kind and model, in folders that only their owner may enter. `kind` is the name of a
    /// folder, with the version of the entries' format: entries of other versions are not found.
    ///
    /// # Errors
    /// If a folder cannot be created or its permissions cannot be set.
    pub fn open(root: &Path, kind: &str, model: &ModelHash) -> io::Result<Self> {
        let of_kind = root.join(kind);
        let folder = of_kind.join(model.to_string());
        [root, &of_kind, &folder].into_iter().try_for_each(make_private)?;
        Ok(Self { folder })
    }

    /// Reads the entry of a photo; `None` if there is none, or it is damaged.
    pub fn read(&self, photo: PhotoDigest) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.entry(photo)).ok()?;
        let (checksum, contents) = bytes.split_at_checked(CHECKSUM_BYTES)?;
        if checksum != Sha256::digest(contents).as_slice() {
            return None;
        }
        bytes.drain(..CHECKSUM_BYTES);
        Some(bytes)
    }

    /// Writes the entry of a photo, completely or not at all.
    ///
    /// # Errors
    /// If it cannot be written; an entry from before is then unchanged.
    pub fn write(&self, photo: PhotoDigest, contents: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&Sha256::digest(contents))?;
        file.write_all(contents)?;
        file.persist(self.entry(photo)).map(drop).map_err(|refused| refused.error)
    }

    fn entry(&self, photo: PhotoDigest) -> PathBuf {
        self.folder.join(photo.to_string())
    }
}

/// Removes every entry and the folder. Returns the number of removed bytes.
///
/// # Errors
/// If a file or folder cannot be removed.
pub fn clear(root: &Path) -> io::Result<u64> {
    let bytes = size(root)?;
    match fs::remove_dir_all(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        removed => removed.map(|()| bytes),
    }
}

/// Removes the entries of these photos, of all kinds and models. Returns the removed files.
///
/// # Errors
/// If a file cannot be removed.
pub fn forget(root: &Path, photos: &[PhotoDigest]) -> io::Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for kind in subfolders(root)? {
        for model in subfolders(&kind)? {
            for photo in photos {
                let entry = model.join(photo.to_string());
                match fs::remove_file(&entry) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    outcome => outcome.map(|()| removed.push(entry))?,
                }
            }
        }
    }
    Ok(removed)
}

/// The folders in a folder; none if it does not exist.
fn subfolders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}

/// Total size of all files below a folder, in bytes; 0 if it does not exist.
///
/// # Errors
/// If the folder cannot be read.
pub fn size(root: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += if found.is_dir() { size(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: PhotoDigest = PhotoDigest([1; 8]);
    const BEN: PhotoDigest = PhotoDigest([2; 8]);

    fn opened(root: &Path, kind: &str, model: u8) -> Store {
        Store::open(root, kind, &ModelHash([model; 32])).unwrap()
    }

    #[test]
    fn entries_are_found_only_under_their_own_kind_model_and_photo() {
        let root = tempfile::tempdir().unwrap();
        let store = opened(root.path(), "kind-1", 1);
        assert_eq!(store.read(ADA), None);
        store.write(ADA, b"first").unwrap();
        store.write(ADA, b"second").unwrap();
        store.write(BEN, b"").unwrap();
        assert_eq!((store.read(ADA), store.read(BEN)), (Some(b"second".to_vec()), Some(Vec::new())));
        for other in [opened(root.path(), "kind-2", 1), opened(root.path(), "kind-1", 2)] {
            assert_eq!(other.read(ADA), None);
        }
        assert_eq!(fs::read_dir(&store.folder).unwrap().count(), 2, "nothing temporary is left");
    }

    #[test]
    fn a_damaged_entry_is_none() {
        let root = tempfile::tempdir().unwrap();
        let store = opened(root.path(), "kind-1", 1);
        store.write(ADA, b"contents").unwrap();
        let whole = fs::read(store.entry(ADA)).unwrap();
        for at in 0..whole.len() {
            fs::write(store.entry(ADA), &whole[..at]).unwrap();
            assert_eq!(store.read(ADA), None, "cut off at {at}");
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(store.entry(ADA), changed).unwrap();
            assert_eq!(store.read(ADA), None, "changed at {at}");
        }
    }

    #[test]
    fn forgetting_a_photo_removes_its_entries_of_every_kind_and_model() {
        let root = tempfile::tempdir().unwrap();
        let stores = [("kind-1", 1), ("kind-1", 2), ("kind-2", 1), ("kind-2", 2)]
            .map(|(kind, model)| opened(root.path(), kind, model));
        for (store, photo) in stores.iter().flat_map(|store| [(store, ADA), (store, BEN)]) {
            store.write(photo, b"face").unwrap();
        }
        assert_eq!(forget(root.path(), &[ADA]).unwrap().len(), 4);
        for store in &stores {
            assert_eq!((store.read(ADA), store.read(BEN)), (None, Some(b"face".to_vec())));
        }
        assert!(forget(root.path(), &[ADA]).unwrap().is_empty());
        assert!(forget(&root.path().join("none"), &[ADA]).unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn an_existing_folder_is_restricted_to_its_owner_too() {
        use std::os::unix::fs::PermissionsExt;
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("cache");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let store = opened(&root, "kind-1", 1);
        store.write(ADA, b"face").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([&root, &root.join("kind-1"), &store.folder].map(|folder| mode(folder)), [0o700; 3]);
        assert_eq!(mode(&store.entry(ADA)), 0o600);
        assert!(clear(&root).unwrap() > 0);
        assert!(!root.exists());
        assert_eq!(clear(&root).unwrap(), 0);
    }
}
