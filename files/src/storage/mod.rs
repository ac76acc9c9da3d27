//! Storage that survives power cuts: file operations so small that the power can fail between any two of them.

mod folder;
pub mod power_cut;
mod simulated;

pub use folder::Folder;
pub use simulated::{Memory, Operation};

use std::io;

/// The suffix of an incomplete file.
const PART: &str = ".part";

/// The file was replaced, but syncing its folder failed: a power cut may restore the old file.
#[derive(Debug, thiserror::Error)]
#[error("it was replaced, but its folder could not be synced ({source}): a power cut may restore the old file")]
pub struct NotSynced {
    source: io::Error,
}

impl NotSynced {
    /// Makes an I/O error with this cause.
    pub(crate) fn caused_by(source: io::Error) -> io::Error {
        io::Error::new(source.kind(), Self { source })
    }

    /// Whether this is the cause of the error.
    #[must_use]
    pub fn is_cause_of(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|cause| cause.is::<Self>())
    }
}

/// A folder of files. Until the file is synced, written data may be lost; until the names are synced, renaming and
/// removing may be undone.
pub trait Storage: Send {
    /// Reads the whole file; `None` if it does not exist.
    ///
    /// # Errors
    /// The error of the operating system.
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>>;

    /// Reads at most this many bytes of the file from an offset; fewer at its end, none after it.
    ///
    /// # Errors
    /// The error of the operating system; `NotFound` if there is no such file.
    fn read_from(&mut self, file: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>>;

    /// The length of the file in bytes; `None` if it does not exist.
    ///
    /// # Errors
    /// The error of the operating system.
    fn length(&mut self, file: &str) -> io::Result<Option<u64>>;

    /// The names of all files, sorted. Names that are not UTF-8 are omitted.
    ///
    /// # Errors
    /// The error of the operating system.
    fn list(&mut self) -> io::Result<Vec<String>>;

    /// Creates a new file.
    ///
    /// # Errors
    /// The error of the operating system; `AlreadyExists` if the name exists. The file may exist with a part of the
    /// bytes.
    fn create(&mut self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Appends to the file. Creates it if it does not exist.
    ///
    /// # Errors
    /// The error of the operating system; a part of the bytes may have been appended.
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Truncates the file to a length, which must not be above its current length. Reserved space after it may be lost.
    ///
    /// # Errors
    /// The error of the operating system.
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()>;

    /// Reserves space so that this many bytes can be appended to the file even if the disk becomes full. Does not
    /// change the length of the file. Creates the file if it does not exist.
    ///
    /// # Errors
    /// The error of the operating system: the disk is already full, or does not support reservations (`Unsupported`).
    fn reserve(&mut self, file: &str, bytes: u64) -> io::Result<()>;

    /// Syncs the file's data and its name to the disk.
    ///
    /// # Errors
    /// The error of the operating system; the state of the written data is then unknown.
    fn sync(&mut self, file: &str) -> io::Result<()>;

    /// Renames the file. Replaces an existing file of the new name.
    ///
    /// # Errors
    /// The error of the operating system.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes the file.
    ///
    /// # Errors
    /// The error of the operating system; `NotFound` if there is no such file.
    fn remove(&mut self, file: &str) -> io::Result<()>;

    /// Syncs the names to the disk: renaming and removing is durable when this returns.
    ///
    /// # Errors
    /// The error of the operating system.
    fn sync_names(&mut self) -> io::Result<()>;

    /// Replaces the content of the file atomically: after an interruption, the file has either its old or its new
    /// content, complete. When this returns, it has the new content. Leftovers of interrupted attempts are removed
    /// first, so nobody else may replace the same file at the same time.
    ///
    /// # Errors
    /// The error of the operating system; the file is unchanged, unless the error is [`NotSynced`].
    fn replace(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        remove_parts(self, file)?;
        exchange(self, file, |storage, part| storage.create(part, bytes))
    }
}

/// Removes new files that a power cut left behind before they were renamed.
pub(crate) fn remove_parts<S: Storage + ?Sized>(storage: &mut S, file: &str) -> io::Result<()> {
    storage.list()?.into_iter().filter(|name| is_part_of(file, name)).try_for_each(|left| storage.remove(&left))
}

/// Replaces a file: creates the new one beside it, syncs it, renames it, and syncs the folder.
pub(crate) fn exchange<S: Storage + ?Sized>(
    storage: &mut S,
    file: &str,
    create: impl FnOnce(&mut S, &str) -> io::Result<()>,
) -> io::Result<()> {
    let part = part_of(file)?;
    let renamed = create(storage, &part).and_then(|()| storage.sync(&part)).and_then(|()| storage.rename(&part, file));
    if let Err(error) = renamed {
        let _not_there = storage.remove(&part);
        return Err(error);
    }
    storage.sync_names().map_err(NotSynced::caused_by)
}

/// An unpredictable name for the new file, so that nobody can create a file of that name beforehand.
pub(crate) fn part_of(file: &str) -> io::Result<String> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    Ok(format!(".{file}.{random:016x}{PART}"))
}

fn is_part_of(file: &str, name: &str) -> bool {
    let random = name
        .strip_prefix('.')
        .and_then(|name| name.strip_prefix(file))
        .and_then(|name| name.strip_prefix('.'))
        .and_then(|name| name.strip_suffix(PART));
    random.is_some_and(|random| random.len() == 16 && random.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use power_cut::PowerCut;
    use std::io::ErrorKind;

    /// Tests that all implementations behave the same.
    fn behaves(storage: &mut dyn Storage) {
        assert_eq!(storage.read("log").unwrap(), None);
        assert_eq!(storage.length("log").unwrap(), None);
        assert_eq!(storage.read_from("log", 0, 1).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(storage.truncate("log", 0).is_err());
        assert!(storage.list().unwrap().is_empty());
        storage.append("log", b"one\n").unwrap();
        storage.append("log", b"two\nth").unwrap();
        storage.sync("log").unwrap();
        assert_eq!(storage.read("log").unwrap().as_deref(), Some(&b"one\ntwo\nth"[..]));
        assert_eq!(storage.length("log").unwrap(), Some(10));
        for (offset, bytes, expected) in [(0, 3, &b"one"[..]), (8, 100, b"th"), (10, 1, b""), (99, 1, b""), (4, 0, b"")]
        {
            assert_eq!(storage.read_from("log", offset, bytes).unwrap(), expected, "{offset}");
        }
        storage.truncate("log", 8).unwrap();
        storage.sync("log").unwrap();
        assert_eq!(storage.read("log").unwrap().as_deref(), Some(&b"one\ntwo\n"[..]));
        assert_eq!(storage.read("other").unwrap(), None);
    }

    fn names_behave(storage: &mut dyn Storage) {
        storage.append("a", b"old").unwrap();
        storage.append("b", b"new").unwrap();
        assert_eq!(storage.list().unwrap(), ["a", "b"]);
        storage.rename("b", "a").unwrap();
        storage.sync_names().unwrap();
        assert_eq!(storage.list().unwrap(), ["a"]);
        assert_eq!(storage.read("a").unwrap().as_deref(), Some(&b"new"[..]));
        assert_eq!(storage.rename("b", "a").unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(storage.remove("b").unwrap_err().kind(), ErrorKind::NotFound);
        storage.create(".a.0123456789abcdef.part", b"left by a power cut").unwrap();
        assert_eq!(storage.create("a", b"other").unwrap_err().kind(), ErrorKind::AlreadyExists);
        storage.replace("a", b"newer").unwrap();
        storage.replace("c", b"").unwrap();
        assert_eq!(storage.list().unwrap(), ["a", "c"]);
        assert_eq!(storage.read("a").unwrap().as_deref(), Some(&b"newer"[..]));
        storage.remove("a").unwrap();
        storage.remove("c").unwrap();
        storage.sync_names().unwrap();
        assert!(storage.list().unwrap().is_empty());
    }

    fn a_reserve_is_not_seen(storage: &mut dyn Storage) {
        match storage.reserve("log", 10_000) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                eprintln!("skipped: this file system reserves nothing: {error}");
                return;
            }
            reserved => reserved.unwrap(),
        }
        assert_eq!(storage.length("log").unwrap(), Some(0));
        storage.append("log", b"one").unwrap();
        storage.reserve("log", 10_000).unwrap();
        assert_eq!(storage.read("log").unwrap().as_deref(), Some(&b"one"[..]));
        storage.append("log", b"two").unwrap();
        storage.sync("log").unwrap();
        assert_eq!(storage.read("log").unwrap().as_deref(), Some(&b"onetwo"[..]));
    }

    /// A regression: if the folder could not be synced, the message said that nothing had changed.
    #[test]
    fn an_error_after_the_exchange_says_that_it_was_done() {
        let mut disk = PowerCut::default();
        disk.replace("db", b"old").unwrap();
        let mut told = Vec::new();
        for operation in 0.. {
            let mut disk = disk.after(power_cut::Loss::None);
            disk.fail_at(operation);
            let Err(error) = disk.replace("db", b"new") else { break };
            let found = disk.read("db").unwrap().unwrap();
            assert_eq!(NotSynced::is_cause_of(&error), found == b"new", "operation {operation}: {error}");
            assert_eq!(disk.list().unwrap(), ["db"], "nothing is left beside");
            told.push(error.to_string());
        }
        assert!(told.last().unwrap().contains("it was replaced"), "{told:?}");
    }

    #[test]
    fn all_storages_behave_alike() {
        for behaviour in [behaves, names_behave, a_reserve_is_not_seen] {
            let folder = tempfile::tempdir().unwrap();
            behaviour(&mut Folder::at(folder.path()));
            behaviour(&mut Memory::default());
            behaviour(&mut PowerCut::default());
        }
    }
}
