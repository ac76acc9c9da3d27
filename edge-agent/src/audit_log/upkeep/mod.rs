//! Work on the log between records: reserving space, signing heads, rotating full files, removing old files. It never
//! runs between a decision and the door's movement, except for a signature that is overdue by then.
//!
//! A head is signed after every [`SIGNED_EVERY`] records, [`SIGNED_WITHIN_MS`] after the first unsigned record, when a
//! file is rotated, before old files are removed, and when the unit stops. The signature is a record in the chain, and
//! a file next to the log; from that file the next start detects a missing tail. Signing each record would cost two
//! more syncs for each person who is let in.

use super::log_files::{self, Segment, head_name, next_name, segment_name};
use super::{AuditError, AuditLog, SignedHead, end_of, failed_to_be};
use crate::clock::NOT_BEFORE_UTC_MS;
use files::Storage;
use policy::audit::{Event, MAX_LINE_BYTES, Record};
use policy::{ClockTrust, Now};
use std::io::{self, ErrorKind};

/// Number of records of maximum length that can be written when the disk is full.
const RESERVED_RECORDS: u64 = 1000;
const LINE_BYTES: u64 = MAX_LINE_BYTES as u64;
const RESERVED_BYTES: u64 = RESERVED_RECORDS * LINE_BYTES;
/// Extra space that is reserved in advance, so that not every record needs a reservation.
const RESERVED_AHEAD: u64 = RESERVED_BYTES / 4;
/// Number of records between signatures.
pub(super) const SIGNED_EVERY: u64 = 256;
/// Maximum time until a record is signed. It limits the time in which an attacker can forge the unsigned tail.
pub(super) const SIGNED_WITHIN_MS: u64 = 5 * 60 * 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Interval between checks for old files.
const PRUNED_EVERY_MS: u64 = 3600 * 1000;
/// Minimum time that the clock must have been trusted without a jump before files are removed for their age. It gives
/// time to notice an RTC without a valid time or a false time server.
const RIGHT_FOR_MS: u64 = DAY_MS as u64;
/// Minimum time between two files that are removed for their age: a wrong clock can remove at most a tenth of the log
/// in a day.
const AGED_EVERY_MS: u64 = DAY_MS as u64;
/// A larger correction of the clock counts as a jump.
const JUMP_MS: i64 = 3600 * 1000;
/// Time before failed work is tried again.
const RETRY_MS: u64 = 10_000;

/// The limits of a log's size and age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upkeep {
    /// Size in bytes at which the current file is rotated.
    pub file_bytes: u64,
    /// Maximum total size in bytes. The oldest files are removed beyond it, but never the current file.
    pub all_bytes: u64,
    /// Age in days, at least 1, at which a file is removed. The age is that of its last record.
    pub keep_days: u32,
}

impl Upkeep {
    /// Number of files that a log is divided into, by size and by time.
    const FILES: u64 = 10;

    /// Limits for a log of at most `all_bytes`, which keeps records for at least `keep_days` if they fit.
    pub fn new(all_bytes: u64, keep_days: u32) -> Self {
        Self { file_bytes: all_bytes / Self::FILES, all_bytes, keep_days }
    }

    /// Maximum age of the current file's first record before rotation: a record is kept for at most a tenth longer than
    /// configured.
    fn file_ms(&self) -> i64 {
        (i64::from(self.keep_days) * DAY_MS / Self::FILES as i64).max(DAY_MS)
    }
}

impl Default for Upkeep {
    fn default() -> Self {
        Self::new(64 << 20, 90)
    }
}

/// The state of the upkeep.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Sequence number and time of the first record in the current file.
    began: Option<(u64, i64)>,
    /// Length of the current file up to which space is reserved.
    reserved_to: u64,
    reserves_nothing: bool,
    signed: u64,
    /// The same for the chain alone. If writing the file next to the log failed, it is retried without a new record.
    signed_in_chain: u64,
    /// Time of the first unsigned record since the start: UTC and monotonic.
    unsigned_since: Option<(i64, u64)>,
    /// Whether records from before the start are unsigned. They may have waited for a long time.
    has_older_unsigned: bool,
    pruned_ms: Option<u64>,
    right: Option<RightClock>,
    /// When a file was last removed because of its age.
    aged_ms: Option<u64>,
    not_before_ms: u64,
}

/// The clock, while it is trusted and has not jumped.
#[derive(Debug, Clone, Copy)]
struct RightClock {
    since_ms: u64,
    /// UTC minus monotonic time.
    offset_ms: i64,
}

