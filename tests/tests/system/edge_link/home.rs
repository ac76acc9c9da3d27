//! What Home Assistant gets over a real broker, and what it may ask for.

use super::mosquitto::{Message, Mosquitto};
use super::scripted_unit::ScriptedUnit;
use super::{HOME, RunningLink, at_socket, eventually, topic};
use policy::audit::Event;
use serde_json::{Value, json};

fn json_of(message: &Message) -> Value {
    serde_json::from_str(&message.payload).unwrap()
}

#[test]
fn states_are_kept_by_the_broker_and_discovery_and_events_are_not() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let mut observer = mosquitto.observe();
    let link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    observer.sees(&topic("home/unit"), "online");
    assert_eq!(observer.seen("homeassistant/").len(), 11, "{} {:#?}", link.stderr(), observer.seen(""));
    unit.records(Event::DoorForced);
    assert_eq!(json_of(&observer.sees(&topic("home/event"), "forced"))["event_type"], "forced");

    let mut late = mosquitto.observe();
    for (name, expected) in [
        ("presence", "online"),
        ("home/unit", "online"),
        ("home/door", "OFF"),
        ("home/database_sequence", "1735689600"),
        ("home/temperature", "48"),
        ("home/face_recognition", "ON"),
        ("home/lockdown", "OFF"),
        ("home/problem", "OFF"),
        ("home/last_decision", "None"),
    ] {
        late.has(&topic(name), expected);
    }
    let kept = late.seen("");
    assert!(kept.iter().all(|message| message.is_retained), "{kept:#?}");
    let not_kept = |message: &&Message| message.topic.contains("homeassistant") || message.topic.ends_with("/event");
    assert_eq!(kept.iter().find(not_kept), None);
    unit.reports("/contacts/door", json!("open"));
    observer.sees(&topic("home/door"), "ON");
}

#[test]
fn everything_is_published_again_when_home_assistant_starts() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let _link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let mut observer = mosquitto.observe();
    observer.sees(&topic("home/unit"), "online");
    mosquitto.publish("homeassistant/status", "offline");
    mosquitto.publish("homeassistant/status", "online");
    observer.sees("event/5f0c-8a71-0000-1111-2222/access/config", "Front door");
    observer.sees(&topic("home/unit"), "online");
}

#[test]
fn requests_can_only_make_the_door_stricter_and_old_ones_are_dropped() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let (lockdown, face) = (topic("home/lockdown/set"), topic("home/face_recognition/set"));
    mosquitto.publish_retained(&lockdown, "PRESS");
    mosquitto.publish_retained(&face, "OFF");
    let mut link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let mut observer = mosquitto.observe();
    observer.sees(&topic("home/unit"), "online");
    link.says("it is dropped");
    for (topic, payload) in [
        (&lockdown, "OFF"),
        (&lockdown, "UNLOCK"),
        (&face, "ON"),
        (&topic("home/lock/set"), "UNLOCK"),
        (&topic("home/unlock"), "PRESS"),
        (&topic("home/event"), r#"{"event_type":"granted"}"#),
    ] {
        mosquitto.publish(topic, payload);
    }
    link.says("only a signed order or somebody at the unit");
    assert_eq!(unit.requests(), [""; 0], "{}", link.stderr());

    mosquitto.publish(&lockdown, "PRESS");
    let locked_down = observer.sees(&topic("home/lockdown"), "\"state\":\"ON\"");
    assert_eq!(json_of(&locked_down)["attributes"]["locked_by"], json!(["link"]));
    mosquitto.publish(&face, "OFF");
    observer.sees(&topic("home/face_recognition"), "OFF");
    mosquitto.publish(&face, "ON");
    mosquitto.publish("homeassistant/status", "online");
    observer.sees(&topic("home/face_recognition"), "OFF");
    assert_eq!(unit.requests(), ["lock_down", "turn_off_face_recognition"]);

    // The same retained requests are there when the link starts again.
    assert!(link.terminate().success());
    let again = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    again.says("it is dropped");
    observer.sees(&topic("home/unit"), "online");
    assert_eq!(unit.requests().len(), 2);
}

#[test]
fn a_request_waits_for_a_unit_that_restarts() {
    let (mosquitto, unit) = (Mosquitto::start(), ScriptedUnit::start());
    let _link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let mut observer = mosquitto.observe();
    observer.sees(&topic("home/unit"), "online");
    unit.stop();
    mosquitto.publish(&topic("home/lockdown/set"), "PRESS");
    observer.sees(&topic("home/unit"), "offline");
    unit.listen();
    let asked = || (unit.requests() == ["lock_down"]).then_some(());
    eventually("the lockdown", asked, || format!("{:?}", unit.requests()));
    observer.sees(&topic("home/lockdown"), "\"state\":\"ON\"");
}
