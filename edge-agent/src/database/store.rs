//! The database files on the disk. At every moment one whole database is there and can be found.
//!
//! A new database is staged (renamed, so that the verified file is the one that is used), verified, moved to the place
//! of the current one, and read back. The current one becomes the previous one. [`Storage::replace`] replaces each
//! file, and the ledger lists in advance the databases that may be found: after a power cut at any time, the next start
//! finds the old or the new one.

use super::acceptance::in_file;
use super::file;
use super::judge::Judge;
use super::ledger::{Ledger, Past};
use super::refused::Refused;
use files::{Folder, Storage, folder_of, name_of};
use policy::Rules;
use shared::gallery::{DatabaseDigest, Gallery};
use std::io::{self, ErrorKind};
use std::path::Path;

/// A database in use.
#[derive(Debug)]
pub(crate) struct InUse {
    pub(crate) gallery: Gallery,
    /// The rules for its people.
    pub(crate) rules: Rules,
    /// SHA-256 of the file.
    pub(crate) digest: DatabaseDigest,
}

/// A database that was refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// SHA-256 of the file; `None` if it could not be read.
    pub(crate) digest: Option<DatabaseDigest>,
    pub(crate) why: Refused,
}

/// The previous database is in use, because the current one could not be used.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) why: Refused,
}

/// The result of opening the databases of a unit.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) in_use: InUse,
    /// Why the current database is not in use.
    pub(crate) returned: Option<Returned>,
}

/// The database files of one unit.
pub(crate) struct Store {
    storage: Box<dyn Storage>,
    judge: Judge,
    name: String,
    /// SHA-256 of the file in use.
    digest: DatabaseDigest,
    highest_sequence: u64,
    /// The ledger as last read or written.
    ledger: Option<Ledger>,
    /// The staged file was refused and cannot be renamed.
    staged_is_refused: bool,
}

impl Store {
    /// Opens the databases at this path.
    ///
    /// # Errors
    /// If none of them can be used.
    pub(crate) fn open_at(path: &Path, judge: Judge) -> anyhow::Result<Opened> {
        let name = name_of(path)?;
        Self::open(Box::new(Folder::at(folder_of(path))), name, judge).map_err(|refused| in_file(path, refused))
    }

    /// Finds the database to use: the current one, else the previous one, else a new one.
    ///
    /// # Errors
    /// Why the current one is not used, if the previous one cannot be used either.
    pub(crate) fn open(mut storage: Box<dyn Storage>, name: &str, judge: Judge) -> Result<Opened, Refused> {
        let beside = |ending: &str| format!("{name}.{ending}");
        let ledger = Ledger::read(&mut *storage, &beside("accepted"));
        let mut used = |file: &str| used(&mut *storage, file, &judge, ledger.as_ref());
        let current = used(name);
        let previous = used(&beside("previous"));
        let highest = [&current, &previous].into_iter().flatten().map(|in_use| in_use.gallery.header().sequence).max();
        let (in_use, returned) = match (current, previous) {
            (Ok(current), _) => (current, None),
            (Err(why), Ok(previous)) => (previous, Some(Returned { why })),
            (Err(why), Err(_)) => match use_incoming(&mut *storage, name, &judge, ledger.as_ref()) {
                Ok(Some(came)) => (came, None),
                Ok(None) => return Err(why),
                Err(refused) => {
                    tracing::error!("the new database is refused as well: {refused}");
                    return Err(why);
                }
            },
        };
        judge.warn_about_gate(&in_use.gallery);
        let known = ledger.as_ref().map_or(0, |ledger| ledger.highest_sequence);
        let found = in_use.gallery.header().sequence;
        let highest_sequence = known.max(highest.unwrap_or(0)).max(found);
        let (name, digest) = (name.to_owned(), in_use.digest);
        let mut store = Self { storage, judge, name, digest, highest_sequence, ledger, staged_is_refused: false };
        store.end_rollback();
        if store.ledger.is_none()
            && let Err(error) = store.write_ledger(vec![digest])
        {
            tracing::warn!("the ledger of accepted databases cannot be written: {error}");
        }
        Ok(Opened { store, in_use, returned })
    }

    /// SHA-256 of the file in use.
    #[cfg(test)]
    pub(super) fn digest(&self) -> DatabaseDigest {
        self.digest
    }

