//! One chain in one file: opened after a crash, appended to, synced, and taken back if that fails.
//!
//! A record counts as collected when its file was synced. Until then everything may be lost, so [`ChainFile::durable`] says
//! what a collector may tell the unit.

use super::chain_end::{ChainEnd, MOST_UNSIGNED, Origin};
use ed25519_dalek::VerifyingKey;
use files::Storage;
use policy::audit::{MAX_LINE_BYTES, Verifier};
use std::io;

const LINE_BYTES: u64 = MAX_LINE_BYTES as u64;

/// The most bytes that are appended to a file before it is synced.
pub(crate) const MOST_UNSYNCED: u64 = 256 << 10;

/// The least that is read of a file's end: what may be damaged, and a line before it.
const LEAST_READ: u64 = MOST_UNSYNCED + 2 * LINE_BYTES;
/// The most: a file without a signature in this many bytes is not a unit's log.
const MOST_READ: u64 = LEAST_READ + (MOST_UNSIGNED as u64 + 2) * LINE_BYTES;

/// A file with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainFile {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// What is certainly on the disk.
    durable: ChainEnd,
    /// What was written.
    written: ChainEnd,
}

/// Why a file cannot be continued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// Its end is not that of a chain which the unit has signed.
    #[error("{0}")]
    Damaged(String),
}

/// A file, and what was wrong with its end.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: ChainFile,
    /// Number of bytes that were cut off: they were written when the collector or its computer stopped.
    pub(crate) cut_bytes: u64,
}

impl ChainFile {
    /// A file that does not exist yet.
    pub(crate) fn empty(name: String, origin: Origin) -> Self {
        Self { name, origin, durable: ChainEnd::EMPTY, written: ChainEnd::EMPTY }
    }

