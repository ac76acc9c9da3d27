//! A file that is written first and put in place later, for callers that must wait for a lock in between.

use crate::storage::part_of;
use crate::{Directory, NotSynced, folder_of, name_of};
use std::fs::File;
use std::io;
use std::path::Path;

/// A new file beside the file that it will replace. It has an unpredictable name, and only its owner has access. It is
/// removed unless it is put in place.
#[derive(Debug)]
pub struct StagedFile {
    directory: Directory,
    part: String,
    name: String,
    file: File,
}

impl StagedFile {
    /// Creates the file. A caller that runs as root must first change to the owner of the folder.
    ///
    /// # Errors
    /// The error of the operating system; `InvalidInput` if the path does not end in a name.
    pub fn beside(path: &Path) -> io::Result<Self> {
        let name = name_of(path)?;
        let (directory, part) = (Directory::open(folder_of(path))?, part_of(name)?);
        let file = directory.new_file(&part, 0o600)?;
        Ok(Self { directory, part, name: name.to_owned(), file })
    }

    /// The file, for writing.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Syncs the file and renames it to its final name.
    ///
    /// # Errors
    /// The error of the operating system; [`NotSynced`] if the file is in place but a power cut could restore the old
    /// one.
    pub fn put(&self) -> io::Result<()> {
        self.file.sync_all()?;
        self.directory.rename(&self.part, &self.name)?;
        self.directory.sync().map_err(NotSynced::caused_by)
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        // Fails if the file was put in place.
        self.directory.remove(&self.part).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    #[test]
    fn a_staged_file_appears_only_when_it_is_published() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        let staged = |bytes: &[u8]| {
            let mut staged = StagedFile::beside(&path).unwrap();
            staged.file().write_all(bytes).unwrap();
            staged
        };
        drop(staged(b"dropped"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let (one, other) = (staged(b"one"), staged(b"other"));
        assert!(!path.exists());
        other.put().unwrap();
        one.put().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        drop((one, other));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(StagedFile::beside(Path::new("/nowhere/people.db")).is_err());
    }
}
