//! What outlives a life of the unit: disk, clock and door, and what must be true of them.

use super::Run;
use super::attempts::Attempts;
use super::clock::WallClock;
use super::disk::Disk;
use super::door::WatchedDoor;
use super::leaf::{Leaf, Trace};
use super::pass_oracle::PassOracle;
use super::people::{MODEL, database};
use super::visitor_passes::Issuer;
use crate::audit_log::log_files;
use crate::audit_log::read::OpenFile;
use crate::audit_log::verify::{Against, Fault, verify};
use crate::audit_log::{LogKey, SignedHead};
use crate::door::Door;
use crate::lockdown::{LockdownFile, Lockdowns};
use crate::unit::Unit;
use fastrand::Rng;
use files::Storage;
use files::power_cut::{Loss, PowerCut};
use policy::audit::Event;
use std::io::Cursor;
use std::sync::Arc;

pub(super) const FRAME_MS: u64 = 100;
pub(super) const UNLOCK_MS: u64 = 5_000;
const START_UTC_MS: i64 = 1_800_000_000_000;

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    Killed,
    PowerCut,
}

/// A lockdown, as far as it is known: a save that failed or was cut off may be on the disk or not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lockdown {
    /// Whether it admits the wardens; `None` without a lockdown.
    pub(super) now: Option<bool>,
    /// Whether the next life must find it as it is now.
    pub(super) is_saved: bool,
}

pub(super) struct Environment {
    pub(super) disk: Disk,
    pub(super) clock: Arc<WallClock>,
    pub(super) door: WatchedDoor,
    pub(super) leaf: Leaf,
    pub(super) attempts: Attempts,
    pub(super) issuer: Issuer,
    pub(super) pass_oracle: PassOracle,
    pub(super) random: Rng,
    /// The lockdown that the unit must be in.
    pub(super) lockdown: Lockdown,
    /// Records of the door leaf's use to look for in the log, with their times.
    pub(super) traces: Vec<(Trace, i64)>,
    /// Times of grants that moved the lock, to look for in the log.
    moved: Vec<i64>,
    /// The last record when the log was last checked.
    checked: u64,
}

impl Environment {
    pub(super) fn new(seed: u64) -> Self {
        let power = PowerCut::default();
        let mut disk = Disk::new(power);
        disk.replace("db", &database(100, MODEL)).unwrap();
        let clock = Arc::new(WallClock::starting_at(START_UTC_MS));
        let door = WatchedDoor::default();
        door.set_log_disk(&disk);
        let (leaf, attempts, random) = (Leaf::default(), Attempts::default(), Rng::with_seed(seed));
        let lockdown = Lockdown::default();
        let (issuer, pass_oracle) = (Issuer::default(), PassOracle::default());
        let (traces, moved) = (Vec::new(), Vec::new());
        Self { disk, clock, door, leaf, attempts, issuer, pass_oracle, random, lockdown, traces, moved, checked: 0 }
    }

    pub(super) fn key() -> LogKey {
        LogKey::from_seed(&[3; 32])
    }

    /// Gives a new life the lockdown from the disk, which must be the one before, if that was saved.
    pub(super) fn restore_lockdown(&mut self, unit: &mut Unit) {
        let file = LockdownFile::new(Box::new(self.disk.clone()), "lockdown.json");
        unit.set_lockdowns(Lockdowns::restored(file, None));
        let found = unit.lockdowns().ordered().map(|(_, ordered)| ordered.admits.is_some());
        let Lockdown { now, is_saved } = self.lockdown;
        assert!(!is_saved || found == now, "a restart changed the lockdown: {now:?} is {found:?}");
        self.lockdown = Lockdown { now: found, is_saved: true };
    }

