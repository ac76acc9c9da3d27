//! Collects the audit logs of all units, each in a file of its own, so that every record is there once and in order.
//!
//! [`Collector`] takes messages in any order, with any of them lost, repeated or forged, writes what follows, syncs it, and
//! then says which record each unit should send next. It knows no broker and no clock: those are in `run`.
//!
//! | file in its folder | content |
//! |---|---|
//! | `UNIT-ID.jsonl` | the unit's log, line by line as the unit wrote it; `edge-agent audit verify` reads it |
//! | `UNIT-ID.gaps.jsonl` | records that the unit had removed before they were collected |
//! | `UNIT-ID.to-N.jsonl` | the log before a gap |
//! | `UNIT-ID.other.jsonl` | the log after a gap that is not proven yet |
//! | `UNIT-ID.part-N.jsonl` | a log between two gaps that was never proven |
//! | `UNIT-ID.refused.jsonl` | lines that were refused, and why; at most 256 KiB |
//!
//! Collected files are not rotated, and grow for ever.

mod chain_end;
mod chain_file;
mod feeds;
mod gaps;
mod names;
mod note;
mod refused;
mod run;
#[cfg(test)]
pub(crate) mod sample_log;
mod ssh_feed;
mod unit_log;

pub use gaps::Gap;
pub use note::{Note, Problem};
pub use run::{BrokerNote, CollectError, Said, collect};

use crate::fleet_toml::Fleet;
use chain_file::OpenError;
use ed25519_dalek::VerifyingKey;
use files::Storage;
use fleet_messages::{MAX_BATCH_BYTES, RecordBatch, Want};
use names::Names;
use policy::audit::LineHash;
use refused::Refused;
use shared::seal::Fingerprint;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use unit_log::{Offer, Outcome, UnitLog};

/// The most units whose unsigned records are in doubt at a time. Each takes up to 2 MiB of memory.
const MOST_BRANCHES: usize = 16;
/// The most unknown units that are reported.
const MOST_UNKNOWN: usize = 1000;
/// The time until a unit is asked again after the disk failed, in milliseconds.
const RETRY_MS: u64 = 10_000;
/// The time until a file that cannot be continued is looked at again.
const DAMAGED_MS: u64 = 10 * 60_000;
/// The time until the same is reported again.
const REPORTED_AGAIN_MS: u64 = 3_600_000;
/// The time until the same record is wanted again, unless the unit asks.
const WANTED_AGAIN_MS: u64 = 2000;

/// The time, as the caller's clocks say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since any moment; never goes back.
    pub monotonic_ms: u64,
    /// Milliseconds since 1970, UTC.
    pub utc_ms: i64,
}

/// What a collector has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of records that were written.
    pub records: u64,
    /// Number of messages, of any kind.
    pub messages: u64,
    /// Number of files that were synced. A file is synced once for all messages that came in the meantime.
    pub syncs: u64,
}

/// The collected logs.
pub struct Collector {
    storage: Box<dyn Storage>,
    keys: HashMap<Fingerprint, VerifyingKey>,
    states: HashMap<Fingerprint, State>,
    /// Units that sent something since the last [`Collector::settle`].
    heard: BTreeSet<Fingerprint>,
    /// Units whose turn comes later, and when.
    waiting: BTreeMap<u64, Vec<Fingerprint>>,
    /// Units with records in doubt.
    in_doubt: BTreeSet<Fingerprint>,
    refused: Refused,
    unknown: BTreeSet<Fingerprint>,
    reported: HashMap<(Fingerprint, u8), u64>,
    disk_fails: bool,
    notes: Vec<Note>,
    totals: Totals,
}

/// What is known of a unit.
#[derive(Default)]
struct State {
    log: Option<UnitLog>,
    /// Nothing is done for it before.
    not_before_ms: u64,
    /// What was wanted last, and when.
    wanted: Option<(Want, u64)>,
    /// Whether it waits for an answer whatever it was told before.
    asks: bool,
}

/// What a collector wants after syncing.
#[derive(Debug, Default)]
pub struct Settled {
    /// The record that each of these units should send next.
    pub wants: Vec<(Fingerprint, Want)>,
    /// What somebody should know.
    pub notes: Vec<Note>,
}

/// A unit's log, as far as it was collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collected {
    /// The last record; 0 before the first.
    pub last: u64,
    /// The last record that a signature of the unit covers; 0 before the first.
    pub signed: u64,
    /// The hash of the last record.
    pub hash: Option<LineHash>,
}

