//! Files that must survive a power cut, as operations small enough to be interrupted between any two of them.

mod folder;
mod memory;
pub mod power_cut;

pub use folder::Folder;
pub use memory::{Memory, Operation};

use std::io;

/// Ends the name of a file that is not whole yet.
const PART: &str = ".part";

/// The file was replaced, and then its folder could not be brought to the disk: after a power cut, the file before may be
/// there again.
#[derive(Debug, thiserror::Error)]
#[error("it was replaced, but its folder could not be synced ({source}): a power cut may bring the old one back")]
pub struct NotSynced {
    source: io::Error,
}

impl NotSynced {
    /// The error that has this for its cause.
    pub(crate) fn caused_by(source: io::Error) -> io::Error {
        io::Error::new(source.kind(), Self { source })
    }

    /// Whether this is what went wrong.
    #[must_use]
    pub fn is_cause_of(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|cause| cause.is::<Self>())
    }
}

/// One folder of files. What was written may be lost until it is synced, and what was renamed or removed may come back
/// until the names are.
pub trait Storage: Send {
    /// The whole file; `None` if there is none.
    ///
    /// # Errors
    /// What the system says.
    fn read(&mut self, file: &str) -> io::Result<Option<Vec<u8>>>;

    /// At most this many bytes of the file from a place on; fewer at its end, none behind it.
    ///
    /// # Errors
    /// What the system says; `NotFound` if there is no such file.
    fn read_from(&mut self, file: &str, offset: u64, bytes: usize) -> io::Result<Vec<u8>>;

    /// How many bytes the file has; `None` if there is none.
    ///
    /// # Errors
    /// What the system says.
    fn length(&mut self, file: &str) -> io::Result<Option<u64>>;

    /// The names of all files, in order. Names that are not UTF-8 are none of ours and left out.
    ///
    /// # Errors
    /// What the system says.
    fn list(&mut self) -> io::Result<Vec<String>>;

    /// Makes a file that was not there.
    ///
    /// # Errors
    /// What the system says; `AlreadyExists` if there is anything of that name. A part of the bytes may be there.
    fn create(&mut self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Appends to the file, which is made if there is none.
    ///
    /// # Errors
    /// What the system says; a part of the bytes may have been appended.
    fn append(&mut self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file to a length, which it has at least. What was reserved behind it may be lost.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&mut self, file: &str, length: u64) -> io::Result<()>;

    /// From now on, this many bytes can be appended to the file though the disk becomes full. It is as long as before, and
    /// is made if there is none.
    ///
    /// # Errors
    /// What the system says: the disk is full already, or cannot promise it (`Unsupported`).
    fn reserve(&mut self, file: &str, bytes: u64) -> io::Result<()>;

    /// What was written to the file is on the disk when this returns, and so is its name.
    ///
    /// # Errors
    /// What the system says; nothing is known then of what was written.
    fn sync(&mut self, file: &str) -> io::Result<()>;

    /// Gives the file another name, in place of the file that had it.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes the file.
    ///
    /// # Errors
    /// What the system says; `NotFound` if there is no such file.
    fn remove(&mut self, file: &str) -> io::Result<()>;

    /// Files that were renamed or removed stay so when this returns.
    ///
    /// # Errors
    /// What the system says.
    fn sync_names(&mut self) -> io::Result<()>;

    /// Rewrites the file, so that the old or the new content is there whole, whatever happens meanwhile; the new one
    /// when this returns. What power cuts left of earlier attempts is removed first, so nobody else may replace the same
    /// file at the same time.
    ///
    /// # Errors
    /// What the system says; the file is as it was, unless the error is [`NotSynced`].
    fn replace(&mut self, file: &str, bytes: &[u8]) -> io::Result<()> {
        for left in self.list()?.into_iter().filter(|name| is_part_of(file, name)) {
            self.remove(&left)?;
        }
        exchange(self, file, |storage, part| storage.create(part, bytes))
    }
}

/// Replaces a file: the new one is made beside it, synced, renamed, and the folder is synced.
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

/// A name that nobody can guess: nothing can be put in its way.
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

    /// The same behaviour of everything that stores.
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

    /// The folder could not be synced, and the message said that nothing had changed.
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
    fn all_of_them_behave_alike() {
        for behaviour in [behaves, names_behave, a_reserve_is_not_seen] {
            let folder = tempfile::tempdir().unwrap();
            behaviour(&mut Folder::at(folder.path()));
            behaviour(&mut Memory::default());
            behaviour(&mut PowerCut::default());
        }
    }
}
