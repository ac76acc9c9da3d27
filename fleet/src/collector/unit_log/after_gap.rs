//! The chain after a gap, until it is proven that the unit itself removed what lies between.

use crate::collector::chain_end::{ChainEnd, Origin, Unfit};
use crate::collector::chain_file::{ChainFile, OpenError};
use crate::collector::names::Names;
use ed25519_dalek::VerifyingKey;
use files::Storage;
use policy::audit::{Event, Head, MAX_LINE_BYTES, Record};
use std::io;

/// How much is read of a file at once.
const READ_BYTES: usize = 256 << 10;

/// The most chains of a unit that are put aside.
const MOST_ASIDE: usize = 8;

/// A chain that begins after a gap.
#[derive(Debug)]
pub(super) struct AfterGap {
    pub(super) file: ChainFile,
    first: u64,
    removal: Removal,
    /// What is not written yet.
    end: ChainEnd,
    lines: Vec<u8>,
    /// Whether a line contradicted what is not signed yet. Then one of them was forged, and all are wanted again.
    is_in_doubt: bool,
}

/// What the records say about the gap.
#[derive(Debug, Clone, Copy, Default)]
struct Removal {
    /// What the first record follows.
    follows: Option<Head>,
    /// The record that reports the removal.
    reported_by: Option<u64>,
}

impl Removal {
    fn read(&mut self, first: u64, record: &Record) {
        if record.sequence == first {
            self.follows = Some(Head { sequence: first.saturating_sub(1), hash: record.previous });
        }
        if let Event::Pruned { pruned_through, pruned_hash } = record.event {
            let removed = Head { sequence: pruned_through, hash: pruned_hash };
            // A power cut during a removal leaves some of its records.
            let explains = self.follows.is_some_and(|follows| removed == follows || pruned_through > follows.sequence);
            if explains {
                self.reported_by.get_or_insert(record.sequence);
            }
        }
    }
}

impl AfterGap {
    /// An empty chain that begins with this record.
    pub(super) fn at(names: &Names, first: u64) -> Self {
        let file = ChainFile::empty(names.after_gap(), Origin::At(first));
        Self { file, first, removal: Removal::default(), end: ChainEnd::EMPTY, lines: Vec::new(), is_in_doubt: false }
    }

