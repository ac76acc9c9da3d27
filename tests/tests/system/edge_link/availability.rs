//! What the broker and Home Assistant learn when something fails, and what happens when it comes back.

use super::mosquitto::Mosquitto;
use super::scripted_unit::ScriptedUnit;
use super::{HOME, RunningLink, at_socket, topic};
use policy::audit::Event;
use serde_json::{Value, json};

fn sequences(payloads: &[super::mosquitto::Message]) -> Vec<u64> {
    let parsed = |payload: &str| serde_json::from_str::<Value>(payload).unwrap()["sequence"].as_u64().unwrap();
    payloads.iter().map(|message| parsed(&message.payload)).collect()
}

#[test]
fn the_broker_tells_that_a_killed_link_is_gone() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let mut link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let mut observer = mosquitto.observe();
    observer.sees(&topic("presence"), "online");
    link.kill();
    observer.sees(&topic("presence"), "offline");
    assert!(mosquitto.observe().has(&topic("presence"), "offline").is_retained);
}

#[test]
fn a_broker_that_was_killed_is_found_again_with_everything() {
    let (mut mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    mosquitto.observe().has(&topic("home/unit"), "online");
    mosquitto.kill();
    link.says("the link tries again");
    let missed = unit.records(Event::DoorForced);
    // Nobody would hear of the event if the link were back before the observer.
    link.send("-STOP");
    mosquitto.start_again();
    let mut observer = mosquitto.observe();
    link.send("-CONT");
    let event = observer.sees(&topic("home/event"), "forced");
    assert_eq!(sequences(&[event]), [missed]);
    observer.sees(&topic("home/unit"), "online");
    link.says("connected again");
}

#[test]
fn events_while_the_unit_was_away_come_once_and_in_order() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    for _ in 0..3 {
        unit.records(Event::PassGranted { pass: shared::pass::PassId([2; 6]), host: None });
    }
    let _link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let mut observer = mosquitto.observe();
    let decision = observer.sees(&topic("home/last_decision"), "\"sequence\":3").payload;
    assert!(decision.contains("\"credential\":\"pass\""), "{decision}");
    let mut expected = vec![unit.records(Event::DoorForced)];
    observer.sees(&topic("home/event"), "forced");
    unit.stop();
    observer.sees(&topic("home/problem"), "does not answer");
    observer.sees(&topic("home/unit"), "offline");
    expected.extend((0..20).map(|_| unit.records(Event::DoorHeld { open_ms: 1 })));
    unit.listen();
    expected.push(unit.records(Event::Tailgating { person: shared::gallery::PersonId([1; 16]), others: 1 }));
    observer.sees(&topic("home/event"), "tailgating");
    assert_eq!(sequences(&observer.seen(&topic("home/event"))), expected, "none of before the link started");
    unit.reports("/access/held_open", json!("day"));
    observer.sees(&topic("home/problem"), "\"held_open\":\"day\"");
}

#[test]
fn a_link_that_sees_another_unit_starts_again() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let mut link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let mut observer = mosquitto.observe();
    observer.sees(&topic("presence"), "online");
    unit.reports("/unit_id", json!("aaaa-8a71-0000-1111-2222"));
    observer.sees(&topic("presence"), "offline");
    assert_eq!(link.child.wait().unwrap().code(), Some(2), "{}", link.stderr());
    assert!(link.stderr().contains("aaaa-8a71"), "{}", link.stderr());
}
