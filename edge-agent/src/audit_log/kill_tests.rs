//! Kills a process with `kill -9` five hundred times while it lets people in and writes its log on a real disk. Each
//! time the log opens, its chain is whole, and it has a record for every time the door moved.

use super::crash_tests::{Grey, key};
use super::verify::{Against, verify};
use super::*;
use crate::clock::{Clock, VirtualClock};
use crate::door::{Door, DoorError, Latch};
use crate::sight::Recorded;
use crate::unit::Unit;
use crate::unit::testing::{face, nobody, rules};
use models::Frame;
use policy::{Grant, Policy};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

const KILLS: u64 = 500;
const FOLDER: &str = "KILLED_LOG_FOLDER";
const START: &str = "KILLED_LOG_START";
const UPKEEP: Upkeep = Upkeep { file_bytes: 2_000, all_bytes: 20_000, keep_days: 90 };

/// A lock that prints a line when it is unlocked.
struct TellingDoor;

impl Door for TellingDoor {
    fn unlock(&mut self, grant: Grant) -> Result<(), DoorError> {
        // Writes to the real stdout, past the test's capture, in one write.
        let line = format!("moved {}\n", grant.utc_ms());
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
        Ok(())
    }

    fn lock(&mut self) -> Result<(), DoorError> {
        Ok(())
    }
}

/// The process that is killed. It lets people in until then.
#[test]
#[ignore = "runs until it is killed, by a_process_that_is_killed_loses_no_record"]
fn lets_people_in_until_it_is_killed() {
    let folder = env::var_os(FOLDER).expect("started by the other test");
    let start: i64 = env::var(START).unwrap().parse().unwrap();
    let clock = Arc::new(VirtualClock::starting_at(start));
    let storage = Box::new(Folder::at(Path::new(&folder)));
    let log = AuditLog::open_in(storage, "log", Some(key()), UPKEEP, &clock.now()).unwrap();
    let latch = Latch::close(Box::new(TellingDoor), 5_000).unwrap();
    let sight = (0..2_000).map(|turn| if turn % 2 == 0 { vec![face(0.5)] } else { vec![] });
    let time = Arc::clone(&clock) as Arc<dyn Clock>;
    let mut unit = Unit::new(Box::new(Recorded::new(sight)), nobody(), Policy::new(rules()).unwrap(), log, latch, time);
    let mut camera = Grey(Frame::from_rgb(1, 1, vec![128; 3]).unwrap());
    for turn in 0..2_000 {
        clock.advance_to(turn * 5_000);
        unit.turn(&mut camera).unwrap();
    }
}

#[test]
fn a_process_that_is_killed_loses_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (mut moved, mut torn, mut records) = (Vec::new(), 0, 0);
    for kill in 0..KILLS {
        let start = 1_800_000_000_000 + kill as i64 * 20_000_000;
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["audit_log::kill_tests::lets_people_in_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .envs([(FOLDER, folder.path().as_os_str()), (START, start.to_string().as_ref())])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let note = |line: &String| line.split_once("moved ").and_then(|(_, utc_ms)| utc_ms.parse::<i64>().ok());
        // The process continues meanwhile, so the kill can hit any operation.
        let mut seen: Vec<i64> = lines.by_ref().filter_map(|line| note(&line)).take(1 + (kill % 5) as usize).collect();
        (0..kill * 97 % 2_000).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        seen.extend(lines.filter_map(|line| note(&line)));
        assert!(!seen.is_empty());
        moved.extend(seen);

        let mut kept = Vec::new();
        let public = key().public();
        let found = verify(read::open(&path).unwrap(), Against { key: Some(&public), head: None }, |line| {
            kept.extend(line.record());
            Ok(())
        });
        let found = found.unwrap();
        // A log that is younger than its first signature has none.
        let is_unsigned = |fault: &verify::Fault| fault.problem.contains("nothing in it is signed");
        // The process opens the log but, unlike a unit, does not sign it at the start.
        let is_unsigned = |fault: &verify::Fault| is_unsigned(fault) || fault.problem.contains("would have signed");
        assert!(found.faults.iter().all(is_unsigned), "{kill}: {found:?}");
        let oldest = kept.first().map_or(0, |record| record.utc_ms);
        let kept: Vec<i64> = kept.iter().map(|record| record.utc_ms).collect();
        moved.retain(|utc_ms| *utc_ms >= oldest);
        assert!(moved.iter().all(|utc_ms| kept.contains(utc_ms)), "{kill}: a door moved, and its record is lost");
        torn += u64::from(found.torn_bytes.is_some());
        records = found.last.map_or(records, |last| last.sequence);
    }
    eprintln!("{KILLS} kills, {records} records, {torn} torn lines");
    assert!(records > 2 * KILLS);
}

/// A log that is written, rotated and pruned during reading is whole for its readers.
#[test]
fn a_log_is_read_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let now = Now::trusted(1_800_000_000_000, 0);
    let upkeep = Upkeep { file_bytes: 1_000, all_bytes: 8_000, keep_days: 90 };
    let mut log = AuditLog::open_in(Box::new(Folder::at(folder.path())), "log", Some(key()), upkeep, &now).unwrap();
    log.append(Event::Stopped, &now).unwrap();
    let writing = std::thread::spawn(move || {
        for number in 0..2_000 {
            log.append(Event::DoorHeld { open_ms: number }, &now).unwrap();
            log.maintain(&now);
        }
    });
    let mut readings = 0;
    while !writing.is_finished() {
        let found = verify(read::open(&path).unwrap(), Against::default(), |_| Ok(())).unwrap();
        assert_eq!(found.fault(), None, "{readings}");
        readings += 1;
    }
    writing.join().unwrap();
    assert!(readings > 10, "{readings}");
}
