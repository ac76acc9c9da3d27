//! What is done for the log between records, never between a decision and its door: space is reserved, heads are
//! signed, a full file is put aside, old files are removed.
//!
//! A head is signed after every [`SIGNED_EVERY`] records, [`SIGNED_WITHIN_MS`] after the first that is not signed, when a
//! file is put aside, before old files are removed, and when the unit stops: as a record in the chain, and as a file beside
//! the log, by which the next start finds a tail that is missing. Signing each record would cost two more syncs for each
//! person who is let in.

use super::log_files::{self, Segment, head_name, next_name, segment_name};
use super::{AuditError, AuditLog, SignedHead, end_of, failed_to_be};
use crate::clock::NOT_BEFORE_UTC_MS;
use files::Storage;
use policy::audit::{Event, MAX_LINE_BYTES, Record};
use policy::{ClockTrust, Now};
use std::io::{self, ErrorKind};

/// This many records of the greatest length can be written on a disk that is full.
const RESERVED_RECORDS: u64 = 1000;
const LINE_BYTES: u64 = MAX_LINE_BYTES as u64;
const RESERVED_BYTES: u64 = RESERVED_RECORDS * LINE_BYTES;
/// Reserved beyond that, so that it is not done again for each record.
const RESERVED_AHEAD: u64 = RESERVED_BYTES / 4;
/// This many records are signed together.
pub(super) const SIGNED_EVERY: u64 = 256;
/// And a record is not left unsigned for longer than this: who writes a tail of their own has no more time than that.
pub(super) const SIGNED_WITHIN_MS: u64 = 5 * 60 * 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// How often it is looked for old files.
const PRUNED_EVERY_MS: u64 = 3600 * 1000;
/// Nothing is old before the clock has been right for so long, without a jump. A battery's nonsense or a time server that
/// lies is noticed before.
const RIGHT_FOR_MS: u64 = DAY_MS as u64;
/// After one file has gone for its age, the next one waits: a tenth of the log at most is lost to a wrong clock in a day.
const AGED_EVERY_MS: u64 = DAY_MS as u64;
/// A clock that is corrected by more than this has jumped.
const JUMP_MS: i64 = 3600 * 1000;
/// What went wrong is not tried again at once.
const AFTER_TROUBLE_MS: u64 = 10_000;

/// How large and how old a log may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upkeep {
    /// From this size on, bytes, the current file is put aside.
    pub file_bytes: u64,
    /// Beyond this size, bytes, the oldest files are removed; the current one never is.
    pub all_bytes: u64,
    /// After this many days, at least 1, a file is removed, counted from its last record.
    pub keep_days: u32,
}

impl Upkeep {
    /// In this many files a log is divided, by size and by time.
    const FILES: u64 = 10;

    /// A log of at most this many bytes, each record kept for at least this many days where that is enough room.
    pub fn new(all_bytes: u64, keep_days: u32) -> Self {
        Self { file_bytes: all_bytes / Self::FILES, all_bytes, keep_days }
    }

    /// The current file is put aside when its first record is older: so a record is kept for a tenth longer at most.
    fn file_ms(&self) -> i64 {
        (i64::from(self.keep_days) * DAY_MS / Self::FILES as i64).max(DAY_MS)
    }
}

impl Default for Upkeep {
    fn default() -> Self {
        Self::new(64 << 20, 90)
    }
}

/// How far the upkeep is.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The first record of the current file: its number and when it was written.
    began: Option<(u64, i64)>,
    /// Up to which length of the current file space is reserved.
    reserved_to: u64,
    reserves_nothing: bool,
    signed: u64,
    /// The same in the chain alone: the file beside it may have failed, and is tried again without another record.
    signed_in_chain: u64,
    /// When the first record was written that is not signed, in UTC and by the monotonic clock.
    unsigned_since: Option<(i64, u64)>,
    pruned_ms: Option<u64>,
    right: Option<RightClock>,
    /// When a file was last removed for its age.
    aged_ms: Option<u64>,
    not_before_ms: u64,
}

/// A clock that is trusted and has not jumped.
#[derive(Debug, Clone, Copy)]
struct RightClock {
    since_ms: u64,
    /// UTC minus the scale that only goes forward.
    offset_ms: i64,
}