impl Collector {
    /// Continues with what is in this storage.
    ///
    /// # Errors
    /// The error of the disk.
    pub fn open(mut storage: Box<dyn Storage>, fleet: &Fleet) -> io::Result<Self> {
        let refused = Refused::open(storage.as_mut())?;
        let keys = fleet.units().iter().map(|unit| (unit.id, unit.log_key)).collect();
        Ok(Self {
            storage,
            keys,
            states: HashMap::new(),
            heard: BTreeSet::new(),
            waiting: BTreeMap::new(),
            in_doubt: BTreeSet::new(),
            refused,
            unknown: BTreeSet::new(),
            reported: HashMap::new(),
            disk_fails: false,
            notes: Vec::new(),
            totals: Totals::default(),
        })
    }

    /// Takes a message about records that came for this unit.
    pub fn take(&mut self, unit: Fingerprint, payload: &[u8], now: Moment) {
        self.totals.messages += 1;
        if !self.keys.contains_key(&unit) {
            return self.unknown_unit(unit);
        }
        let batch = match RecordBatch::parse(payload) {
            Ok(batch) if batch.header.unit == unit.to_string() => batch,
            Ok(batch) => {
                return self.refuse(
                    unit,
                    format!("a message of {:?} in the topic of this unit", batch.header.unit),
                    now,
                );
            }
            Err(error) => return self.refuse(unit, format!("a message that cannot be read: {error}"), now),
        };
        let offer = Offer { kept_from: batch.header.kept_from, last: batch.header.last, lines: batch.lines };
        self.offer(unit, &offer, now);
    }

    /// Takes lines of a unit's log that came in another way, without their line feeds. `kept_from` is the first record that
    /// the unit still has, `last` the last one.
    pub fn take_lines(&mut self, unit: Fingerprint, kept_from: Option<u64>, last: u64, lines: &[&[u8]], now: Moment) {
        match self.keys.contains_key(&unit) {
            true => self.offer(unit, &Offer { kept_from, last, lines: lines.to_vec() }, now),
            false => self.unknown_unit(unit),
        }
    }

    /// Syncs what was written, and says what each unit that was heard should send next.
    pub fn settle(&mut self, now: Moment) -> Settled {
        let mut wants = Vec::new();
        let later = self.waiting.split_off(&(now.monotonic_ms + 1));
        for unit in std::mem::replace(&mut self.waiting, later).into_values().flatten() {
            self.states.entry(unit).or_default().asks = true;
            self.heard.insert(unit);
        }
        for unit in std::mem::take(&mut self.heard) {
            self.settle_one(unit, now);
            wants.extend(self.want(unit, now).map(|want| (unit, want)));
        }
        Settled { wants, notes: std::mem::take(&mut self.notes) }
    }

    /// The record that this unit should send next; `None` if the fleet does not have it, or its file cannot be continued now.
    pub fn wanted_of(&mut self, unit: Fingerprint, now: Moment) -> Option<Want> {
        self.open_log(unit, now).then_some(())?;
        self.states.get(&unit)?.log.as_ref().map(UnitLog::want)
    }

    /// Whether nothing waits to be synced.
    pub fn is_settled(&self) -> bool {
        self.heard.is_empty()
    }

