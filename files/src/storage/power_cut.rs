//! A simulated disk whose power is cut at the n-th operation. Tests repeat this for every n.
//!
//! Data that was not synced may afterwards be lost, kept, or kept in part: [`Loss`] selects which.

use super::Storage;
use super::simulated::part;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A simulated disk. Clones share the same disk.
#[derive(Debug, Clone, Default)]
pub struct PowerCut {
    disk: Arc<Mutex<Disk>>,
}

/// Which unsynced changes a power cut loses. The contents and the names of files are lost or kept independently of each
/// other, as on real disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All unsynced changes are lost.
    All,
    /// Nothing is lost: all changes reached the disk in time.
    None,
    /// Names (created, renamed, removed) are kept, contents are lost: a file exists with less content.
    Contents,
    /// Contents are kept, names are lost.
    Names,
    /// This many bytes at the end of the last append are lost; names are kept.
    LastBytes(usize),
    /// The same, but the lost bytes are replaced by zeros: the length was written, the content was not.
    LastBytesZero(usize),
}

impl Loss {
    /// All kinds of loss, with every cut in an append of this many bytes.
    pub fn kinds(bytes: usize) -> impl Iterator<Item = Self> {
        let torn = (1..=bytes).flat_map(|lost| [Self::LastBytes(lost), Self::LastBytesZero(lost)]);
        [Self::All, Self::None, Self::Contents, Self::Names].into_iter().chain(torn)
    }
}

type FileNumber = usize;

#[derive(Debug, Default)]
struct Disk {
    files: Vec<Content>,
    names: BTreeMap<String, FileNumber>,
    synced_names: BTreeMap<String, FileNumber>,
    last_append: Option<(FileNumber, usize)>,
    operations: usize,
    /// The first operation that is not executed.
    cut_at: Option<usize>,
    /// The operation completes before the power is cut, but its caller gets no result.
    does_the_last: bool,
    /// The only operation that fails.
    fails_at: Option<usize>,
}

#[derive(Debug, Default, Clone)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
}

impl PowerCut {
    /// Cuts the power at the operation of this number, counted from 0 from now on. `does_it`: the operation completes,
    /// but its caller gets no result.
    pub fn cut_at(&self, operation: usize, does_it: bool) {
        let mut disk = self.disk();
        disk.operations = 0;
        disk.cut_at = Some(operation);
        disk.does_the_last = does_it;
    }

    /// Makes the operation of this number fail, counted from 0 from now on. All others succeed.
    pub fn fail_at(&self, operation: usize) {
        let mut disk = self.disk();
        disk.operations = 0;
        disk.fails_at = Some(operation);
    }

    /// Whether the power was cut.
    pub fn is_off(&self) -> bool {
        let disk = self.disk();
        disk.cut_at.is_some_and(|cut_at| disk.operations > cut_at)
    }

    /// The number of bytes of the last append, if it may still be lost.
    pub fn last_append(&self) -> usize {
        self.disk().last_append.map_or(0, |(_, bytes)| bytes)
    }

    /// The disk after the power is restored.
    pub fn after(&self, loss: Loss) -> Self {
        let disk = self.disk();
        let keeps_names = !matches!(loss, Loss::All | Loss::Names);
        let keeps_contents = !matches!(loss, Loss::All | Loss::Contents);
        let names = if keeps_names { &disk.names } else { &disk.synced_names };
        let found = names.iter().map(|(name, &number)| {
            let content = &disk.files[number];
            let mut bytes = if keeps_contents { content.bytes.clone() } else { content.synced.clone() };
            if let (Loss::LastBytes(lost) | Loss::LastBytesZero(lost), Some((appended, length))) =
                (loss, disk.last_append)
                && appended == number
            {
                let end = bytes.len();
                bytes.truncate(end - lost.min(length));
                if matches!(loss, Loss::LastBytesZero(_)) {
                    bytes.resize(end, 0);
                }
            }
            (name.clone(), bytes)
        });
        let mut after = Disk::default();
        for (number, (name, bytes)) in found.enumerate() {
            after.files.push(Content { synced: bytes.clone(), bytes });
            after.names.insert(name, number);
        }
        after.synced_names = after.names.clone();
        Self { disk: Arc::new(Mutex::new(after)) }
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Executes an operation that changes the disk, unless the power is off.
    fn change<T>(&self, operation: impl FnOnce(&mut Disk) -> io::Result<T>) -> io::Result<T> {
        let mut disk = self.disk();
        let number = disk.operations;
        disk.operations += 1;
        if disk.fails_at == Some(number) {
            return Err(io::Error::other("the disk fails"));
        }
        match disk.cut_at {
            Some(cut_at) if number >= cut_at => {
                if number == cut_at && disk.does_the_last {
                    operation(&mut disk).ok();
                }
                Err(io::Error::other("the power is cut"))
            }
            _ => operation(&mut disk),
        }
    }
}

impl Disk {
    fn numbered(&self, file: &str) -> io::Result<FileNumber> {
        self.names.get(file).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn made(&mut self, file: &str) -> FileNumber {
        let next = self.files.len();
        let number = *self.names.entry(file.to_owned()).or_insert(next);
        if number == next {
            self.files.push(Content::default());
        }
        number
    }
}

impl Storage for PowerCut {
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>> {
        let disk = self.disk();
        Ok(disk.names.get(file).map(|&number| disk.files[number].bytes.clone()))
    }

