//! Storage in memory with simulated faults, for simulation and tests.

use super::Storage;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Files in memory. Clones share the same files.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    contents: Arc<Mutex<Contents>>,
}

/// An operation of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Appending to a file.
    Append,
    /// Truncating a file.
    Truncate,
    /// Reserving space for a file.
    Reserve,
    /// Syncing a file or names.
    Sync,
    /// Renaming a file.
    Rename,
    /// Removing a file.
    Remove,
}

#[derive(Debug, Default)]
struct Contents {
    files: BTreeMap<String, Vec<u8>>,
    /// The end of the reserved space of each file, if it is after the end of the file.
    reserved: BTreeMap<String, u64>,
    failing: Option<Operation>,
    capacity: Option<u64>,
    is_read_only: bool,
}

impl Memory {
    /// Makes this operation fail from now on; `None` for no operation.
    pub fn fail_at(&self, operation: Option<Operation>) {
        self.contents().failing = operation;
    }

    /// Sets the size of the disk in bytes; `None` for an unlimited disk.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.contents().capacity = bytes;
    }

    /// Makes the disk read-only, like a disk remounted after a fault, or writable again.
    pub fn set_read_only(&self, is_read_only: bool) {
        self.contents().is_read_only = is_read_only;
    }

    /// The number of used bytes, including reserved ones.
    pub fn used(&self) -> u64 {
        self.contents().used()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contents_for(&self, operation: Operation) -> io::Result<MutexGuard<'_, Contents>> {
        let contents = self.contents();
        if contents.failing == Some(operation) {
            return Err(full());
        }
        if contents.is_read_only && operation != Operation::Sync {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(contents)
    }
}

impl Contents {
    fn used(&self) -> u64 {
        let reserved = |name| self.reserved.get(name).copied().unwrap_or(0);
        self.files.iter().map(|(name, bytes)| reserved(name).max(bytes.len() as u64)).sum()
    }

    fn free(&self) -> u64 {
        self.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(self.used()))
    }
}

impl Storage for Memory {
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.contents().files.get(file).cloned())
    }

    fn read_from(&mut self, file: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let contents = self.contents();
        let content = contents.files.get(file).ok_or(ErrorKind::NotFound)?;
        Ok(part(content, offset, bytes).to_vec())
    }

    fn length(&mut self, file: &str) -> io::Result<Option<u64>> {
        Ok(self.contents().files.get(file).map(|bytes| bytes.len() as u64))
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.contents().files.keys().cloned().collect())
    }

    fn create(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        if self.contents().files.contains_key(file) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.append(file, bytes)
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut contents = self.contents_for(Operation::Append)?;
        let length = contents.files.entry(file.to_owned()).or_default().len() as u64;
        let reserved = contents.reserved.get(file).map_or(0, |end| end.saturating_sub(length));
        let room = usize::try_from(reserved.saturating_add(contents.free())).unwrap_or(usize::MAX);
        let written = &bytes[..bytes.len().min(room)];
        contents.files.entry(file.to_owned()).or_default().extend(written);
        if written.len() < bytes.len() { Err(full()) } else { Ok(()) }
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        let mut contents = self.contents_for(Operation::Truncate)?;
        contents.reserved.remove(file);
        let bytes = contents.files.get_mut(file).ok_or(ErrorKind::NotFound)?;
        bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
        Ok(())
    }

    fn reserve(&mut self, file: &str, bytes: u64) -> io::Result<()> {
        let mut contents = self.contents_for(Operation::Reserve)?;
        let length = contents.files.entry(file.to_owned()).or_default().len() as u64;
        let held = contents.reserved.get(file).copied().unwrap_or(0).max(length);
        let wanted = held.max(length + bytes);
        if wanted - held > contents.free() {
            return Err(full());
        }
        contents.reserved.insert(file.to_owned(), wanted);
        Ok(())
    }

    fn sync(&mut self, _file: &str) -> io::Result<()> {
        self.sync_names()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let mut contents = self.contents_for(Operation::Rename)?;
        let bytes = contents.files.remove(from).ok_or(ErrorKind::NotFound)?;
        contents.files.insert(to.to_owned(), bytes);
        contents.reserved.remove(to);
        if let Some(end) = contents.reserved.remove(from) {
            contents.reserved.insert(to.to_owned(), end);
        }
        Ok(())
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        let mut contents = self.contents_for(Operation::Remove)?;
        contents.reserved.remove(file);
        contents.files.remove(file).map(drop).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.contents_for(Operation::Sync).map(drop)
    }
}

/// At most this many bytes from an offset.
pub(super) fn part(content: &[u8], offset: u64, bytes: usize) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
    &content[start..content.len().min(start.saturating_add(bytes))]
}

fn full() -> io::Error {
    io::Error::new(ErrorKind::StorageFull, "no space left on device")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_keeps_reserved_space() {
        let mut disk = Memory::default();
        disk.set_capacity(Some(10));
        disk.reserve("log", 4).unwrap();
        assert_eq!(disk.reserve("log", 11).unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(disk.append("other", b"1234567").unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(disk.read("other").unwrap().unwrap(), b"123456", "what fits is written");
        disk.append("log", b"1234").unwrap();
        assert!(disk.append("log", b"5").is_err());
        assert_eq!((disk.used(), disk.length("log").unwrap()), (10, Some(4)));
        disk.remove("other").unwrap();
        disk.append("log", b"5").unwrap();
        disk.set_read_only(true);
        assert_eq!(disk.append("log", b"6").unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    }
}
