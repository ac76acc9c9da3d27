//! A new database, put beside the one in use by `encoder-tool ship` as `people.db.incoming`: looked at by a thread of its
//! own, taken into use only if it can be used and is not older, and given to the loop between two of its turns.
//!
//! The one before stays as `people.db.previous`. A database that is refused becomes `people.db.refused`; the unit goes on
//! with the one that it has. Each step is a rename, so that after a power cut there is the old database or the new one.

use super::{Loaded, MAX_BYTES, of_bytes};
use anyhow::{Context, bail};
use models::bundle::sha256;
use shared::gallery::ModelHash;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use terminal::{on_one_line, read_bounded};

/// How often it is looked whether one has arrived.
const GLANCE: Duration = Duration::from_millis(250);

/// What became of a database that arrived.
pub(crate) type Arrival = Result<Loaded, Refused>;

/// A database that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// SHA-256 of the file, in hexadecimal; empty if it could not be read.
    pub(crate) digest: String,
    /// Why, in words.
    pub(crate) reason: String,
}

/// What arrived and has not been taken yet.
pub(crate) struct Arrivals {
    arrived: Receiver<Arrival>,
}

impl Arrivals {
    /// Starts to look beside that database, whose sequence number no other may be below.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(crate) fn watch(database: &Path, model: ModelHash, sequence: u64) -> io::Result<Self> {
        let (arrive, arrived) = channel();
        let mut place = Place { database: database.to_owned(), model, sequence };
        thread::Builder::new().name("database".to_owned()).spawn(move || {
            loop {
                let arrival = place.look();
                if arrival.is_some_and(|arrival| arrive.send(arrival).is_err()) {
                    return;
                }
                thread::sleep(GLANCE);
            }
        })?;
        Ok(Self { arrived })
    }

    /// The next that arrived; does not wait.
    pub(crate) fn next(&self) -> Option<Arrival> {
        self.arrived.try_recv().ok()
    }
}

/// Where databases arrive.
struct Place {
    database: PathBuf,
    model: ModelHash,
    /// Of the one in use.
    sequence: u64,
}

impl Place {
    /// Takes what has arrived into use, or refuses it; `None` if nothing has.
    fn look(&mut self) -> Option<Arrival> {
        let incoming = beside(&self.database, "incoming");
        if !incoming.exists() {
            return None;
        }
        let mut digest = String::new();
        let taken = self.take(&incoming, &mut digest);
        Some(taken.map_err(|error| {
            let reason = on_one_line(&error);
            if let Err(error) = fs::rename(&incoming, beside(&self.database, "refused")) {
                tracing::error!("{} cannot be put away: {error}", incoming.display());
                fs::remove_file(&incoming).ok();
            }
            Refused { digest, reason }
        }))
    }

    fn take(&mut self, incoming: &Path, digest: &mut String) -> anyhow::Result<Loaded> {
        let bytes = read_bounded(incoming, MAX_BYTES)?;
        *digest = sha256(&bytes);
        let loaded = of_bytes(incoming, &bytes, &self.model)?;
        let sequence = loaded.gallery.header().sequence;
        if sequence < self.sequence {
            bail!(
                "its sequence number {sequence} is below {}, that of the one in use: it is an older one",
                self.sequence
            );
        }
        self.swap(incoming).context("it cannot be put in place")?;
        self.sequence = sequence;
        Ok(loaded)
    }

    /// The one in use is kept as the previous one; at every moment there is a whole one in its place.
    fn swap(&self, incoming: &Path) -> io::Result<()> {
        File::open(incoming)?.sync_all()?;
        let (previous, linked) = (beside(&self.database, "previous"), beside(&self.database, "previous.new"));
        fs::remove_file(&linked).or_else(none_is_fine)?;
        fs::hard_link(&self.database, &linked).or_else(none_is_fine)?;
        fs::rename(&linked, &previous).or_else(none_is_fine)?;
        fs::rename(incoming, &self.database)?;
        let folder = self.database.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn none_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// `people.db` and `incoming` are `people.db.incoming`.
fn beside(database: &Path, what: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{what}"));
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::GalleryBuilder;
    use tempfile::TempDir;

    const MODEL: ModelHash = ModelHash([7; 32]);

    fn database(sequence: u64, model: ModelHash) -> Vec<u8> {
        GalleryBuilder::new(sequence, model, 4).unwrap().encode().unwrap()
    }

    fn place() -> (TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.db");
        fs::write(&path, database(5, MODEL)).unwrap();
        (folder, Place { database: path, model: MODEL, sequence: 5 })
    }

    #[test]
    fn a_new_one_is_taken_and_the_one_before_is_kept() {
        let (folder, mut place) = place();
        assert!(place.look().is_none());
        for (previous, sequence) in [(5, 5), (5, 6), (6, 9)] {
            let new = database(sequence, MODEL);
            fs::write(folder.path().join("people.db.incoming"), &new).unwrap();
            let loaded = place.look().unwrap().unwrap();
            assert_eq!((loaded.gallery.header().sequence, loaded.digest), (sequence, sha256(&new)));
            assert_eq!(fs::read(&place.database).unwrap(), new);
            assert_eq!(fs::read(folder.path().join("people.db.previous")).unwrap(), database(previous, MODEL));
            assert!(place.look().is_none());
        }
    }

    #[test]
    fn what_cannot_be_used_is_put_away_and_changes_nothing() {
        let mut damaged = database(6, MODEL);
        damaged[20] ^= 1;
        let cut = database(6, MODEL)[..40].to_vec();
        let cases = [
            (database(4, MODEL), "older"),
            (database(6, ModelHash([8; 32])), "model"),
            (damaged, "no people database"),
            (cut, "no people database"),
            (Vec::new(), "no people database"),
        ];
        let (folder, mut place) = place();
        for (incoming, reason) in cases {
            fs::write(folder.path().join("people.db.incoming"), &incoming).unwrap();
            let refused = place.look().unwrap().map(|_| ()).unwrap_err();
            assert!(refused.reason.contains(reason), "{refused:?}");
            assert_eq!(refused.digest, sha256(&incoming));
            assert_eq!(fs::read(folder.path().join("people.db.refused")).unwrap(), incoming);
            assert_eq!(fs::read(&place.database).unwrap(), database(5, MODEL));
            assert!(place.look().is_none());
        }
    }
}