    /// Continues the chain in a file. A file that does not lie after `next` is removed.
    ///
    /// # Errors
    /// The error of the disk.
    pub(super) fn open(
        storage: &mut dyn Storage,
        names: &Names,
        next: u64,
        key: &VerifyingKey,
    ) -> Result<Option<Self>, OpenError> {
        let name = names.after_gap();
        if storage.length(&name)?.is_none() {
            return Ok(None);
        }
        let beginning = storage.read_from(&name, 0, MAX_LINE_BYTES)?;
        let first = beginning.split(|&byte| byte == b'\n').next().and_then(|line| Head::at(line).ok());
        let first = first.map(|head| head.sequence).filter(|&first| first > next);
        let Some(first) = first else {
            storage.remove(&name)?;
            return Ok(None);
        };
        let file = match ChainFile::open(storage, &name, Origin::At(first), key) {
            Ok(opened) => opened.file,
            Err(OpenError::Damaged(_)) => {
                storage.remove(&name)?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let removal = removal_in(storage, &name, first)?;
        let end = *file.durable();
        Ok(Some(Self { file, first, removal, end, lines: Vec::new(), is_in_doubt: false }))
    }

    /// The first record after the gap.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Whether a line belongs to this chain.
    pub(super) fn take(&mut self, line: &[u8], key: &VerifyingKey) -> bool {
        if self.is_in_doubt || self.file.is_full_with(self.lines.len() + line.len()) {
            return true;
        }
        let followed = match self.end.with(line, self.file.origin, key) {
            Ok(followed) => followed,
            Err(Unfit::Strange { .. }) if self.end.unsigned > 0 => {
                self.is_in_doubt = true;
                return true;
            }
            Err(_) => return false,
        };
        self.end = followed.end;
        self.lines.extend_from_slice(line);
        if let Some(record) = &followed.record {
            self.removal.read(self.first, record);
        }
        true
    }

    /// Doubts what the unit has not signed, if that is more than the unit has.
    pub(super) fn doubt_after(&mut self, last: u64) {
        self.is_in_doubt |= self.end.unsigned > 0 && self.end.head.is_some_and(|head| head.sequence > last);
    }

    /// Writes what was taken. Returns the number of records.
    ///
    /// # Errors
    /// The error of the disk.
    pub(super) fn write(&mut self, storage: &mut dyn Storage) -> io::Result<u64> {
        let lines = std::mem::take(&mut self.lines);
        let before = self.file.next();
        if !lines.is_empty() {
            self.file.append(storage, &lines, self.end)?;
        }
        let records = self.file.next() - before;
        if std::mem::take(&mut self.is_in_doubt) {
            self.file.cut_unsigned(storage)?;
            self.end = *self.file.written();
            let last = self.end.head.map_or(0, |head| head.sequence);
            self.removal.reported_by.take_if(|reported_by| *reported_by > last);
        }
        Ok(records)
    }

    /// The record that reports the removal, if it is on the disk and the unit has signed it.
    pub(super) fn proof(&self) -> Option<u64> {
        let signed = self.file.durable().signed?.head.sequence;
        self.removal.reported_by.filter(|&reported_by| reported_by <= signed)
    }

    /// Puts it in the place of the chain before the gap, whose last record this is.
    ///
    /// # Errors
    /// The error of the disk. [`finish_replacement`] finishes it.
    pub(super) fn replace(self, storage: &mut dyn Storage, names: &Names, last: Option<u64>) -> io::Result<ChainFile> {
        if let Some(last) = last {
            storage.rename(&names.log(), &names.before_gap(last))?;
            storage.sync_names()?;
        }
        storage.rename(&names.after_gap(), &names.log())?;
        storage.sync_names()?;
        Ok(self.file.renamed(names.log()))
    }

    /// Removes it, because older records can be had.
    ///
    /// # Errors
    /// The error of the disk.
    pub(super) fn remove(self, storage: &mut dyn Storage) -> io::Result<()> {
        match storage.length(&self.file.name)? {
            Some(_) => storage.remove(&self.file.name),
            None => Ok(()),
        }
    }

    /// Puts it aside, because the unit has removed more before all of it was collected. A chain that the unit has not signed is
    /// removed, and so is one that would be one too many.
    ///
    /// # Errors
    /// The error of the disk.
    pub(super) fn put_aside(self, storage: &mut dyn Storage, names: &Names) -> io::Result<()> {
        let name = names.after_gap();
        if storage.length(&name)?.is_none() {
            return Ok(());
        }
        let aside = storage.list()?.iter().filter(|name| name.starts_with(&names.all_between_gaps())).count();
        match self.file.durable() {
            ChainEnd { head: Some(head), signed: Some(_), .. } if aside < MOST_ASIDE => {
                storage.rename(&name, &names.between_gaps(head.sequence))?;
            }
            _ => storage.remove(&name)?,
        }
        storage.sync_names()
    }
}

/// Finishes a replacement that was interrupted between its two renamings.
///
/// # Errors
/// The error of the disk.
pub(super) fn finish_replacement(storage: &mut dyn Storage, names: &Names) -> io::Result<()> {
    if storage.length(&names.log())?.is_some() || storage.length(&names.after_gap())?.is_none() {
        return Ok(());
    }
    if storage.list()?.iter().any(|name| names.last_before_gap(name).is_some()) {
        storage.rename(&names.after_gap(), &names.log())?;
        storage.sync_names()?;
    }
    Ok(())
}

fn removal_in(storage: &mut dyn Storage, name: &str, first: u64) -> io::Result<Removal> {
    let mut removal = Removal::default();
    let mut offset = 0;
    loop {
        let bytes = storage.read_from(name, offset, READ_BYTES)?;
        let Some(whole) = bytes.iter().rposition(|&byte| byte == b'\n').map(|feed| feed + 1) else {
            return Ok(removal);
        };
        for line in bytes[..whole].split(|&byte| byte == b'\n') {
            if let Ok(record) = Record::parse(line) {
                removal.read(first, &record);
            }
        }
        offset += whole as u64;
    }
}