    /// What was done so far.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    fn offer(&mut self, unit: Fingerprint, offer: &Offer<'_>, now: Moment) {
        let bytes: usize = offer.lines.iter().map(|line| line.len() + 1).sum();
        let is_full =
            |state: &State| state.log.as_ref().is_some_and(|log| log.is_full_with(bytes.min(MAX_BATCH_BYTES)));
        if self.states.get(&unit).is_some_and(is_full) {
            self.settle_one(unit, now);
        }
        if !self.open_log(unit, now) {
            return;
        }
        let may_branch = self.in_doubt.len() < MOST_BRANCHES || self.in_doubt.contains(&unit);
        let Some(state) = self.states.get_mut(&unit) else { return };
        state.asks |= offer.lines.is_empty();
        let Some(log) = &mut state.log else { return };
        self.heard.insert(unit);
        let taken = log.take(self.storage.as_mut(), offer, may_branch);
        match log.has_branch() {
            true => self.in_doubt.insert(unit),
            false => self.in_doubt.remove(&unit),
        };
        match taken {
            Ok(outcome) => self.report(unit, outcome, now),
            Err(error) => self.disk_failed(unit, &error, now),
        }
    }

    /// Whether the unit's log is open.
    fn open_log(&mut self, unit: Fingerprint, now: Moment) -> bool {
        let Some(&key) = self.keys.get(&unit) else { return false };
        let state = self.states.entry(unit).or_default();
        if state.log.is_some() {
            return true;
        }
        if now.monotonic_ms < state.not_before_ms {
            return false;
        }
        match UnitLog::open(self.storage.as_mut(), unit, key) {
            Ok((log, outcome)) => {
                state.log = Some(log);
                self.report(unit, outcome, now);
                true
            }
            Err(OpenError::Damaged(problem)) => {
                state.not_before_ms = now.monotonic_ms + DAMAGED_MS;
                self.note(unit, Problem::Damaged { problem }, now);
                false
            }
            Err(OpenError::Disk(error)) => {
                self.disk_failed(unit, &error, now);
                false
            }
        }
    }

    fn settle_one(&mut self, unit: Fingerprint, now: Moment) {
        if !self.open_log(unit, now) {
            return;
        }
        let Some(log) = self.states.get_mut(&unit).and_then(|state| state.log.as_mut()) else { return };
        match log.settle(self.storage.as_mut(), now.utc_ms) {
            Ok(outcome) => {
                let has_synced = outcome.syncs > 0;
                self.report(unit, outcome, now);
                if has_synced && std::mem::take(&mut self.disk_fails) {
                    self.notes.push(Note::DiskWorks);
                }
            }
            Err(error) => self.disk_failed(unit, &error, now),
        }
    }

    fn want(&mut self, unit: Fingerprint, now: Moment) -> Option<Want> {
        let state = self.states.get_mut(&unit)?;
        let want = state.log.as_ref()?.want();
        let is_repeated = state
            .wanted
            .as_ref()
            .is_some_and(|(wanted, at)| *wanted == want && now.monotonic_ms.saturating_sub(*at) < WANTED_AGAIN_MS);
        if is_repeated && !std::mem::take(&mut state.asks) {
            return None;
        }
        state.asks = false;
        state.wanted = Some((want.clone(), now.monotonic_ms));
        Some(want)
    }

    fn disk_failed(&mut self, unit: Fingerprint, error: &io::Error, now: Moment) {
        let until = now.monotonic_ms + RETRY_MS;
        let state = self.states.entry(unit).or_default();
        self.in_doubt.remove(&unit);
        if let Some(log) = state.log.take() {
            log.give_up(self.storage.as_mut());
        }
        state.not_before_ms = until;
        self.waiting.entry(until).or_default().push(unit);
        if !std::mem::replace(&mut self.disk_fails, true) {
            self.notes.push(Note::DiskFails { problem: error.to_string() });
        }
    }

    fn report(&mut self, unit: Fingerprint, outcome: Outcome, now: Moment) {
        self.totals.records += outcome.records;
        self.totals.syncs += outcome.syncs;
        for (why, lines) in outcome.refused {
            self.refused.keep(self.storage.as_mut(), &Names::of(unit), &why, &lines, now.utc_ms);
        }
        for problem in outcome.problems {
            self.note(unit, problem, now);
        }
    }

    fn refuse(&mut self, unit: Fingerprint, problem: String, now: Moment) {
        self.note(unit, Problem::Forged { problem }, now);
    }

    fn note(&mut self, unit: Fingerprint, problem: Problem, now: Moment) {
        let reported = self.reported.get(&(unit, problem.kind()));
        // Each gap is written down once.
        let is_known = reported.is_some_and(|at| now.monotonic_ms.saturating_sub(*at) < REPORTED_AGAIN_MS);
        if !is_known || matches!(problem, Problem::Gap(_)) {
            self.reported.insert((unit, problem.kind()), now.monotonic_ms);
            self.notes.push(Note::of(unit, problem));
        }
    }

    fn unknown_unit(&mut self, unit: Fingerprint) {
        if self.unknown.len() < MOST_UNKNOWN && self.unknown.insert(unit) {
            self.notes.push(Note::UnknownUnit { unit: unit.to_string() });
        }
    }
}

/// What was collected of a unit in this storage. Changes nothing.
///
/// # Errors
/// If it cannot be read, or is not this unit's log.
pub fn collected(storage: &mut dyn Storage, unit: Fingerprint, key: &VerifyingKey) -> Result<Collected, NotCollected> {
    let end = chain_file::end(storage, &Names::of(unit).log(), key)?;
    Ok(Collected {
        last: end.head.map_or(0, |head| head.sequence),
        signed: end.signed.map_or(0, |signed| signed.head.sequence),
        hash: end.head.map(|head| head.hash),
    })
}

/// Why a collected file says nothing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotCollected(String);

impl From<OpenError> for NotCollected {
    fn from(error: OpenError) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests;
