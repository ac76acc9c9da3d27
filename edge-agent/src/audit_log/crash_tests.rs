//! Power cuts at every operation. After each, the log opens, its chain is whole, and it has a record for every time the
//! door moved.

use super::key::SignedHead;
use super::names::names_name;
use super::read::OpenFile;
use super::verify::{Against, Findings, verify};
use super::*;
use crate::camera::{CameraError, Captured, FrameSource};
use crate::clock::{Clock, VirtualClock};
use crate::door::{Door, DoorError, Latch};
use crate::sight::Recorded;
use crate::unit::Unit;
use crate::unit::testing::{face, nobody, rules};
use files::power_cut::{Loss, PowerCut};
use models::Frame;
use policy::audit::Record;
use policy::{Grant, Policy};
use std::io::Cursor;
use std::sync::{Arc, Mutex};

/// Files of about three records, and about three files.
const UPKEEP: Upkeep = Upkeep { file_bytes: 1_200, all_bytes: 4_000, keep_days: 90 };
const START_UTC_MS: i64 = 1_800_000_000_000;

pub(super) fn key() -> LogKey {
    LogKey::from_seed(&[3; 32])
}

/// A lock that records the times of its grants.
#[derive(Clone, Default)]
struct NotingDoor(Arc<Mutex<Vec<i64>>>);

impl Door for NotingDoor {
    fn unlock(&mut self, grant: Grant) -> Result<(), DoorError> {
        self.0.lock().unwrap().push(grant.utc_ms());
        Ok(())
    }

    fn lock(&mut self) -> Result<(), DoorError> {
        Ok(())
    }
}

pub(super) struct Grey(pub(super) Frame);

impl FrameSource for Grey {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        Ok(Captured::Frame(&self.0, None))
    }
}

/// Runs a unit that lets in this many people, one every ten seconds, and stops. Returns when the door moved.
fn let_in(disk: &PowerCut, start_utc_ms: i64, people: usize) -> Vec<i64> {
    let door = NotingDoor::default();
    let clock = Arc::new(VirtualClock::starting_at(start_utc_ms));
    let opened = AuditLog::open_in(Box::new(disk.clone()), "log", Some(key()), UPKEEP, &clock.now());
    let Ok(log) = opened else {
        assert!(disk.is_off(), "a log that was cut off opens");
        return Vec::new();
    };
    let latch = Latch::close(Box::new(door.clone()), 5_000).unwrap();
    let sight: Vec<_> = (0..2 * people).map(|turn| if turn % 2 == 0 { vec![face(0.5)] } else { vec![] }).collect();
    let time = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut unit = Unit::new(Box::new(Recorded::new(sight)), nobody(), Policy::new(rules()).unwrap(), log, latch, time);
    let mut camera = Grey(Frame::from_rgb(1, 1, vec![128; 3]).unwrap());
    for turn in 0..2 * people as u64 {
        clock.advance_to(turn * 5_000);
        unit.turn(&mut camera).unwrap();
    }
    unit.stop();
    let moved = door.0.lock().unwrap();
    moved.clone()
}

