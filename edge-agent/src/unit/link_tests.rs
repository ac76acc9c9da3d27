//! What a unit does for its link, and for signed orders.

use super::link::LinkDesk;
use super::testing::{PERSON, face, staff};
use super::tests::Bench;
use super::*;
use crate::audit_log::names::{self, Names};
use crate::face_recognition::{FaceRecognition, FaceRecognitionFile};
use crate::link_requests::{Asked, LinkReply, Wanted};
use crate::lockdown::{LockdownFile, Ordered, Source};
use crate::signed_orders::{LastOrderFile, OrderReport, SignedOrders};
use files::power_cut::{Loss, PowerCut};
use files::{Folder, Memory, Operation, Storage};
use shared::gallery::{Audience, PersonId};
use shared::order::{Command, Order};
use shared::seal::Fingerprint;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// The user of the link.
const LINK: u32 = 990;
const START_UTC_MS: u64 = 1_800_000_000_000;

struct Linked {
    bench: Bench,
    desk: LinkDesk,
    asking: SyncSender<Asked>,
}

fn signer() -> Fingerprint {
    "5f0c-8a71-0000-1111-2222".parse().unwrap()
}

/// An order of this age.
fn order_at(number: u64, command: Command) -> Wanted {
    let expires = (number + 3_600_000).cast_signed();
    let order = Order::new(number, Audience::AllDoors, expires, command).unwrap();
    Wanted::SignedOrder { order, signed_by: signer() }
}

fn order(number: u64, command: Command) -> Wanted {
    order_at(START_UTC_MS + number, command)
}

fn lockdown(admits: Option<&str>) -> Command {
    Command::LockdownOn { admits: admits.map(str::to_owned) }
}