    /// Takes a new database into use; `None` if there is none, or if it is the one in use.
    ///
    /// # Errors
    /// The reason to refuse it; the database in use does not change.
    pub(crate) fn take_in(&mut self) -> Result<Option<InUse>, Refusal> {
        let staged = self.beside("staged");
        let came = self.stage(&staged);
        let came = came.map_err(Refused::Disk);
        let taken = match came.and_then(|came| if came { file::read(&mut *self.storage, &staged) } else { Ok(None) }) {
            Ok(Some(bytes)) => self.take(&bytes),
            Ok(None) => return Ok(None),
            Err(why @ Refused::Disk(_)) => {
                self.staged_is_refused = true;
                return Err(Refusal { digest: None, why });
            }
            Err(why) => Err(why),
        };
        match taken {
            Ok(in_use) => {
                if let Err(error) = self.storage.remove(&staged).and_then(|()| self.storage.sync_names()) {
                    tracing::warn!("{staged} cannot be removed: {error}");
                    self.staged_is_refused = true;
                }
                Ok(in_use)
            }
            Err(why) => {
                // A file that is too large has no digest, because hashing it would take too long.
                let digest = file::digest(&mut *self.storage, &staged).ok().flatten();
                let refused = self.beside("refused");
                let moved = self.storage.rename(&staged, &refused).and_then(|()| self.storage.sync_names());
                self.staged_is_refused = moved.is_err();
                Err(Refusal { digest, why })
            }
        }
    }

    /// Rolls back to the previous database, named by its digest.
    ///
    /// # Errors
    /// The reason to refuse it; the database in use does not change.
    pub(crate) fn roll_back(&mut self, wanted: DatabaseDigest) -> Result<InUse, Refusal> {
        let previous = self.beside("previous");
        let bytes = file::read(&mut *self.storage, &previous).and_then(|bytes| bytes.ok_or(Refused::Missing));
        let bytes = bytes.map_err(|why| Refusal { digest: None, why })?;
        self.go_back_to(&bytes, wanted).map_err(|why| Refusal { digest: Some(DatabaseDigest::from_file(&bytes)), why })
    }