    fn read_from(&mut self, file: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let disk = self.disk();
        let number = disk.numbered(file)?;
        Ok(part(&disk.files[number].bytes, offset, bytes).to_vec())
    }

    fn length(&mut self, file: &str) -> io::Result<Option<u64>> {
        let disk = self.disk();
        Ok(disk.names.get(file).map(|&number| disk.files[number].bytes.len() as u64))
    }

    fn list(&mut self) -> io::Result<Vec<String>> {
        Ok(self.disk().names.keys().cloned().collect())
    }

    fn create(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        if self.disk().names.contains_key(file) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.append(file, bytes)
    }

    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.change(|disk| {
            let number = disk.made(file);
            disk.files[number].bytes.extend(bytes);
            disk.last_append = Some((number, bytes.len()));
            Ok(())
        })
    }

    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()> {
        self.change(|disk| {
            let number = disk.numbered(file)?;
            disk.files[number].bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
            disk.last_append = None;
            Ok(())
        })
    }

    fn reserve(&mut self, file: &str, _bytes: u64) -> io::Result<()> {
        self.change(|disk| {
            disk.made(file);
            Ok(())
        })
    }

    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.change(|disk| {
            let number = disk.numbered(file)?;
            disk.files[number].synced = disk.files[number].bytes.clone();
            disk.synced_names = disk.names.clone();
            if disk.last_append.is_some_and(|(appended, _)| appended == number) {
                disk.last_append = None;
            }
            Ok(())
        })
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.change(|disk| {
            let number = disk.names.remove(from).ok_or(ErrorKind::NotFound)?;
            disk.names.insert(to.to_owned(), number);
            Ok(())
        })
    }

    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.change(|disk| disk.names.remove(file).map(drop).ok_or_else(|| ErrorKind::NotFound.into()))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.change(|disk| {
            disk.synced_names = disk.names.clone();
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(disk: &PowerCut, file: &str) -> Option<String> {
        disk.clone().read(file).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_was_not_synced_may_be_lost() {
        let mut disk = PowerCut::default();
        disk.append("log", b"synced,").unwrap();
        disk.sync("log").unwrap();
        disk.append("log", b"not").unwrap();
        for (loss, expected) in [
            (Loss::All, "synced,"),
            (Loss::None, "synced,not"),
            (Loss::Contents, "synced,"),
            (Loss::LastBytes(2), "synced,n"),
            (Loss::LastBytes(9), "synced,"),
            (Loss::LastBytesZero(1), "synced,no\0"),
        ] {
            assert_eq!(read(&disk.after(loss), "log").as_deref(), Some(expected), "{loss:?}");
        }
    }

    #[test]
    fn names_may_be_lost() {
        let mut disk = PowerCut::default();
        disk.append("old", b"1").unwrap();
        disk.sync("old").unwrap();
        disk.rename("old", "new").unwrap();
        assert_eq!(read(&disk.after(Loss::Names), "old").as_deref(), Some("1"));
        assert_eq!(read(&disk.after(Loss::None), "new").as_deref(), Some("1"));
        disk.sync_names().unwrap();
        assert_eq!(read(&disk.after(Loss::Names), "new").as_deref(), Some("1"));
    }

    /// Whichever operation the power is cut at, a replaced file has either its old or its new content, complete.
    #[test]
    fn no_file_is_partly_replaced() {
        let mut outcomes = Vec::new();
        for operation in 0.. {
            let mut disk = PowerCut::default();
            disk.replace("db", b"old").unwrap();
            disk.cut_at(operation, operation % 2 == 0);
            let replaced = disk.replace("db", b"newer");
            for loss in Loss::kinds(disk.last_append()) {
                let found = read(&disk.after(loss), "db").unwrap();
                assert!(found == "newer" || replaced.is_err() && found == "old", "{operation}, {loss:?}: {found}");
                outcomes.push(found);
            }
            if !disk.is_off() {
                assert!(replaced.is_ok());
                break;
            }
        }
        assert!(outcomes.contains(&"old".to_owned()) && outcomes.contains(&"newer".to_owned()));
    }
}
