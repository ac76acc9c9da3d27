//! Storage that is forgotten at the end, and that can fail when it is told to: for simulation and tests.

use super::Storage;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files in memory. Clones are the same storage.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    contents: Arc<Mutex<Contents>>,
}

/// What a storage was told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Append to a file.
    Append,
    /// Cut a file.
    Truncate,
    /// Bring a file to the disk.
    Sync,
}

#[derive(Debug, Default)]
struct Contents {
    files: BTreeMap<String, Vec<u8>>,
    failing: Option<Operation>,
}

impl Memory {
    /// From now on, this operation fails; `None` for none.
    pub fn fail_at(&self, operation: Option<Operation>) {
        self.contents().failing = operation;
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contents_for(&self, operation: Operation) -> io::Result<MutexGuard<'_, Contents>> {
        let contents = self.contents();
        if contents.failing == Some(operation) {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on device"));
        }
        Ok(contents)
    }
}

impl Storage for Memory {
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.contents().files.get(file).cloned())
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.contents_for(Operation::Append)?.files.entry(file.to_owned()).or_default().extend(bytes);
        Ok(())
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        let mut contents = self.contents_for(Operation::Truncate)?;
        let bytes = contents.files.get_mut(file).ok_or(io::ErrorKind::NotFound)?;
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn sync(&mut self, _file: &str) -> io::Result<()> {
        self.contents_for(Operation::Sync).map(drop)
    }
}
