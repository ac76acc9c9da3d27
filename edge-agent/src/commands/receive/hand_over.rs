//! Hands a database over to the unit: writes it to a temporary file, syncs it, and renames it when its turn has come.

use super::input::Written;
use files::{Directory, StagedFile, folder_of, name_of};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The pause between two attempts to take the lock.
const PAUSE: Duration = Duration::from_millis(50);

/// Why nothing was handed over.
#[derive(Debug)]
pub(super) enum NotHandedOver {
    /// The input is not what was announced.
    Input(io::Error),
    /// Another database is being handed over.
    Busy,
    /// A file operation failed.
    System { file: PathBuf, error: io::Error },
}

/// A complete database on the disk, in a temporary file with a unique name. The file is removed unless it is handed
/// over.
#[derive(Debug)]
pub(super) struct HandOver {
    staged: StagedFile,
    incoming: PathBuf,
    /// The locked file, held from the start of this database's turn until the verdict.
    turn: Option<File>,
}

impl HandOver {
    /// Writes the database to a temporary file beside the unit's database.
    ///
    /// # Errors
    /// [`NotHandedOver`]; no file is left behind.
    pub(super) fn stage(
        database: &Path,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<Self, NotHandedOver> {
        let incoming = beside(database, "incoming");
        let mut staged = StagedFile::beside(&incoming).map_err(refused(&incoming))?;
        write(staged.file()).map_err(|error| match Written::from(error) {
            Ok(error) => refused(&incoming)(error),
            Err(error) => NotHandedOver::Input(error),
        })?;
        // Before the lock is taken: the disk may be slow, and others would have to wait.
        staged.file().sync_all().map_err(refused(&incoming))?;
        Ok(Self { staged, incoming, turn: None })
    }

    /// Waits until no other database is being handed over.
    ///
    /// # Errors
    /// [`NotHandedOver::Busy`] if this takes longer than `patience`; [`NotHandedOver::System`] if the lock fails.
    pub(super) fn take_turn(mut self, patience: Duration) -> Result<Self, NotHandedOver> {
        let lock = beside(&self.incoming, "lock");
        let turn = lock_file(&lock).map_err(refused(&lock))?;
        let until = Instant::now() + patience;
        loop {
            match flock(&turn, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK) if Instant::now() < until => thread::sleep(PAUSE),
                Err(Errno::WOULDBLOCK) => return Err(NotHandedOver::Busy),
                Err(error) => return Err(refused(&lock)(error.into())),
            }
        }
        self.turn = Some(turn);
        Ok(self)
    }

    /// Renames the file to where the unit looks for it. The turn lasts until this value is dropped.
    ///
    /// # Errors
    /// [`NotHandedOver::System`]
    pub(super) fn hand_over(&self) -> Result<(), NotHandedOver> {
        self.staged.put().map_err(refused(&self.incoming))
    }
}

/// Opens the file to lock. It is never removed: otherwise two processes could hold locks on different files.
fn lock_file(path: &Path) -> io::Result<File> {
    Directory::open(folder_of(path))?.file_to_lock(name_of(path)?)
}

fn refused(file: &Path) -> impl FnOnce(io::Error) -> NotHandedOver + use<> {
    let file = file.to_owned();
    move |error| NotHandedOver::System { file, error }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(format!(".{ending}"));
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn only_complete_databases_are_handed_over_and_no_file_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("people.db");
        let left = ["people.db.incoming", "people.db.incoming.lock"];
        let staged = HandOver::stage(&database, |file| file.write_all(b"new")).unwrap();
        assert!(!names_in(folder.path()).contains(&"people.db.incoming".to_owned()));
        let turn = staged.take_turn(Duration::ZERO).unwrap();
        turn.hand_over().unwrap();
        drop(turn);
        assert_eq!(names_in(folder.path()), left);
        assert_eq!(fs::read(folder.path().join("people.db.incoming")).unwrap(), b"new");
        let cut_off = HandOver::stage(&database, |file| {
            file.write_all(b"ha")?;
            Err(io::Error::other("it ended"))
        });
        assert!(matches!(cut_off, Err(NotHandedOver::Input(_))));
        assert_eq!(names_in(folder.path()), left);
    }

    /// Two workstations once wrote to the same `.part` file, and neither database arrived.
    #[test]
    fn two_databases_use_separate_files_and_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("people.db");
        let [one, other] =
            [&b"one"[..], b"other"].map(|bytes| HandOver::stage(&database, |file| file.write_all(bytes)).unwrap());
        let one = one.take_turn(Duration::ZERO).unwrap();
        one.hand_over().unwrap();
        assert!(matches!(other.take_turn(Duration::from_millis(1)), Err(NotHandedOver::Busy)));
        let other = HandOver::stage(&database, |file| file.write_all(b"other")).unwrap();
        drop(one);
        // A process that another test has just started may hold the lock for a moment.
        other.take_turn(Duration::from_secs(60)).unwrap().hand_over().unwrap();
        assert_eq!(fs::read(folder.path().join("people.db.incoming")).unwrap(), b"other");
    }

    #[test]
    fn an_unwritable_folder_is_named() {
        let refused = HandOver::stage(Path::new("/nowhere/people.db"), |_| Ok(())).unwrap_err();
        assert!(matches!(refused, NotHandedOver::System { file, .. } if file.starts_with("/nowhere")));
    }
}