impl State {
    /// Takes notice of the clock, as often as the log is looked after.
    fn watch_clock(&mut self, now: &Now) {
        let offset_ms = now.utc_ms.saturating_sub_unsigned(now.monotonic_ms);
        let goes_on = |right: &RightClock| right.offset_ms.abs_diff(offset_ms) <= JUMP_MS as u64;
        self.right = (now.clock == ClockTrust::Trusted).then(|| {
            let since_ms = self.right.filter(goes_on).map_or(now.monotonic_ms, |right| right.since_ms);
            RightClock { since_ms, offset_ms }
        });
    }

    /// Whether a file may go for its age now.
    fn may_age(&self, now: &Now) -> bool {
        let since = |moment: u64| now.monotonic_ms.saturating_sub(moment);
        self.right.is_some_and(|right| since(right.since_ms) >= RIGHT_FOR_MS)
            && self.aged_ms.is_none_or(|aged| since(aged) >= AGED_EVERY_MS)
    }

    pub(super) fn file_begins(&mut self, sequence: u64, utc_ms: i64) {
        self.began = Some((sequence, utc_ms));
    }

    pub(super) fn is_recorded(&mut self, now: &Now) {
        self.unsigned_since.get_or_insert((now.utc_ms, now.monotonic_ms));
    }

    /// By either clock: the one in the records may be set meanwhile.
    fn has_waited_for_a_signature(&self, now: &Now) -> bool {
        self.unsigned_since.is_some_and(|(utc_ms, monotonic_ms)| {
            now.utc_ms.abs_diff(utc_ms).max(now.monotonic_ms.saturating_sub(monotonic_ms)) >= SIGNED_WITHIN_MS
        })
    }

    pub(super) fn reserve_is_lost(&mut self) {
        self.reserved_to = 0;
    }
}

impl AuditLog {
    /// Does what is due. What cannot be done is said, shown by the status, and tried again later; records are written
    /// all the same.
    pub fn tend(&mut self, now: &Now) {
        self.state.watch_clock(now);
        if now.monotonic_ms < self.state.not_before_ms {
            return;
        }
        let tended = self.do_what_is_due(now);
        self.tell_reserve();
        let trouble = tended.err().map(|error| error.to_string());
        if trouble.is_some() {
            self.state.not_before_ms = now.monotonic_ms.saturating_add(AFTER_TROUBLE_MS);
        }
        if self.health.has_trouble(trouble.clone())
            && let Some(trouble) = trouble
        {
            tracing::warn!("{trouble}");
        }
    }

    /// Signs what is recorded, if it is not signed yet.
    pub fn sign(&mut self, now: &Now) -> Result<(), AuditError> {
        self.sign_in_chain(now)?;
        self.sign_beside()
    }

    fn sign_in_chain(&mut self, now: &Now) -> Result<(), AuditError> {
        // What was found at the start comes first: a signature is over the record before it.
        self.record_found(now)?;
        let head = self.chain.head();
        let Some(key) = self.key.as_ref().filter(|_| head.sequence > self.state.signed_in_chain) else { return Ok(()) };
        let signature = key.sign(&head);
        self.append(Event::HeadSigned { signature }, now)?;
        self.state.signed_in_chain = self.chain.head().sequence;
        self.state.unsigned_since = None;
        Ok(())
    }

    /// The file vouches for the record with the signature as well.
    fn sign_beside(&mut self) -> Result<(), AuditError> {
        let head = self.chain.head();
        let Some(key) = self.key.as_ref().filter(|_| head.sequence > self.state.signed) else { return Ok(()) };
        let bytes = terminal::to_json(&key.signed(&head)).unwrap_or_default().into_bytes();
        self.storage.replace(&head_name(&self.file), &bytes).map_err(failed_to_be("signed"))?;
        self.state.signed = head.sequence;
        self.health.signed(head.sequence);
        Ok(())
    }

    /// Finds out how far the upkeep was, and whether a record is missing that was signed.
    pub(super) fn begin_upkeep(&mut self, now: &Now) -> Result<(), AuditError> {
        if self.length > 0 {
            let first = self.storage.read_from(&self.file, 0, MAX_LINE_BYTES).map_err(failed_to_be("read"))?;
            let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default();
            // A first line that is damaged is found when the log is verified.
            self.state.began = Record::parse(line).ok().map(|record| (record.sequence, record.utc_ms));
            if self.state.began.is_none() {
                self.state.began = Some((self.chain.head().sequence, now.utc_ms));
            }
        }
        self.look_for_what_was_signed().map_err(failed_to_be("read"))?;
        if self.chain.head().sequence > self.state.signed {
            // It may have waited for long: it is signed as soon as possible.
            self.state.unsigned_since = Some((i64::MIN, 0));
        }
        Ok(())
    }

