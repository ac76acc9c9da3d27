//! What outlives the unit: disk, clock, door, and what must be true of them.

use super::Run;
use super::disk::Disk;
use super::life::End;
use super::people::{MODEL, database};
use crate::audit_log::log_files;
use crate::audit_log::read::OpenFile;
use crate::audit_log::verify::{Against, Fault, verify};
use crate::audit_log::{LogKey, SignedHead};
use crate::clock::Clock;
use crate::door::{Door, DoorError};
use fastrand::Rng;
use files::Storage;
use files::power_cut::{Loss, PowerCut};
use shared::policy::{Grant, Now};
use std::io::Cursor;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub(super) const FRAME_MS: u64 = 100;
pub(super) const UNLOCK_MS: u64 = 5_000;
const START_UTC_MS: i64 = 1_800_000_000_000;

pub(super) struct Surroundings {
    pub(super) disk: Disk,
    pub(super) clock: Arc<WallClock>,
    pub(super) door: WatchedDoor,
    pub(super) random: Rng,
    /// Grants for which a door moved, not yet looked for in the log.
    moved: Vec<i64>,
}

impl Surroundings {
    pub(super) fn new(seed: u64) -> Self {
        let power = PowerCut::default();
        let mut disk = Disk::of(power);
        disk.replace("db", &database(100, MODEL)).unwrap();
        let clock = Arc::new(WallClock { start_utc_ms: AtomicI64::new(START_UTC_MS), elapsed_ms: AtomicU64::new(0) });
        let door = WatchedDoor::default();
        door.beside(&disk);
        Self { disk, clock, door, random: Rng::with_seed(seed), moved: Vec::new() }
    }

    pub(super) fn key() -> LogKey {
        LogKey::from_seed(&[3; 32])
    }

    /// A life of the unit is over: the door is locked, as systemd sees to it where the unit could not, and the disk is as it
    /// is found afterwards.
    pub(super) fn end_life(&mut self, end: End) {
        assert!(end != End::Stopped || !self.door.is_unlocked(), "a unit that was stopped left the door open");
        self.door.stick(0);
        self.door.lock().unwrap();
        let loss = match end {
            // What the kernel has, it keeps.
            End::Stopped | End::Killed => Loss::None,
            End::PowerCut => {
                let kinds: Vec<Loss> = Loss::kinds(self.disk.power.last_append().min(200)).collect();
                kinds[self.random.usize(..kinds.len())]
            }
        };
        self.disk = Disk::of(self.disk.power.after(loss));
        self.door.beside(&self.disk);
        self.assert_log_is_whole();
    }

    /// The chain holds, and has every record whose door moved, as far as it is kept.
    fn assert_log_is_whole(&mut self) {
        self.moved.extend(self.door.take_moves());
        let mut disk = self.disk.clone();
        let head = disk.read("log.head").unwrap().map(|bytes| SignedHead::parse(&bytes).unwrap());
        let public = Self::key().public();
        let mut kept = Vec::new();
        let found = verify(files_on(&mut disk), Against { key: Some(&public), head: head.as_ref() }, |line| {
            kept.extend(line.record().map(|record| (record.sequence, record.utc_ms)));
            Ok(())
        });
        let mut faults = found.unwrap().faults;
        faults.retain(|fault: &Fault| !fault.problem.contains("nothing in it is signed"));
        assert!(faults.is_empty(), "{faults:?}");
        // Records that were removed with the oldest file are not looked for.
        let all_are_kept = kept.first().is_none_or(|(sequence, _)| *sequence == 1);
        let missing = self.moved.iter().filter(|utc_ms| !kept.iter().any(|(_, kept)| kept == *utc_ms)).count();
        assert!(missing == 0 || !all_are_kept, "{missing} doors moved without a record");
        let newest = self.moved.last().copied();
        assert!(
            newest.is_none_or(|utc_ms| kept.iter().any(|(_, kept)| *kept == utc_ms)),
            "the last move has no record"
        );
        self.moved.clear();
    }

    pub(super) fn assert_everything_ended_well(&mut self, run: &mut Run) {
        assert!(!self.door.is_unlocked(), "the door is open at the end");
        let mut disk = self.disk.clone();
        let found = verify(files_on(&mut disk), Against { key: None, head: None }, |_| Ok(())).unwrap();
        run.records = found.last.map_or(0, |head| head.sequence);
        assert!(run.records > run.granted, "{} records of {} grants", run.records, run.granted);
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

/// When the lock moves, its record is there even if the power goes now.
fn assert_recorded(disk: &PowerCut, grant: &Grant) {
    let kept = disk.after(Loss::All).read("log").unwrap().unwrap_or_default();
    let last = kept.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap_or_default();
    let line = String::from_utf8_lossy(last);
    let is_of_it = [
        "\"event\":\"granted\"".to_owned(),
        format!("\"utc_ms\":{}", grant.utc_ms()),
        format!("\"person\":\"{}\"", grant.person()),
    ];
    assert!(is_of_it.iter().all(|part| line.contains(part)), "the lock moves without a record: {line}");
}

/// A clock whose hands can be moved; the forward-only one goes on as it does.
#[derive(Debug)]
pub(super) struct WallClock {
    start_utc_ms: AtomicI64,
    elapsed_ms: AtomicU64,
}

impl WallClock {
    pub(super) fn pass(&self, ms: u64) {
        self.elapsed_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub(super) fn jump(&self, ms: i64) {
        self.start_utc_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        self.elapsed_ms.load(Ordering::Relaxed)
    }
}

impl Clock for WallClock {
    fn now(&self) -> Now {
        let elapsed = self.elapsed_ms();
        let utc_ms = self.start_utc_ms.load(Ordering::Relaxed).saturating_add_unsigned(elapsed);
        Now::trusted(utc_ms, elapsed)
    }
}

/// A door that knows whether it is open, and for whom it was opened. Clones are the same door.
#[derive(Clone, Default)]
pub(super) struct WatchedDoor {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_unlocked: bool,
    moves: Vec<i64>,
    sticks: usize,
    disk: Option<PowerCut>,
}

impl WatchedDoor {
    pub(super) fn is_unlocked(&self) -> bool {
        self.state.lock().unwrap().is_unlocked
    }

    /// From now on the log lies on this disk.
    fn beside(&self, disk: &Disk) {
        self.state.lock().unwrap().disk = Some(disk.power.clone());
    }

    pub(super) fn stick(&self, movements: usize) {
        self.state.lock().unwrap().sticks = movements;
    }

    fn take_moves(&self) -> Vec<i64> {
        std::mem::take(&mut self.state.lock().unwrap().moves)
    }

    fn moves(state: &mut State) -> Result<(), DoorError> {
        if state.sticks > 0 {
            state.sticks -= 1;
            return Err(DoorError::Stuck { reason: "it sticks".to_owned() });
        }
        Ok(())
    }
}

impl Door for WatchedDoor {
    fn unlock(&mut self, grant: Grant) -> Result<(), DoorError> {
        let mut state = self.state.lock().unwrap();
        state.disk.as_ref().inspect(|disk| assert_recorded(disk, &grant));
        Self::moves(&mut state)?;
        state.is_unlocked = true;
        state.moves.push(grant.utc_ms());
        Ok(())
    }

    fn lock(&mut self) -> Result<(), DoorError> {
        let mut state = self.state.lock().unwrap();
        Self::moves(&mut state)?;
        state.is_unlocked = false;
        Ok(())
    }
}