fn files_on(disk: &mut dyn Storage) -> Vec<OpenFile<Cursor<Vec<u8>>>> {
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

/// Verifies the log on the disk and returns its records.
fn read_all(disk: &PowerCut) -> (Findings, Vec<Record>) {
    let mut disk = disk.clone();
    let head = disk.read("log.head").unwrap().map(|bytes| SignedHead::parse(&bytes).unwrap());
    let mut records = Vec::new();
    let public = key().public();
    let against = Against { key: Some(&public), head: head.as_ref() };
    let found = verify(files_on(&mut disk), against, |line| {
        records.extend(line.record());
        Ok(())
    });
    (found.unwrap(), records)
}

fn grants(records: &[Record]) -> Vec<i64> {
    let is_grant = |record: &&Record| matches!(record.event, Event::Granted { .. });
    records.iter().filter(is_grant).map(|record| record.utc_ms).collect()
}

#[test]
fn the_power_is_cut_at_every_operation() {
    let (mut cuts, mut disks, mut torn, mut pruned) = (0, 0, 0, 0);
    for operation in 0.. {
        let mut is_over = false;
        for does_it in [false, true] {
            let disk = PowerCut::default();
            disk.cut_at(operation, does_it);
            let moved = let_in(&disk, START_UTC_MS, 12);
            is_over = !disk.is_off();
            cuts += 1;
            let length = disk.last_append();
            // All offsets near both ends of the interrupted write, and some in its middle.
            let worth_it = |loss: &Loss| match *loss {
                Loss::LastBytes(lost) | Loss::LastBytesZero(lost) => lost < 4 || length - lost < 4 || lost % 37 == 0,
                _ => true,
            };
            for loss in Loss::kinds(length).filter(worth_it) {
                let found = disk.after(loss);
                let what = format!("operation {operation}, {does_it}, {loss:?}");
                disks += 1;

                // Files are removed only for their age, so the newest records must all be there.
                let (_, records) = read_all(&found);
                let kept = grants(&records);
                let lost = moved.iter().filter(|utc_ms| !kept.contains(utc_ms));
                let oldest = kept.first().copied().unwrap_or(i64::MAX);
                let was_pruned = records.iter().any(|record| matches!(record.event, Event::Pruned { .. }));
                let in_vain = lost.filter(|&&utc_ms| !was_pruned || utc_ms > oldest).count();
                assert_eq!(in_vain, 0, "{what}: a door moved, and its record is lost");

                // The next run continues the log: the chain is whole, with all signatures and the last signed head.
                let again = let_in(&found, START_UTC_MS + 3_600_000, 2);
                assert_eq!(again.len(), 2, "{what}");
                let (findings, records) = read_all(&found);
                assert_eq!(findings.fault(), None, "{what}");
                assert_eq!(findings.torn_bytes, None, "{what}");
                assert!(again.iter().all(|utc_ms| grants(&records).contains(utc_ms)), "{what}");
                let has = |wanted: fn(&Event) -> bool| records.iter().any(|record| wanted(&record.event));
                assert!(!has(|event| matches!(event, Event::TailMissing { .. })), "{what}: a false alarm");
                torn += usize::from(has(|event| matches!(event, Event::TornLineCut { .. })));
                pruned += usize::from(has(|event| matches!(event, Event::Pruned { .. })));
            }
        }
        if is_over {
            break;
        }
    }
    eprintln!(
        "{cuts} power cuts, {disks} disks as they may be found; {torn} with a torn line, {pruned} with removed files"
    );
    assert!(cuts > 140 && torn > 100 && pruned > 100);
}

/// A second power cut during the repair after the first.
#[test]
fn the_power_is_cut_twice() {
    for operation in (0..60).step_by(3) {
        let first = PowerCut::default();
        first.cut_at(operation, true);
        let moved = let_in(&first, START_UTC_MS, 12);
        let half = first.last_append() / 2;
        for again in 0..12 {
            let second = first.after(Loss::LastBytes(half.max(1)));
            second.cut_at(again, true);
            let moved_again = let_in(&second, START_UTC_MS + 3_600_000, 2);
            for loss in [Loss::All, Loss::None, Loss::Names, Loss::LastBytes(20)] {
                let third = second.after(loss);
                let_in(&third, START_UTC_MS + 7_200_000, 1);
                let (findings, records) = read_all(&third);
                assert_eq!(findings.fault(), None, "{operation}, {again}, {loss:?}");
                let kept = grants(&records);
                let oldest = kept.first().copied().unwrap_or(i64::MAX);
                let is_pruned = findings.pruned_through.is_some();
                let in_vain = |utc_ms: &&i64| !kept.contains(utc_ms) && (!is_pruned || **utc_ms > oldest);
                assert_eq!(moved.iter().chain(&moved_again).find(in_vain), None, "{operation}, {again}, {loss:?}");
            }
        }
    }
}

/// After a power cut, the names file is either the old one or the new one, whole.
#[test]
fn the_power_is_cut_while_names_are_written() {
    use shared::gallery::PersonId;
    let names = |text: &str| serde_json::from_str::<names::Names>(text).unwrap();
    let id = PersonId([1; 16]);
    let old = names(&format!(r#"{{"schema":1,"people":{{"{id}":{{"name":"Ada","gone_utc_ms":null}}}}}}"#));
    for operation in 0..8 {
        let mut disk = PowerCut::default();
        old.write(&mut disk, "log").unwrap();
        disk.cut_at(operation, operation % 2 == 0);
        let mut new = old.clone();
        new.forget(&id);
        let written = new.write(&mut disk, "log");
        for loss in Loss::kinds(disk.last_append()) {
            let mut found = disk.after(loss);
            assert!(found.read(&names_name("log")).unwrap().is_some());
            let read = names::Names::read(&mut found, "log").unwrap();
            assert!(read == new || written.is_err() && read == old, "{operation}, {loss:?}");
        }
    }
}