    /// Ends a life of the unit: locks the door, as systemd does if the unit could not, and leaves the disk as the next
    /// life finds it.
    pub(super) fn end_life(&mut self, end: End) {
        assert!(end != End::Stopped || !self.door.is_unlocked(), "a unit that was stopped left the door unlocked");
        self.door.stick(0);
        self.door.lock().unwrap();
        let loss = match end {
            // The kernel keeps what was written.
            End::Stopped | End::Killed => Loss::None,
            End::PowerCut => {
                let kinds: Vec<Loss> = Loss::kinds(self.disk.power.last_append().min(200)).collect();
                kinds[self.random.usize(..kinds.len())]
            }
        };
        self.disk = Disk::new(self.disk.power.after(loss));
        self.door.set_log_disk(&self.disk);
        self.attempts.end_life();
        self.assert_log_is_whole();
    }

    /// Asserts that the chain holds, and that each movement of the lock is on record, unless its file has been removed.
    fn assert_log_is_whole(&mut self) {
        self.moved.extend(self.door.take_moves());
        let mut disk = self.disk.clone();
        let head = disk.read("log.head").unwrap().map(|bytes| SignedHead::parse(&bytes).unwrap());
        let public = Self::key().public();
        let (mut kept, mut traces) = (Vec::new(), Vec::new());
        let found = verify(files_on(&mut disk), Against { key: Some(&public), head: head.as_ref() }, |line| {
            if let Some(record) = line.record() {
                kept.push((record.sequence, record.utc_ms));
                traces.extend(trace_of(&record.event).map(|trace| (trace, record.utc_ms)));
            }
            Ok(())
        });
        let mut faults = found.unwrap().faults;
        faults.retain(|fault: &Fault| !fault.problem.contains("nothing in it is signed"));
        assert!(faults.is_empty(), "{faults:?}");
        // Records that were removed with the oldest file cannot be checked.
        let all_are_kept = kept.first().is_none_or(|(sequence, _)| *sequence <= self.checked + 1);
        self.checked = kept.last().map_or(self.checked, |(sequence, _)| *sequence);
        let missing = self.moved.iter().filter(|utc_ms| !kept.iter().any(|(_, kept)| kept == *utc_ms)).count();
        assert!(missing == 0 || !all_are_kept, "the lock moved {missing} times without a record");
        let newest = self.moved.last().copied();
        assert!(
            newest.is_none_or(|utc_ms| kept.iter().any(|(_, kept)| *kept == utc_ms)),
            "the last move has no record"
        );
        self.moved.clear();
        let missing: Vec<_> = self.traces.drain(..).filter(|trace| !traces.contains(trace)).collect();
        assert!(missing.is_empty() || !all_are_kept, "the door was used without a record: {missing:?}");
    }

    pub(super) fn assert_everything_ended_well(&mut self, run: &mut Run) {
        assert!(!self.door.is_unlocked(), "the door is unlocked at the end");
        let mut disk = self.disk.clone();
        let found = verify(files_on(&mut disk), Against { key: None, head: None }, |_| Ok(())).unwrap();
        run.records = found.last.map_or(0, |head| head.sequence);
        assert!(run.records > run.granted, "{} records of {} grants", run.records, run.granted);
    }
}

fn trace_of(event: &Event) -> Option<Trace> {
    match event {
        Event::DoorForced => Some(Trace::Forced),
        Event::DoorHeld { .. } => Some(Trace::Held),
        Event::DoorClosed { .. } => Some(Trace::ClosedAgain),
        _ => None,
    }
}

fn files_on(disk: &mut Disk) -> Vec<OpenFile<Cursor<Vec<u8>>>> {
    let mut found = Vec::new();
    for log_files::Segment { name, first } in log_files::segments(disk, "log").unwrap() {
        let content = Cursor::new(disk.read(&name).unwrap().unwrap());
        found.push(OpenFile { name, first: Some(first), content });
    }
    if let Some(current) = disk.read("log").unwrap() {
        found.push(OpenFile { name: "log".to_owned(), first: None, content: Cursor::new(current) });
    }
    found
}