impl Linked {
    /// A unit that keeps its lockdown, its face recognition and the last order in this storage.
    fn on(state: &(impl Storage + Clone + 'static)) -> Self {
        Self::beside(state, Path::new("log"))
    }

    /// The same; names are beside this log.
    fn beside(state: &(impl Storage + Clone + 'static), log: &Path) -> Self {
        let file = || Box::new(state.clone());
        let mut bench = Bench::with(vec![vec![face(0.5)]; 10]);
        bench.unit.set_lockdowns(Lockdowns::restored(LockdownFile::new(file(), "lockdown"), None));
        bench.unit.set_face_recognition(FaceRecognition::restored(FaceRecognitionFile::new(file(), "faces")));
        let orders = SignedOrders::restored(LastOrderFile::new(file(), "order"), None, Vec::new());
        let (asking, asked) = sync_channel(1);
        Self { bench, desk: LinkDesk::new(asked, orders, log), asking }
    }

    /// Asks, and waits for the reply. An order to forget takes some turns.
    fn ask(&mut self, wanted: Wanted) -> LinkReply {
        let (asked, replied) = Asked::by(LINK, wanted);
        self.asking.send(asked).unwrap();
        (0..60_000)
            .find_map(|_| {
                self.desk.carry_out(&mut self.bench.unit);
                replied.recv_timeout(Duration::from_millis(1)).ok()
            })
            .unwrap()
    }

    fn admits(&self) -> Option<Option<String>> {
        self.bench.unit.lockdowns().ordered().map(|(_, ordered)| ordered.admits.clone())
    }

    fn report(&mut self) -> OrderReport {
        self.desk.take_report().unwrap().unwrap()
    }

    /// The events so far.
    fn events(&mut self) -> Vec<String> {
        let event = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["event"].as_str().unwrap().to_owned()
        };
        self.bench.log().lines().map(event).collect()
    }
}

#[test]
fn a_link_locks_down_at_once_and_its_repetitions_change_and_record_nothing() {
    let mut linked = Linked::on(&Memory::default());
    assert!(matches!(linked.bench.turn_at(0).verdict, Verdict::Granted(_)));
    for _ in 0..100 {
        let reply = linked.ask(Wanted::Lockdown);
        assert_eq!(reply, LinkReply::done("LOCKED DOWN by the link; nobody may enter"));
        assert_eq!(linked.bench.unit.latch.state(), DoorState::Locked, "in the middle of an entry");
        let reply = linked.ask(Wanted::FaceRecognitionOff);
        assert_eq!(reply, LinkReply::done("face recognition is off"));
    }
    let expected = ["granted", "lockdown_began", "requested", "face_recognition_off", "requested"];
    assert_eq!(linked.events(), expected);
    let log = linked.bench.log();
    assert!(log.contains("\"request\":\"face_recognition_off\",\"by_uid\":990"), "{log}");
}

#[test]
fn what_keeps_people_out_needs_no_disk() {
    let state = Memory::default();
    let mut linked = Linked::on(&state);
    state.fail_at(Some(Operation::Rename));
    linked.bench.storage.fail_at(Some(Operation::Append));
    for wanted in [Wanted::Lockdown, Wanted::FaceRecognitionOff] {
        let reply = linked.ask(wanted);
        assert!(reply.refused.is_none() && reply.outcome.unwrap().contains("A RESTART MAY"));
    }
    assert_eq!(linked.admits(), Some(None));
    assert!(!linked.bench.unit.policy().recognises_faces());
    let mut ordered = Linked::on(&state);
    ordered.bench.storage.fail_at(Some(Operation::Append));
    for (number, command) in [(1, lockdown(None)), (2, Command::FaceRecognitionOff)] {
        assert_eq!(ordered.ask(order(number, command)).refused, None);
    }
    assert_eq!(ordered.admits(), Some(None));
    assert!(!ordered.bench.unit.policy().recognises_faces());
}

#[test]
fn a_lockdown_of_the_link_replaces_one_that_admits_a_group() {
    let mut linked = Linked::on(&Memory::default());
    linked.bench.unit.lock_down(Ordered { admits: Some("staff".to_owned()) }, Source::Command).unwrap();
    linked.ask(Wanted::Lockdown);
    assert_eq!(linked.admits(), Some(None));
}

/// Each is recorded with its number and signer: before it is carried out, unless it only keeps people out.
#[test]
fn signed_orders_are_carried_out_and_recorded() {
    let mut linked = Linked::on(&Memory::default());
    linked.bench.unit.use_database(staff(), testing::rules()).unwrap();
    let admitting = "LOCKED DOWN by a signed order; 1 person may enter";
    let mut known = linked.events();
    for (number, command, outcome, events) in [
        (1, lockdown(None), "LOCKED DOWN by a signed order; nobody may enter", &["lockdown_began", "signed_order"][..]),
        (2, lockdown(Some("staff")), admitting, &["signed_order", "lockdown_began"]),
        (3, Command::LockdownOff, "the unit is not locked down", &["signed_order", "lockdown_ended"]),
        (4, Command::FaceRecognitionOff, "face recognition is off", &["face_recognition_off", "signed_order"]),
        (5, Command::FaceRecognitionOn, "face recognition is on", &["signed_order", "face_recognition_on"]),
        (6, Command::ClearLockouts, "cleared 0 failed attempts", &["signed_order"]),
    ] {
        let code = command.code();
        assert_eq!(linked.ask(order(number, command)), LinkReply::done(outcome));
        let report = linked.report();
        let number = START_UTC_MS + number;
        assert_eq!((report.number, report.command.as_str(), report.refused.as_deref()), (number, code, None));
        assert_eq!(report.outcome.as_deref(), Some(outcome));
        let now = linked.events();
        assert_eq!(now[known.len()..], *events, "{code}");
        known = now;
        let record = format!(r#""order_number":{number},"request":"{code}","person":null,"signed_by":"{}""#, signer());
        assert!(linked.bench.log().contains(&record), "{record}");
    }
}

#[test]
fn an_order_that_is_sent_again_changes_and_records_nothing() {
    let mut linked = Linked::on(&Memory::default());
    let (ends, begins) = (order(1, Command::LockdownOff), order(2, lockdown(None)));
    assert_eq!(linked.ask(ends.clone()).refused, None);
    assert_eq!(linked.ask(begins.clone()).refused, None);
    let (events, report) = (linked.events(), linked.report());
    for again in [&ends, &begins, &ends] {
        assert!(linked.ask(again.clone()).refused.unwrap().contains("send a new one"));
        assert_eq!((linked.admits(), linked.events()), (Some(None), events.clone()));
    }
    assert_eq!(linked.report(), report, "what became of the last one stays known");
}

#[test]
fn an_order_that_could_let_in_more_people_needs_the_time_its_number_and_its_record() {
    for (what, expected) in [("clock", "the time"), ("number", "number of the order"), ("record", "recorded")] {
        let state = Memory::default();
        let mut linked = Linked::on(&state);
        linked.ask(Wanted::Lockdown);
        linked.ask(Wanted::FaceRecognitionOff);
        match what {
            "clock" => linked.bench.clock.trust(false),
            "number" => state.fail_at(Some(Operation::Rename)),
            _ => linked.bench.storage.fail_at(Some(Operation::Append)),
        }
        for (number, command) in [
            (1, Command::LockdownOff),
            (2, Command::FaceRecognitionOn),
            (3, lockdown(Some("staff"))),
            (4, Command::ClearLockouts),
        ] {
            let refused = linked.ask(order(number, command)).refused.unwrap();
            assert!(refused.contains(expected), "{what}: {refused}");
            assert_eq!(linked.report().refused, Some(refused));
        }
        assert_eq!(linked.admits(), Some(None), "{what}");
        assert!(!linked.bench.unit.policy().recognises_faces(), "{what}");
    }
}

/// Orders that only keep people out are obeyed while the clock is not trusted, an old one excepted.
#[test]
fn without_the_time_people_can_still_be_kept_out() {
    let mut linked = Linked::on(&Memory::default());
    linked.bench.clock.trust(false);
    let old = order_at(5, lockdown(None));
    assert_eq!(linked.ask(old.clone()).refused, None);
    assert_eq!(linked.ask(order(1, Command::FaceRecognitionOff)).refused, None);
    assert!(linked.ask(old).refused.is_some());
}

#[test]
fn no_power_cut_lets_an_order_be_carried_out_twice() {
    let (mut cuts, mut checked) = (0, 0);
    for does_it in [false, true] {
        for operation in 0.. {
            let disk = PowerCut::default();
            let mut linked = Linked::on(&disk);
            linked.ask(Wanted::Lockdown);
            disk.cut_at(operation, does_it);
            linked.ask(order(1, Command::LockdownOff));
            for loss in Loss::kinds(disk.last_append()).filter(|_| linked.admits().is_none()) {
                let mut second = Linked::on(&disk.after(loss));
                second.ask(Wanted::Lockdown);
                assert!(
                    second.ask(order(1, Command::LockdownOff)).refused.is_some(),
                    "operation {operation}, {loss:?}"
                );
                assert_eq!(second.admits(), Some(None), "operation {operation}, {loss:?}");
                checked += 1;
            }
            if !disk.is_off() {
                assert_eq!(linked.admits(), None);
                break;
            }
            cuts += 1;
        }
    }
    assert!(cuts > 6 && checked > 6, "{cuts} cuts, {checked} restarts");
}

#[test]
fn a_name_is_erased_and_the_outcome_says_whether_it_returns() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut linked = Linked::beside(&Memory::default(), &log);
    linked.bench.unit.use_database(staff(), testing::rules()).unwrap();
    Names::from_gallery(linked.bench.unit.gallery()).write(&mut Folder::at(folder.path()), "log").unwrap();
    let stranger = PersonId([9; 16]);
    for (number, person, expected) in [
        (1, PERSON, ["erased the name in", "STILL CONTAINS"]),
        (2, PERSON, ["there was no name", "STILL CONTAINS"]),
        (3, stranger, ["there was no name", "does not contain"]),
    ] {
        let outcome = linked.ask(order(number, Command::Forget { person })).outcome.unwrap();
        assert!(expected.iter().all(|part| outcome.contains(part)), "{outcome}");
        assert_eq!(linked.report().outcome, Some(outcome));
        let record = format!(r#""request":"forget","person":"{person}""#);
        assert!(linked.bench.log().contains(&record), "{record}");
    }
    assert_eq!(Names::beside(&log).unwrap().name(&PERSON), None);
    std::fs::write(names::beside(&log), "?").unwrap();
    let refused = linked.ask(order(4, Command::Forget { person: PERSON })).refused.unwrap();
    assert!(refused.contains("cannot be erased"), "{refused}");
    linked.bench.clock.trust(false);
    std::fs::remove_file(names::beside(&log)).unwrap();
    let outcome = linked.ask(order(5, Command::Forget { person: PERSON })).outcome;
    assert!(outcome.is_some(), "a name is erased without the time as well");
}
