//! From a file of its own to the place where the unit looks: written, synced, and renamed when its turn has come.

use super::input::Written;
use files::{Directory, StagedFile, folder_of, name_of};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(50);

/// Why nothing was handed over.
#[derive(Debug)]
pub(super) enum NotHandedOver {
    /// What came is not what was announced.
    Input(io::Error),
    /// Another one is being handed over.
    Busy,
    /// The system refuses.
    System { file: PathBuf, error: io::Error },
}

/// A database that is whole and on the disk, under a name that nobody else uses. It is removed unless it is handed over.
#[derive(Debug)]
pub(super) struct HandOver {
    staged: StagedFile,
    incoming: PathBuf,
    /// Held from the time when it is this one's turn until the verdict.
    turn: Option<File>,
}

impl HandOver {
    /// Writes it beside the unit's database.
    ///
    /// # Errors
    /// [`NotHandedOver`]; nothing is left then.
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
        // The disk may be slow, and nobody waits for this one's turn yet.
        staged.file().sync_all().map_err(refused(&incoming))?;
        Ok(Self { staged, incoming, turn: None })
    }

    /// Waits until no other one is being handed over.
    ///
    /// # Errors
    /// [`NotHandedOver::Busy`] when that takes too long.
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

    /// From now on the unit finds it. The turn is kept as long as this lives.
    ///
    /// # Errors
    /// [`NotHandedOver::System`]
    pub(super) fn hand_over(&self) -> Result<(), NotHandedOver> {
        self.staged.put().map_err(refused(&self.incoming))
    }
}

/// It stays when nobody holds it: to remove it would let two hold it.
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
    fn a_handed_over_file_is_complete_and_leaves_no_leftovers() {
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

    /// Two workstations wrote one `.part`, and neither database arrived.
    #[test]
    fn concurrent_transfers_use_separate_files_and_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("people.db");
        let [one, other] =
            [&b"one"[..], b"other"].map(|bytes| HandOver::stage(&database, |file| file.write_all(bytes)).unwrap());
        let one = one.take_turn(Duration::ZERO).unwrap();
        one.hand_over().unwrap();
        assert!(matches!(other.take_turn(Duration::from_millis(1)), Err(NotHandedOver::Busy)));
        let other = HandOver::stage(&database, |file| file.write_all(b"other")).unwrap();
        drop(one);
        // A process that another test starts just now may hold the lock for a moment.
        other.take_turn(Duration::from_secs(60)).unwrap().hand_over().unwrap();
        assert_eq!(fs::read(folder.path().join("people.db.incoming")).unwrap(), b"other");
    }

    #[test]
    fn an_unwritable_folder_is_named() {
        let refused = HandOver::stage(Path::new("/nowhere/people.db"), |_| Ok(())).unwrap_err();
        assert!(matches!(refused, NotHandedOver::System { file, .. } if file.starts_with("/nowhere")));
    }
}