    fn look_for_what_was_signed(&mut self) -> io::Result<()> {
        let (Some(key), Some(bytes)) = (&self.key, self.storage.read(&head_name(&self.file))?) else { return Ok(()) };
        let head = self.chain.head();
        let signed = match SignedHead::parse(&bytes) {
            Ok(signed) if signed.is_by(&key.public()) => signed,
            _ => {
                tracing::warn!("{} is not signed by this unit, and is passed over", head_name(&self.file));
                return Ok(());
            }
        };
        let SignedHead { sequence, hash, .. } = signed;
        if sequence > head.sequence || sequence == head.sequence && hash != head.hash {
            tracing::error!(
                "the audit log has no record {sequence}, which this unit has signed: it was cut or replaced"
            );
            self.found.push_back(Event::TailMissing { signed_sequence: sequence, signed_hash: hash });
        } else {
            (self.state.signed, self.state.signed_in_chain) = (sequence, sequence);
            self.health.signed(sequence);
        }
        Ok(())
    }

    fn do_what_is_due(&mut self, now: &Now) -> Result<(), AuditError> {
        // A signature that fails keeps no file from being removed: that may make room for it.
        let signed = self.sign_if_due(now);
        if self.is_file_full(now) {
            self.put_file_aside(now)?;
            self.prune(now)?;
        }
        if self.state.pruned_ms.is_none_or(|pruned| now.monotonic_ms.saturating_sub(pruned) >= PRUNED_EVERY_MS) {
            self.prune(now)?;
        }
        signed.and(self.reserve())
    }

    fn sign_if_due(&mut self, now: &Now) -> Result<(), AuditError> {
        let unsigned = self.chain.head().sequence.saturating_sub(self.state.signed_in_chain);
        if unsigned >= SIGNED_EVERY || self.state.has_waited_for_a_signature(now) {
            self.sign(now)
        } else if self.state.signed < self.state.signed_in_chain {
            self.sign_beside()
        } else {
            Ok(())
        }
    }

    fn is_file_full(&self, now: &Now) -> bool {
        let is_old = |(_, utc_ms): (u64, i64)| {
            now.clock == ClockTrust::Trusted && now.utc_ms.saturating_sub(utc_ms) > self.upkeep.file_ms()
        };
        self.length > 0 && (self.length >= self.upkeep.file_bytes || self.state.began.is_some_and(is_old))
    }

    /// The next file has its space before this one is put aside: a disk that is full leaves things as they are.
    fn put_file_aside(&mut self, now: &Now) -> Result<(), AuditError> {
        let Some((first, _)) = self.state.began else { return Ok(()) };
        self.mend()?;
        let next = next_name(&self.file);
        let new_file = failed_to_be("given a new file");
        self.storage.append(&next, b"").map_err(&new_file)?;
        let reserved = if self.state.reserves_nothing {
            0
        } else {
            reserve_what_there_is(self.storage.as_mut(), &next).map_err(&new_file)?
        };
        if reserved < RESERVED_BYTES && !self.state.reserves_nothing {
            return Err(AuditError::NoReserve { records: reserved / LINE_BYTES });
        }
        self.storage.sync(&next).map_err(&new_file)?;
        self.sign(now)?;
        let renamed = failed_to_be("put aside");
        self.storage.rename(&self.file, &segment_name(&self.file, first)).map_err(&renamed)?;
        // There is no current file now; the next record begins one.
        self.length = 0;
        self.state.began = None;
        self.state.reserved_to = 0;
        self.storage.rename(&next, &self.file).map_err(&renamed)?;
        self.state.reserved_to = reserved;
        self.storage.sync_names().map_err(&renamed)
    }

    fn prune(&mut self, now: &Now) -> Result<(), AuditError> {
        let pruned = failed_to_be("pruned");
        let older = log_files::segments(self.storage.as_mut(), &self.file).map_err(&pruned)?;
        let doomed = self.too_much_or_too_old(&older, now)?;
        if let Some(last) = doomed.last() {
            let head = end_of(self.storage.as_mut(), &last.name)?.head;
            // Nothing goes of which it is not known what it was.
            if let Some(head) = head {
                self.append(Event::Pruned { pruned_through: head.sequence, pruned_hash: head.hash }, now)?;
                // That they were removed counts only if it is signed.
                self.sign_in_chain(now)?;
                for segment in &doomed {
                    self.storage.remove(&segment.name).map_err(&pruned)?;
                }
                self.storage.sync_names().map_err(&pruned)?;
                self.sign_beside()?;
            }
        }
        self.state.pruned_ms = Some(now.monotonic_ms);
        Ok(())
    }

