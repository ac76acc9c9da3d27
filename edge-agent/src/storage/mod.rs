//! Files that must survive a power cut, as operations small enough to be interrupted between any two of them.

mod folder;
mod memory;

pub use folder::Folder;
pub use memory::{Memory, Operation};

use std::io;

/// One folder of files. What was written may be lost until it is synced.
pub trait Storage: Send {
    /// The whole file; `None` if there is none.
    ///
    /// # Errors
    /// What the system says.
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>>;

    /// Appends to the file, which is made if there is none.
    ///
    /// # Errors
    /// What the system says; a part of the bytes may have been appended.
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to a length, which it has at least.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()>;

    /// What was written to the file is on the disk when this returns, and so is its name.
    ///
    /// # Errors
    /// What the system says; nothing is known then of what was written.
    fn sync(&mut self, file: &str) -> io::Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same behaviour of everything that stores.
    fn behaves(storage: &mut dyn Storage) {
        assert_eq!(storage.read("log").unwrap(), None);
        assert!(storage.truncate("log", 0).is_err());
        storage.append("log", b"one\n").unwrap();
        storage.append("log", b"two\nth").unwrap();
        storage.sync("log").unwrap();
        assert_eq!(storage.read("log").unwrap().as_deref(), Some(&b"one\ntwo\nth"[..]));
        storage.truncate("log", 8).unwrap();
        storage.sync("log").unwrap();
        assert_eq!(storage.read("log").unwrap().as_deref(), Some(&b"one\ntwo\n"[..]));
        assert_eq!(storage.read("other").unwrap(), None);
    }

    #[test]
    fn a_folder_and_memory_behave_alike() {
        let folder = tempfile::tempdir().unwrap();
        behaves(&mut Folder::at(folder.path()));
        behaves(&mut Memory::default());
    }
}