    /// Renames the new file to the staged file. `true` if there is a file to verify.
    fn stage(&mut self, staged: &str) -> io::Result<bool> {
        match self.storage.rename(&self.beside("incoming"), staged) {
            Ok(()) => self.storage.sync_names().map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(!self.staged_is_refused && self.storage.length(staged)?.is_some())
            }
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<Option<InUse>, Refused> {
        let new = DatabaseDigest::from_file(bytes);
        if new == self.digest {
            return Ok(None);
        }
        let (gallery, rules) = self.judge.read(bytes, Past::new_file(self.highest_sequence))?;
        self.judge.self_test()?;
        self.judge.warn_about_gate(&gallery);
        let sequence = gallery.header().sequence;
        let in_use = InUse { gallery, rules, digest: new };
        if let Some(current) = self.current_in_use()? {
            self.keep_as_previous(&current)?;
        }
        self.highest_sequence = self.highest_sequence.max(sequence);
        self.put_in_place(bytes, in_use).map(Some)
    }

    fn go_back_to(&mut self, bytes: &[u8], wanted: DatabaseDigest) -> Result<InUse, Refused> {
        let previous = DatabaseDigest::from_file(bytes);
        if previous == self.digest {
            return Err(Refused::UsedAlready);
        }
        if previous != wanted {
            return Err(Refused::NotAskedFor);
        }
        let past = self.ledger.as_ref().map(|ledger| ledger.past_of(previous)).unwrap_or_default();
        let (gallery, rules) = self.judge.read(bytes, Past { least_sequence: 0, ..past })?;
        self.judge.self_test()?;
        let in_use = InUse { gallery, rules, digest: previous };
        // Until the exchange is complete, both databases are on the disk.
        let current = self.current_in_use()?;
        if let Some(current) = &current {
            self.storage.replace(&self.beside("exchanged"), current)?;
        }
        let in_use = self.put_in_place(bytes, in_use)?;
        self.end_rollback();
        Ok(in_use)
    }

    /// Makes this database the current one, durably.
    fn put_in_place(&mut self, bytes: &[u8], in_use: InUse) -> Result<InUse, Refused> {
        self.write_ledger(vec![in_use.digest, self.digest])?;
        let name = self.name.clone();
        self.storage.replace(&name, bytes)?;
        if file::digest(&mut *self.storage, &name)? != Some(in_use.digest) {
            return Err(io::Error::other("the file read back differs from what was written").into());
        }
        self.digest = in_use.digest;
        Ok(in_use)
    }

    /// The file of the current database, if it is the one in use and not the previous one.
    fn current_in_use(&mut self) -> Result<Option<Vec<u8>>, Refused> {
        match file::read(&mut *self.storage, &self.name) {
            Err(Refused::Disk(error)) => Err(error.into()),
            // A file that somebody else put there is not kept.
            Err(_) => Ok(None),
            Ok(current) => Ok(current.filter(|bytes| DatabaseDigest::from_file(bytes) == self.digest)),
        }
    }

    fn keep_as_previous(&mut self, current: &[u8]) -> Result<(), Refused> {
        Ok(self.storage.replace(&self.beside("previous"), current)?)
    }

    /// Completes a rollback: the exchanged database becomes the previous one, unless a power cut came before the
    /// exchange.
    fn end_rollback(&mut self) {
        let (exchanged, previous) = (self.beside("exchanged"), self.beside("previous"));
        let ended = match file::digest(&mut *self.storage, &exchanged) {
            Err(error) if error.kind() == ErrorKind::FileTooLarge => self.storage.remove(&exchanged),
            Ok(Some(digest)) if digest != self.digest => self.storage.rename(&exchanged, &previous),
            Ok(Some(_)) => self.storage.remove(&exchanged),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        if let Err(error) = ended.and_then(|()| self.storage.sync_names()) {
            tracing::warn!("{exchanged} cannot be renamed: {error}");
        }
    }

    fn write_ledger(&mut self, digests: Vec<DatabaseDigest>) -> Result<(), Refused> {
        let file = self.beside("accepted");
        let ledger = Ledger::after(self.ledger.as_ref(), self.highest_sequence, digests);
        ledger.write(&mut *self.storage, &file)?;
        self.ledger = Some(ledger);
        Ok(())
    }

    fn beside(&self, ending: &str) -> String {
        format!("{}.{ending}", self.name)
    }
}

fn used(storage: &mut dyn Storage, file: &str, judge: &Judge, ledger: Option<&Ledger>) -> Result<InUse, Refused> {
    let bytes = file::read(storage, file)?.ok_or(Refused::Missing)?;
    let digest = DatabaseDigest::from_file(&bytes);
    let past = ledger.map(|ledger| ledger.past_of(digest)).unwrap_or_default();
    let (gallery, rules) = judge.read(&bytes, past)?;
    Ok(InUse { gallery, rules, digest })
}

/// Uses a new database in place of one that cannot be used; `None` if there is none. The file is renamed before it is
/// read: if it is unusable, the next start does not find it again. If it is used, the next look removes it.
fn use_incoming(
    storage: &mut dyn Storage,
    name: &str,
    judge: &Judge,
    ledger: Option<&Ledger>,
) -> Result<Option<InUse>, Refused> {
    let staged = format!("{name}.staged");
    match storage.rename(&format!("{name}.incoming"), &staged) {
        Ok(()) => storage.sync_names()?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let highest_before = ledger.map_or(0, |ledger| ledger.highest_sequence);
    let read = file::read(storage, &staged).and_then(|bytes| {
        let Some(bytes) = bytes else { return Ok(None) };
        judge.read(&bytes, Past::new_file(highest_before)).map(|(gallery, rules)| Some((bytes, gallery, rules)))
    });
    if read.as_ref().is_err_and(Refused::is_permanent) {
        storage.rename(&staged, &format!("{name}.refused"))?;
        storage.sync_names()?;
    }
    let Some((bytes, gallery, rules)) = read? else { return Ok(None) };
    let digest = DatabaseDigest::from_file(&bytes);
    let highest_sequence = highest_before.max(gallery.header().sequence);
    Ledger::after(ledger, highest_sequence, vec![digest]).write(storage, &format!("{name}.accepted"))?;
    storage.replace(name, &bytes)?;
    Ok(Some(InUse { gallery, rules, digest }))
}