impl State {
    /// Checks the clock for jumps, on each call of the upkeep.
    fn watch_clock(&mut self, now: &Now) {
        let offset_ms = now.utc_ms.saturating_sub_unsigned(now.monotonic_ms);
        let has_not_jumped = |right: &RightClock| right.offset_ms.abs_diff(offset_ms) <= JUMP_MS as u64;
        self.right = (now.clock == ClockTrust::Trusted).then(|| {
            let since_ms = self.right.filter(has_not_jumped).map_or(now.monotonic_ms, |right| right.since_ms);
            RightClock { since_ms, offset_ms }
        });
    }

    /// Whether a file may be removed for its age now.
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

    /// Checks both clocks, because UTC may have been set in the meantime.
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
    /// Does the work that is due. Errors are logged, shown in the status, and retried later; they do not stop records
    /// from being written.
    pub fn maintain(&mut self, now: &Now) {
        self.state.watch_clock(now);
        if now.monotonic_ms < self.state.not_before_ms {
            return;
        }
        let maintained = self.do_what_is_due(now);
        self.report_reserve();
        let trouble = maintained.err().map(|error| error.to_string());
        if trouble.is_some() {
            self.state.not_before_ms = now.monotonic_ms.saturating_add(RETRY_MS);
        }
        if self.health.set_trouble(trouble.clone())
            && let Some(trouble) = trouble
        {
            tracing::warn!("{trouble}");
        }
    }

    /// Signs the head if it is not signed yet.
    pub fn sign(&mut self, now: &Now) -> Result<(), AuditError> {
        self.sign_in_chain(now)?;
        self.sign_beside()
    }

    fn sign_in_chain(&mut self, now: &Now) -> Result<(), AuditError> {
        // Events found at the start come first, because a signature covers the record before it.
        self.record_found(now)?;
        self.append_signature(now)
    }

    /// Signs before the next record if the first unsigned one is too old by then, because the clock was set or a turn
    /// took long. So, whenever the power fails, unsigned records never span more time than `audit verify` allows.
    pub(super) fn sign_if_overdue(&mut self, now: &Now) -> Result<(), AuditError> {
        if self.state.has_waited_for_a_signature(now) { self.append_signature(now) } else { Ok(()) }
    }

    fn append_signature(&mut self, now: &Now) -> Result<(), AuditError> {
        let head = self.chain.head();
        let Some(key) = self.key.as_ref().filter(|_| head.sequence > self.state.signed_in_chain) else { return Ok(()) };
        let signature = key.sign(&head);
        self.append_next(Event::HeadSigned { signature }, now)?;
        self.state.signed_in_chain = self.chain.head().sequence;
        self.state.unsigned_since = None;
        self.state.has_older_unsigned = false;
        Ok(())
    }

    /// Writes the signed head to the file next to the log.
    fn sign_beside(&mut self) -> Result<(), AuditError> {
        let head = self.chain.head();
        let Some(key) = self.key.as_ref().filter(|_| head.sequence > self.state.signed) else { return Ok(()) };
        let bytes = terminal::to_json(&key.signed(&head)).unwrap_or_default().into_bytes();
        self.storage.replace(&head_name(&self.file), &bytes).map_err(failed_to_be("signed"))?;
        self.state.signed = head.sequence;
        self.health.signed(head.sequence);
        Ok(())
    }

    /// Restores the state of the upkeep, and checks whether a signed record is missing.
    pub(super) fn begin_upkeep(&mut self, now: &Now) -> Result<(), AuditError> {
        if self.length > 0 {
            let first = self.storage.read_from(&self.file, 0, MAX_LINE_BYTES).map_err(failed_to_be("read"))?;
            let line = first.split(|&byte| byte == b'\n').next().unwrap_or_default();
            // A damaged first line is left to the verification.
            self.state.began = Record::parse(line).ok().map(|record| (record.sequence, record.utc_ms));
            if self.state.began.is_none() {
                self.state.began = Some((self.chain.head().sequence, now.utc_ms));
            }
        }
        self.detect_missing_tail().map_err(failed_to_be("read"))?;
        self.state.has_older_unsigned = self.chain.head().sequence > self.state.signed;
        Ok(())
    }

    fn detect_missing_tail(&mut self) -> io::Result<()> {
        let (Some(key), Some(bytes)) = (&self.key, self.storage.read(&head_name(&self.file))?) else { return Ok(()) };
        let head = self.chain.head();
        let signed = match SignedHead::parse(&bytes) {
            Ok(signed) if signed.is_by(&key.public()) => signed,
            _ => {
                tracing::warn!("{} is not signed by this unit and is ignored", head_name(&self.file));
                return Ok(());
            }
        };
        let SignedHead { sequence, hash, .. } = signed;
        if sequence > head.sequence || sequence == head.sequence && hash != head.hash {
            tracing::error!(
                "the audit log lacks record {sequence}, which this unit had signed: it was cut or replaced"
            );
            self.found.push_back(Event::TailMissing { signed_sequence: sequence, signed_hash: hash });
        } else {
            (self.state.signed, self.state.signed_in_chain) = (sequence, sequence);
            self.health.signed(sequence);
        }
        Ok(())
    }