    /// The same file after it was renamed.
    pub(crate) fn renamed(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// Opens a file, which may not exist, and cuts off what is not whole.
    ///
    /// # Errors
    /// [`OpenError`]; the file is unchanged.
    pub(crate) fn open(
        storage: &mut dyn Storage,
        name: &str,
        origin: Origin,
        key: &VerifyingKey,
    ) -> Result<Opened, OpenError> {
        let end = end(storage, name, key)?;
        let length = storage.length(name)?.unwrap_or(0);
        let cut_bytes = length.saturating_sub(end.bytes);
        if cut_bytes > 0 {
            storage.truncate(name, end.bytes)?;
        }
        if length > 0 {
            // It may be what a process wrote that was killed before it synced.
            storage.sync(name)?;
        }
        let file = Self { name: name.to_owned(), origin, durable: end, written: end };
        Ok(Opened { file, cut_bytes })
    }

    /// The end of the chain on the disk.
    pub(crate) fn durable(&self) -> &ChainEnd {
        &self.durable
    }

    /// The end of the chain with what is not synced yet.
    pub(crate) fn written(&self) -> &ChainEnd {
        &self.written
    }

    /// The number of the record that comes next, after what was written.
    pub(crate) fn next(&self) -> u64 {
        self.written.next(self.origin)
    }

    /// Whether there is something to sync.
    pub(crate) fn is_dirty(&self) -> bool {
        self.durable != self.written
    }

    /// Whether it must be synced before this many bytes can be appended.
    pub(crate) fn is_full_with(&self, bytes: usize) -> bool {
        self.written.bytes.saturating_sub(self.durable.bytes) + bytes as u64 > MOST_UNSYNCED
    }

    /// Appends lines that lead to this end. If that fails, the file is as before.
    ///
    /// # Errors
    /// The error of the disk.
    pub(crate) fn append(&mut self, storage: &mut dyn Storage, lines: &[u8], end: ChainEnd) -> io::Result<()> {
        match storage.append(&self.name, lines) {
            Ok(()) => {
                self.written = end;
                Ok(())
            }
            Err(error) => {
                // A part of it may have been written. If it stays, the next start cuts it off; so does `take_back`.
                let _cut = storage.truncate(&self.name, self.written.bytes);
                Err(error)
            }
        }
    }

    /// Syncs the file.
    ///
    /// # Errors
    /// The error of the disk. What was written since the last sync may be lost: [`ChainFile::take_back`].
    pub(crate) fn sync(&mut self, storage: &mut dyn Storage) -> io::Result<()> {
        storage.sync(&self.name)?;
        self.durable = self.written;
        Ok(())
    }

    /// Gives up what is not on the disk.
    ///
    /// # Errors
    /// The error of the disk. The file is then in an unknown state.
    pub(crate) fn take_back(&mut self, storage: &mut dyn Storage) -> io::Result<()> {
        if !self.is_dirty() {
            return Ok(());
        }
        self.written = self.durable;
        match storage.length(&self.name)? {
            Some(length) if length > self.durable.bytes => storage.truncate(&self.name, self.durable.bytes),
            Some(length) if length < self.durable.bytes => Err(io::Error::other("the file has become shorter")),
            None if self.durable.bytes > 0 => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(()),
        }
    }

    /// Cuts off what the unit has not signed.
    ///
    /// # Errors
    /// The error of the disk. The file has at least what the unit has signed; open it again.
    pub(crate) fn cut_unsigned(&mut self, storage: &mut dyn Storage) -> io::Result<()> {
        let signed = self.written.signed_part();
        if self.written.bytes > signed.bytes {
            storage.truncate(&self.name, signed.bytes)?;
        }
        self.written = signed;
        if self.durable.bytes > signed.bytes {
            self.durable = signed;
        }
        Ok(())
    }
}

/// The end of the chain in a file, which may not exist.
///
/// # Errors
/// [`OpenError`]
pub(crate) fn end(storage: &mut dyn Storage, name: &str, key: &VerifyingKey) -> Result<ChainEnd, OpenError> {
    match storage.length(name)? {
        None | Some(0) => Ok(ChainEnd::EMPTY),
        Some(length) => end_of(storage, name, length, key),
    }
}

/// Reads as much of the end as contains a signature, and everything that was perhaps not synced.
fn end_of(storage: &mut dyn Storage, name: &str, length: u64, key: &VerifyingKey) -> Result<ChainEnd, OpenError> {
    let mut window = LEAST_READ;
    loop {
        let start = length.saturating_sub(window);
        let bytes = storage.read_from(name, start, usize::try_from(length - start).unwrap_or(usize::MAX))?;
        let end = within(&bytes, start, key);
        let is_whole = length - end.bytes <= MOST_UNSYNCED + LINE_BYTES;
        if is_whole && (end.signed.is_some() || start == 0) {
            return Ok(end);
        }
        if start == 0 || window >= MOST_READ {
            let what = match is_whole {
                true => "its last 512 records contain no signature by the unit's log-key".to_owned(),
                false => format!("it is damaged at byte {}", end.bytes),
            };
            return Err(OpenError::Damaged(what));
        }
        window = (2 * window).min(MOST_READ);
    }
}

/// The end of the chain in these bytes, which begin at a place of the file. Only its beginning may be within a line.
fn within(bytes: &[u8], start: u64, key: &VerifyingKey) -> ChainEnd {
    let skipped = match start {
        0 => 0,
        _ => bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |feed| feed + 1),
    };
    let mut end = ChainEnd { bytes: start + skipped as u64, ..ChainEnd::EMPTY };
    for line in bytes[skipped..].split_inclusive(|&byte| byte == b'\n') {
        let mut first = Verifier::from_anywhere();
        let origin = match (end.head, first.line(line).is_ok().then(|| first.head()).flatten()) {
            (None, Some(head)) => Origin::At(head.sequence),
            _ => Origin::Beginning,
        };
        // How many records are unsigned is known only from a signature on.
        let known = ChainEnd { unsigned: if end.signed.is_some() || start == 0 { end.unsigned } else { 0 }, ..end };
        match known.with(line, origin, key) {
            Ok(followed) => end = followed.end,
            Err(_) => break,
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::sample_log::SampleLog;
    use files::Memory;

    fn stored(lines: &[Vec<u8>]) -> Memory {
        let mut disk = Memory::default();
        disk.append("log", &lines.concat()).unwrap();
        disk
    }

    fn opened(disk: &mut Memory, log: &SampleLog) -> Result<Opened, OpenError> {
        ChainFile::open(disk, "log", Origin::Beginning, &log.public())
    }

    /// A log that is longer than what is read of it.
    fn long_log(unsigned: usize) -> SampleLog {
        let mut log = SampleLog::new(1);
        log.started();
        for _ in 0..20 {
            log.stopped(200);
            log.sign();
        }
        log.stopped(unsigned);
        log
    }

    #[test]
    fn a_file_is_continued_where_it_ends() {
        for unsigned in [0, 1, 300, 511] {
            let log = long_log(unsigned);
            let mut disk = stored(log.lines());
            let Opened { file, cut_bytes } = opened(&mut disk, &log).unwrap();
            assert_eq!((file.next(), cut_bytes), (log.last() + 1, 0), "{unsigned}");
            assert_eq!(file.durable().unsigned, unsigned as u32 + 1);
            assert_eq!(file.durable().signed.unwrap().head, log.head_at(20 * 201));
        }
        let mut log = SampleLog::new(1);
        let mut disk = Memory::default();
        assert_eq!(opened(&mut disk, &log).unwrap().file.next(), 1);
        log.stopped(1);
        let mut disk = stored(log.lines());
        let file = opened(&mut disk, &log).unwrap().file;
        assert_eq!((file.next(), file.durable().signed), (2, None));
    }

    #[test]
    fn a_torn_end_is_cut_off() {
        let log = long_log(5);
        let whole = log.lines().concat();
        let last = log.lines().last().unwrap().len();
        for (left, added, expected) in [
            (whole.len() - 1, &b""[..], log.last() - 1),
            (whole.len() - last + 1, b"", log.last() - 1),
            (whole.len(), b"{\"schema\":1", log.last()),
            (whole.len() - last, &[0; 5000], log.last() - 1),
            (whole.len(), b"\n", log.last()),
        ] {
            let mut disk = Memory::default();
            disk.append("log", &[&whole[..left], added].concat()).unwrap();
            let Opened { file, cut_bytes } = opened(&mut disk, &log).unwrap();
            assert_eq!(file.next(), expected + 1, "{left} {}", added.len());
            assert!(cut_bytes > 0);
            assert_eq!(disk.length("log").unwrap(), Some(file.durable().bytes));
        }
    }

    /// A disk may have written later blocks before earlier ones.
    #[test]
    fn a_hole_before_the_end_is_cut_off_with_what_follows() {
        let mut log = long_log(3);
        let before = log.last();
        let length = log.lines().concat().len();
        log.stopped(5);
        log.sign();
        log.stopped(2);
        let mut bytes = log.lines().concat();
        bytes[length..length + 20].fill(0);
        let mut disk = Memory::default();
        disk.append("log", &bytes).unwrap();
        assert_eq!(opened(&mut disk, &log).unwrap().file.next(), before + 1);
    }

    #[test]
    fn a_file_that_is_not_this_units_log_is_left_alone() {
        let log = long_log(0);
        let other = SampleLog::new(2);
        let mut disk = stored(log.lines());
        let refused = opened(&mut disk, &other).unwrap_err().to_string();
        assert!(refused.contains("damaged") || refused.contains("no signature"), "{refused}");
        let mut bytes = log.lines().concat();
        let place = bytes.len() - (MOST_UNSYNCED as usize) - 9000;
        bytes[place] ^= 1;
        let length = bytes.len() as u64;
        let mut disk = Memory::default();
        disk.append("log", &bytes).unwrap();
        match opened(&mut disk, &log) {
            Err(OpenError::Damaged(_)) => {}
            // The damage lies before what is read: `audit verify` finds it.
            Ok(opened) => assert_eq!(opened.cut_bytes, 0),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(disk.length("log").unwrap(), Some(length));
    }
}
