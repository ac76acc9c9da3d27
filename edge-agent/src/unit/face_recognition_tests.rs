//! Face recognition that is switched off at a unit.

use super::testing::{face, rules, staff};
use super::tests::Bench;
use super::*;
use crate::face_recognition::{FaceRecognition, FaceRecognitionFile};
use crate::lockdown::Source;
use files::{Memory, Operation};
use policy::Refusal;

fn restored(files: &Memory) -> FaceRecognition {
    FaceRecognition::restored(FaceRecognitionFile::new(Box::new(files.clone()), "f"))
}

fn is_refused(turn: &Turn) -> bool {
    matches!(turn.verdict, Verdict::Refused(Refusal { reason: Reason::FaceRecognitionOff, .. }))
}

#[test]
fn off_is_in_force_at_once_and_survives_a_restart_and_a_new_database() {
    let files = Memory::default();
    let mut bench = Bench::with(vec![vec![face(0.5)]; 2]);
    bench.unit.set_face_recognition(restored(&files));
    assert!(matches!(bench.turn_at(0).verdict, Verdict::Granted(_)));
    bench.unit.turn_off_face_recognition(Source::Link).unwrap();
    assert!(is_refused(&bench.turn_at(5_000)));

    let mut restarted = Bench::with(vec![vec![face(0.5)], vec![], vec![face(0.5)]]);
    restarted.unit.set_face_recognition(restored(&files));
    restarted.unit.start();
    restarted.unit.use_database(staff(), rules()).unwrap();
    assert!(is_refused(&restarted.turn_at(0)));
    assert!(restarted.unit.turn_on_face_recognition().unwrap());
    assert!(!restarted.unit.turn_on_face_recognition().unwrap(), "it is on");
    restarted.turn_at(5_000);
    assert!(matches!(restarted.turn_at(10_000).verdict, Verdict::Granted(_)));
    for expected in
        ["_off\",\"switched_by\":\"restart", "_on\",\"switched_by\":\"restart", r#""reason":"face_recognition_off""#]
    {
        assert!(restarted.log().contains(expected), "{expected} is not in {}", restarted.log());
    }
    assert_eq!(restored(&files).off(), None);
}

#[test]
fn off_needs_no_disk_and_on_needs_its_record_and_its_file() {
    for (log, file) in [(Some(Operation::Append), None), (None, Some(Operation::Rename))] {
        let files = Memory::default();
        let mut bench = Bench::with(vec![vec![face(0.5)]; 2]);
        bench.unit.set_face_recognition(restored(&files));
        bench.storage.fail_at(log);
        files.fail_at(file);
        let saved = bench.unit.turn_off_face_recognition(Source::Command);
        assert_eq!(saved.is_err(), file.is_some());
        assert!(is_refused(&bench.turn_at(0)));
        assert!(bench.unit.turn_on_face_recognition().is_err(), "{log:?} {file:?}");
        assert!(is_refused(&bench.turn_at(5_000)), "{log:?} {file:?}");
    }
}

/// The log must not end with face recognition on if it is off.
#[test]
fn on_that_cannot_be_saved_is_taken_back_in_the_log() {
    let files = Memory::default();
    let mut bench = Bench::with(vec![]);
    bench.unit.set_face_recognition(restored(&files));
    bench.unit.turn_off_face_recognition(Source::Command).unwrap();
    files.fail_at(Some(Operation::Rename));
    assert!(bench.unit.turn_on_face_recognition().is_err());
    let log = bench.log();
    let events: Vec<bool> = log.lines().map(|line| line.contains("\"face_recognition_off\"")).collect();
    assert_eq!(events, [true, false, true], "{log}");
}