    fn do_what_is_due(&mut self, now: &Now) -> Result<(), AuditError> {
        // A failed signature does not prevent the removal of files, which may free the space it needs.
        let signed = self.sign_if_due(now);
        if self.is_file_full(now) {
            self.rotate(now)?;
            self.prune(now)?;
        }
        if self.state.pruned_ms.is_none_or(|pruned| now.monotonic_ms.saturating_sub(pruned) >= PRUNED_EVERY_MS) {
            self.prune(now)?;
        }
        signed.and(self.reserve())
    }

    fn sign_if_due(&mut self, now: &Now) -> Result<(), AuditError> {
        let unsigned = self.chain.head().sequence.saturating_sub(self.state.signed_in_chain);
        let is_due = unsigned >= SIGNED_EVERY || self.state.has_older_unsigned;
        if is_due || self.state.has_waited_for_a_signature(now) {
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

    /// Rotates the current file. The next file gets its space first, so a full disk leaves everything unchanged.
    fn rotate(&mut self, now: &Now) -> Result<(), AuditError> {
        let Some((first, _)) = self.state.began else { return Ok(()) };
        self.repair()?;
        let next = next_name(&self.file);
        let new_file = failed_to_be("given a new file");
        self.storage.append(&next, b"").map_err(&new_file)?;
        let reserved = if self.state.reserves_nothing {
            0
        } else {
            reserve_available(self.storage.as_mut(), &next).map_err(&new_file)?
        };
        if reserved < RESERVED_BYTES && !self.state.reserves_nothing {
            return Err(AuditError::NoReserve { records: reserved / LINE_BYTES });
        }
        self.storage.sync(&next).map_err(&new_file)?;
        self.sign(now)?;
        let renamed = failed_to_be("rotated");
        self.storage.rename(&self.file, &segment_name(&self.file, first)).map_err(&renamed)?;
        // There is no current file now; the next record creates it.
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
        let excess = self.files_to_remove(&older, now)?;
        if let Some(last) = excess.last() {
            let head = end_of(self.storage.as_mut(), &last.name)?.head;
            // A file is only removed if its last record is known.
            if let Some(head) = head {
                self.append(Event::Pruned { pruned_through: head.sequence, pruned_hash: head.hash }, now)?;
                // The removal record counts only if it is signed.
                self.sign_in_chain(now)?;
                for segment in &excess {
                    self.storage.remove(&segment.name).map_err(&pruned)?;
                }
                self.storage.sync_names().map_err(&pruned)?;
                self.sign_beside()?;
            }
        }
        self.state.pruned_ms = Some(now.monotonic_ms);
        Ok(())
    }

    /// The oldest files that must be removed: those beyond the total size, and one that is too old.
    fn files_to_remove(&mut self, older: &[Segment], now: &Now) -> Result<Vec<Segment>, AuditError> {
        let mut lengths = Vec::new();
        for segment in older {
            lengths.push(self.storage.length(&segment.name).map_err(failed_to_be("pruned"))?.unwrap_or(0));
        }
        let mut bytes = self.length + lengths.iter().sum::<u64>();
        let mut excess = Vec::new();
        for (segment, length) in older.iter().zip(lengths) {
            if bytes <= self.upkeep.all_bytes {
                break;
            }
            bytes -= length;
            excess.push(segment.clone());
        }
        if let ([], [oldest, later @ ..]) = (&excess[..], older)
            && self.state.may_age(now)
            && self.is_too_old(oldest, later, now)?
        {
            self.state.aged_ms = Some(now.monotonic_ms);
            excess.push(oldest.clone());
        }
        Ok(excess)
    }

    /// Whether a file is too old, by the latest possible time of its records. Records written before the clock was set
    /// have a false time; they count as being as young as the record that follows.
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

    /// The times of a file's first and last record.
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
        match reserve_available(self.storage.as_mut(), &self.file) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                tracing::warn!("{}: this file system cannot reserve space: {error}", self.file);
                self.state.reserves_nothing = true;
                Ok(())
            }
            reserved => {
                let bytes = reserved.map_err(failed_to_be("given reserved space"))?;
                self.state.reserved_to = self.length + bytes;
                if bytes < RESERVED_BYTES { Err(AuditError::NoReserve { records: bytes / LINE_BYTES }) } else { Ok(()) }
            }
        }
    }

    fn report_reserve(&self) {
        let reserved = self.state.reserved_to.saturating_sub(self.length).min(RESERVED_BYTES);
        self.health.set_reserve((!self.state.reserves_nothing).then_some(reserved));
    }
}

/// Reserves space and returns the number of bytes: all that were requested, or fewer on a nearly full disk.
fn reserve_available(storage: &mut dyn Storage, file: &str) -> io::Result<u64> {
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