    /// The oldest files, as far as they have to go: those that are too much, and one that is too old.
    fn too_much_or_too_old(&mut self, older: &[Segment], now: &Now) -> Result<Vec<Segment>, AuditError> {
        let mut lengths = Vec::new();
        for segment in older {
            lengths.push(self.storage.length(&segment.name).map_err(failed_to_be("pruned"))?.unwrap_or(0));
        }
        let mut bytes = self.length + lengths.iter().sum::<u64>();
        let mut doomed = Vec::new();
        for (segment, length) in older.iter().zip(lengths) {
            if bytes <= self.upkeep.all_bytes {
                break;
            }
            bytes -= length;
            doomed.push(segment.clone());
        }
        if let ([], [oldest, later @ ..]) = (&doomed[..], older)
            && self.state.may_age(now)
            && self.is_too_old(oldest, later, now)?
        {
            self.state.aged_ms = Some(now.monotonic_ms);
            doomed.push(oldest.clone());
        }
        Ok(doomed)
    }

    /// By the youngest time that its records may have. What was written before the clock was set bears a time that was
    /// never true: it is as young as what came next.
    fn is_too_old(&mut self, segment: &Segment, later: &[Segment], now: &Now) -> Result<bool, AuditError> {
        let is_true = |utc_ms: &i64| *utc_ms >= NOT_BEFORE_UTC_MS;
        let mut youngest = None;
        for segment in std::iter::once(segment).chain(later) {
            youngest = self.times_of(segment)?.into_iter().max().filter(is_true);
            if youngest.is_some() {
                break;
            }
        }
        let youngest = youngest.or(self.state.began.map(|(_, utc_ms)| utc_ms).filter(is_true));
        let keep_ms = i64::from(self.upkeep.keep_days) * DAY_MS;
        Ok(youngest.is_some_and(|utc_ms| now.utc_ms.saturating_sub(utc_ms) > keep_ms))
    }

    /// Of a file's first and last record.
    fn times_of(&mut self, segment: &Segment) -> Result<Vec<i64>, AuditError> {
        let pruned = failed_to_be("pruned");
        let length = self.storage.length(&segment.name).map_err(&pruned)?.unwrap_or(0);
        let start = length.saturating_sub(LINE_BYTES);
        let head = self.storage.read_from(&segment.name, 0, MAX_LINE_BYTES).map_err(&pruned)?;
        let tail = self.storage.read_from(&segment.name, start, MAX_LINE_BYTES).map_err(&pruned)?;
        let first = head.split(|&byte| byte == b'\n').next();
        let last = tail.strip_suffix(b"\n").and_then(|lines| lines.rsplit(|&byte| byte == b'\n').next());
        Ok([first, last]
            .into_iter()
            .flatten()
            .filter_map(|line| Record::parse(line).ok())
            .map(|record| record.utc_ms)
            .collect())
    }

    fn reserve(&mut self) -> Result<(), AuditError> {
        if self.state.reserves_nothing || self.state.reserved_to >= self.length + RESERVED_BYTES {
            return Ok(());
        }
        match reserve_what_there_is(self.storage.as_mut(), &self.file) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                tracing::warn!("{}: this file system promises no space: {error}", self.file);
                self.state.reserves_nothing = true;
                Ok(())
            }
            reserved => {
                let bytes = reserved.map_err(failed_to_be("given space in advance"))?;
                self.state.reserved_to = self.length + bytes;
                if bytes < RESERVED_BYTES { Err(AuditError::NoReserve { records: bytes / LINE_BYTES }) } else { Ok(()) }
            }
        }
    }

    fn tell_reserve(&self) {
        let reserved = self.state.reserved_to.saturating_sub(self.length).min(RESERVED_BYTES);
        self.health.has_space_for((!self.state.reserves_nothing).then_some(reserved));
    }
}

/// How many bytes are reserved: all that are wanted, or fewer on a disk that is nearly full.
fn reserve_what_there_is(storage: &mut dyn Storage, file: &str) -> io::Result<u64> {
    let mut bytes = RESERVED_BYTES + RESERVED_AHEAD;
    loop {
        match storage.reserve(file, bytes) {
            Ok(()) => return Ok(bytes),
            Err(error) if error.kind() != ErrorKind::StorageFull => return Err(error),
            Err(_) if bytes <= LINE_BYTES => return Ok(0),
            Err(_) => bytes /= 2,
        }
    }
}

#[cfg(test)]
mod tests;
