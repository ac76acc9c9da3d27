//! A door that is held open in its hours.

use super::testing::{face, nobody, rules, staff};
use super::tests::Bench;
use super::*;
use crate::door::Movement;
use files::Operation;
use policy::ObservedFace;
use shared::schedule::ScheduleSet;

fn first_of_the_staff() -> ObservedFace {
    let mut first = face(0.5);
    first.resembles.as_mut().unwrap().best.hours.holds_open = ScheduleSet::from_indices([0]);
    first
}

#[test]
fn a_door_is_held_open_after_its_record_until_the_database_says_otherwise() {
    let mut bench = Bench::with(vec![vec![first_of_the_staff()], vec![], vec![], vec![], vec![], vec![]]);
    bench.unit.use_database(staff(), rules()).unwrap();
    assert!(matches!(bench.turn_at(0).verdict, Verdict::Granted(_)));
    for at in [1_000, 4_000, 8_000, 12_000] {
        assert_eq!(bench.turn_at(at).door, DoorState::Unlocked, "{at}");
    }
    bench.unit.use_database(nobody(), rules()).unwrap();
    assert_eq!(bench.turn_at(13_000).door, DoorState::Locked);
    let log = bench.log();
    let places = ["\"granted\"", "\"held_open\",\"hours\":\"day\"", "\"hold_ended\"", "\"hours_over\""];
    let places: Vec<Option<usize>> = places.iter().map(|event| log.find(event)).collect();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?} {log}");
    assert_eq!(log.matches("held_open").count(), 1, "{log}");
    use Movement::{Lock, Unlock};
    assert_eq!(bench.door.movements(), [Lock, Unlock, Lock]);
}

#[test]
fn a_door_is_not_held_open_without_a_record() {
    let mut bench = Bench::with(vec![vec![first_of_the_staff()], vec![], vec![], vec![]]);
    bench.unit.use_database(staff(), rules()).unwrap();
    assert!(matches!(bench.turn_at(0).verdict, Verdict::Granted(_)));
    bench.storage.fail_at(Some(Operation::Append));
    for at in [100, 6_000, 7_000] {
        bench.turn_at(at);
    }
    assert_eq!(bench.unit.latch.state(), DoorState::Locked);
    assert!(!bench.log().contains("held_open"), "{}", bench.log());
}

#[test]
fn a_lock_that_sticks_ends_the_hold_on_record() {
    let mut bench = Bench::with(vec![vec![first_of_the_staff()], vec![], vec![]]);
    bench.unit.use_database(staff(), rules()).unwrap();
    bench.turn_at(0);
    bench.unit.latch.lock();
    bench.door.jam(1);
    bench.clock.advance_to(100);
    assert!(bench.unit.turn(&mut bench.camera).is_err());
    assert_eq!(bench.turn_at(200).door, DoorState::Locked, "somebody must come in again");
    let log = bench.log();
    assert!(log.contains(r#""event":"hold_ended","hours":"day","ended_because":"door_failed""#), "{log}");
}

/// Without a loop that renews it, the relock timer ends the hold.
#[test]
fn a_loop_that_hangs_does_not_hold_the_door_open() {
    let mut bench = Bench::with(vec![vec![first_of_the_staff()], vec![]]);
    bench.unit.use_database(staff(), rules()).unwrap();
    bench.turn_at(0);
    bench.turn_at(4_000);
    bench.unit.latch.lock_if_due(8_999);
    assert_eq!(bench.unit.latch.state(), DoorState::Unlocked);
    bench.unit.latch.lock_if_due(9_000);
    assert_eq!(bench.unit.latch.state(), DoorState::Locked);
}

/// A regression: after the hang, the door was unlocked without a record.
#[test]
fn a_hold_that_goes_on_after_a_hang_is_recorded_again() {
    for can_record in [true, false] {
        let mut bench = Bench::with(vec![vec![first_of_the_staff()], vec![], vec![]]);
        bench.unit.use_database(staff(), rules()).unwrap();
        bench.turn_at(0);
        bench.turn_at(4_000);
        bench.unit.latch.lock_if_due(9_000);
        bench.storage.fail_at(Some(Operation::Append).filter(|_| !can_record));
        let door = bench.turn_at(12_000).door;
        assert_eq!(door == DoorState::Unlocked, can_record);
        assert_eq!(bench.log().matches("\"held_open\"").count(), if can_record { 2 } else { 1 }, "{}", bench.log());
    }
}
