//! Lockdown, fire alarm and lock test at a unit.

use super::testing::{face, rules, staff};
use super::tests::Bench;
use super::*;
use crate::config::Config;
use crate::door::contacts::{Change, Contact, Contacts, ScriptedContacts};
use crate::lockdown::{LockdownFile, Lockdowns, Ordered, Source};
use files::{Memory, Operation};
use policy::Refusal;

fn of_staff(admits: Option<&str>) -> Ordered {
    Ordered { admits: admits.map(str::to_owned) }
}

#[test]
fn a_lockdown_locks_at_once_and_survives_a_restart() {
    let files = Memory::default();
    let restored = || Lockdowns::restored(LockdownFile::new(Box::new(files.clone()), "lockdown"), None);
    let mut bench = Bench::with(vec![vec![face(0.5)]; 3]);
    bench.unit.use_database(staff(), rules()).unwrap();
    bench.unit.set_lockdowns(restored());
    assert!(matches!(bench.turn_at(0).verdict, Verdict::Granted(_)));
    assert_eq!(bench.unit.latch.state(), DoorState::Unlocked);
    bench.unit.lock_down(of_staff(None), Source::Command).unwrap();
    assert_eq!(bench.unit.latch.state(), DoorState::Locked, "in the middle of an entry");

    let mut restarted = Bench::with(vec![vec![face(0.5)], vec![], vec![face(0.5)]]);
    restarted.unit.use_database(staff(), rules()).unwrap();
    restarted.unit.set_lockdowns(restored());
    restarted.unit.start();
    let refused = restarted.turn_at(0).verdict;
    assert!(matches!(refused, Verdict::Refused(Refusal { reason: Reason::LockedDown, .. })), "{refused:?}");
    assert!(restarted.log().contains(r#""event":"lockdown_began","locked_by":"restart""#), "{}", restarted.log());
    assert!(restarted.unit.end_lockdown().unwrap());
    assert!(restarted.log().contains(r#""event":"lockdown_ended","locked_by":"restart""#), "{}", restarted.log());
    restarted.turn_at(5_000);
    assert!(matches!(restarted.turn_at(10_000).verdict, Verdict::Granted(_)));
    assert_eq!(restored().in_force().count(), 0);
}

/// The people of a new database are admitted by their groups in it.
#[test]
fn a_lockdown_follows_the_database() {
    let mut bench = Bench::with(vec![vec![face(0.5)], vec![], vec![face(0.5)]]);
    bench.unit.lock_down(of_staff(Some("staff")), Source::Command).unwrap();
    let is_let_in = |turn: Turn| matches!(turn.verdict, Verdict::Granted(_));
    assert!(!is_let_in(bench.turn_at(0)), "nobody is of the staff");
    bench.unit.use_database(staff(), rules()).unwrap();
    bench.turn_at(5_000);
    assert!(is_let_in(bench.turn_at(10_000)));
}

#[test]
fn a_lockdown_whose_end_cannot_be_recorded_stays() {
    let mut bench = Bench::with(vec![vec![face(0.5)]]);
    bench.storage.fail_at(Some(Operation::Append));
    bench.unit.lock_down(of_staff(None), Source::Command).unwrap();
    assert!(bench.unit.end_lockdown().is_err());
    let refused = bench.turn_at(0).verdict;
    assert!(matches!(refused, Verdict::Refused(Refusal { reason: Reason::LockedDown, .. })), "{refused:?}");
}

#[test]
fn the_switch_locks_down_and_the_fire_alarm_is_recorded() {
    let mut bench = Bench::with([vec![vec![face(0.5)]; 2], vec![vec![]; 5], vec![vec![face(0.5)]]].concat());
    let contacts = ScriptedContacts::new([
        (1_000, Contact::Lockdown { on: true }),
        (10_000, Contact::FireAlarm { on: true }),
        (10_500, Contact::Door { open: true }),
        (11_000, Contact::Door { open: false }),
        (12_000, Contact::FireAlarm { on: false }),
        (13_000, Contact::Lockdown { on: false }),
    ]);
    bench.unit.set_contacts(Box::new(contacts), Config::default().contacts.watch_rules());
    assert!(matches!(bench.turn_at(0).verdict, Verdict::Granted(_)));
    let refused = bench.turn_at(1_000);
    assert!(matches!(refused.verdict, Verdict::Refused(Refusal { reason: Reason::LockedDown, .. })), "{refused:?}");
    assert_eq!(refused.door, DoorState::Locked);
    for at in [10_000, 10_500, 11_000, 12_000, 13_000] {
        bench.turn_at(at);
    }
    assert!(matches!(bench.turn_at(20_000).verdict, Verdict::Granted(_)));
    let expected = [
        "granted",
        "lockdown_began",
        "fire_alarm_on",
        "refused",
        "door_released",
        "door_closed",
        "fire_alarm_off",
        "lockdown_ended",
        "granted",
    ];
    assert_eq!(bench.log().lines().map(event_of).collect::<Vec<_>>(), expected);
}

#[test]
fn a_lock_test_is_recorded_and_short_and_a_lockdown_refuses_it() {
    let mut bench = Bench::with(vec![vec![]; 3]);
    bench.turn_at(1_000);
    bench.unit.test_lock(1000).unwrap();
    assert_eq!(bench.unit.latch.locks_at_ms(), Some(3_000));
    assert!(bench.log().contains(r#""event":"lock_tested","by_uid":1000"#), "{}", bench.log());
    bench.turn_at(3_000);
    assert_eq!(bench.unit.latch.state(), DoorState::Locked);
    bench.unit.lock_down(of_staff(None), Source::Command).unwrap();
    assert!(bench.unit.test_lock(0).is_err());
    bench.unit.end_lockdown().unwrap();
    bench.storage.fail_at(Some(Operation::Append));
    assert!(bench.unit.test_lock(0).is_err(), "without a record");
    assert_eq!(bench.unit.latch.state(), DoorState::Locked);
}

/// Regressions: an order that admits more people replaced a stricter one without a record, and before it was saved.
#[test]
fn an_order_replaces_a_stricter_one_only_once_it_is_recorded_and_saved() {
    for (fault, before, order, is_in_force) in [
        (None, None, Some("staff"), true),
        (Some(Operation::Append), None, Some("staff"), false),
        (Some(Operation::Rename), None, Some("staff"), false),
        (Some(Operation::Append), Some("wardens"), Some("staff"), false),
        (Some(Operation::Append), Some("staff"), Some("staff"), true),
        (Some(Operation::Append), Some("staff"), None, true),
        (Some(Operation::Rename), Some("staff"), None, true),
    ] {
        let files = Memory::default();
        let mut bench = Bench::with(vec![]);
        bench.unit.set_lockdowns(Lockdowns::restored(LockdownFile::new(Box::new(files.clone()), "lockdown"), None));
        bench.unit.lock_down(of_staff(before), Source::Command).unwrap();
        bench.storage.fail_at(fault);
        files.fail_at(fault);
        let ordered = bench.unit.lock_down(of_staff(order), Source::Command);
        let case = format!("{fault:?}, {before:?} then {order:?}: {ordered:?}");
        let now = bench.unit.lockdowns().ordered().unwrap().1;
        assert_eq!(*now, of_staff(if is_in_force { order } else { before }), "{case}");
        assert_eq!(matches!(ordered, Err(OrderError::Unchanged(_))), !is_in_force, "{case}");
    }
}

/// A lockdown switch that stays on.
struct SwitchOn;

impl Contacts for SwitchOn {
    fn states(&self) -> Vec<Contact> {
        vec![Contact::Lockdown { on: true }]
    }

    fn changes(&mut self, _: u64) -> Vec<Change> {
        Vec::new()
    }
}

/// The switch may be on when the unit starts: no request that waits already comes before it.
#[test]
fn the_switch_counts_before_the_first_turn() {
    for is_contact_first in [false, true] {
        let mut bench = Bench::with(vec![vec![]]);
        let rules = Config::default().contacts.watch_rules();
        if is_contact_first {
            bench.unit.set_contacts(Box::new(SwitchOn), rules);
        }
        bench.unit.set_lockdowns(Lockdowns::default());
        if !is_contact_first {
            bench.unit.set_contacts(Box::new(SwitchOn), rules);
        }
        bench.unit.start();
        assert!(bench.unit.test_lock(0).is_err(), "contacts first: {is_contact_first}");
        assert!(bench.log().contains(r#""event":"lockdown_began","locked_by":"switch""#), "{}", bench.log());
        bench.turn_at(100);
        assert_eq!(bench.log().matches("lockdown_began").count(), 1, "{}", bench.log());
    }
}

/// The log must not end with a lockdown that is over if it is not.
#[test]
fn an_end_that_cannot_be_saved_is_taken_back_in_the_log() {
    let files = Memory::default();
    let mut bench = Bench::with(vec![]);
    bench.unit.set_lockdowns(Lockdowns::restored(LockdownFile::new(Box::new(files.clone()), "lockdown"), None));
    bench.unit.lock_down(of_staff(None), Source::Command).unwrap();
    files.fail_at(Some(Operation::Rename));
    assert!(bench.unit.end_lockdown().is_err());
    let log = bench.log();
    assert_eq!(log.lines().map(event_of).collect::<Vec<_>>(), ["lockdown_began", "lockdown_ended", "lockdown_began"]);
}

fn event_of(line: &str) -> String {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].as_str().unwrap().to_owned()
}
