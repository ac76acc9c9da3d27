//! A real Home Assistant (`tests/peers/home_assistant.py`), a real mosquitto and the real link.

use super::mosquitto::{Mosquitto, free_port};
use super::scripted_unit::ScriptedUnit;
use super::{HOME, PATIENCE, RunningLink, at_socket, eventually, topic};
use policy::audit::Event;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use tempfile::TempDir;

const ADA: &str = "01010101010101010101010101010101";

struct HomeAssistant {
    folder: TempDir,
    child: Child,
    commands: ChildStdin,
    said: Receiver<String>,
}

impl HomeAssistant {
    /// Starts it; `None` if it is not installed.
    fn start(mqtt_port: u16) -> Option<Self> {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let python = project.join("target/home-assistant/bin/python");
        if !python.exists() {
            println!("skipped: Home Assistant is not in target/home-assistant; `cargo xtask test tests` installs it");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command.arg(project.join("tests/peers/home_assistant.py")).arg(folder.path().join("home"));
        command.arg(mqtt_port.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (saying, said) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| saying.send(line)));
        let commands = child.stdin.take().unwrap();
        let started = Self { folder, child, commands, said };
        started.says("ready");
        Some(started)
    }

    /// Waits for its answer, and returns what follows this word.
    fn says(&self, expected: &str) -> String {
        // Its start takes longer than anything else.
        match self.said.recv_timeout(2 * PATIENCE) {
            Ok(line) if line.starts_with(expected) => line[expected.len()..].to_owned(),
            answer => panic!("{answer:?} instead of {expected}: {}", self.output()),
        }
    }

    fn output(&self) -> String {
        fs::read_to_string(self.folder.path().join("home/output")).unwrap_or_default()
    }

    fn states(&mut self) -> Value {
        writeln!(self.commands, "states").unwrap();
        serde_json::from_str(&self.says("states")).unwrap()
    }

    /// Looks until the states are as expected.
    fn states_when(&mut self, what: &str, expected: impl Fn(&Value) -> bool) -> Value {
        let output = self.folder.path().join("home/output");
        let mut last = Value::Null;
        eventually(
            what,
            || {
                last = self.states();
                expected(&last).then(|| last.clone())
            },
            || fs::read_to_string(&output).unwrap_or_default(),
        )
    }

    fn calls(&mut self, domain: &str, service: &str, entity: &str) {
        writeln!(self.commands, "call {domain} {service} {entity}").unwrap();
        self.says("called");
    }

    fn restarts(&mut self) {
        writeln!(self.commands, "restart").unwrap();
        self.says("ready");
    }
}

impl Drop for HomeAssistant {
    fn drop(&mut self) {
        writeln!(self.commands, "quit").ok();
        self.child.wait().ok();
    }
}

/// Every entity, and whether it is there while the link is not.
const ENTITIES: [(&str, bool); 11] = [
    ("event.front_door_access", false),
    ("binary_sensor.front_door_door", false),
    ("binary_sensor.front_door_problem", false),
    ("binary_sensor.front_door_link", true),
    ("binary_sensor.front_door_locked_down", false),
    ("sensor.front_door_database_sequence", false),
    ("sensor.front_door_database_age", false),
    ("sensor.front_door_last_decision", false),
    ("sensor.front_door_temperature", false),
    ("button.front_door_lock_down", false),
    ("switch.front_door_face_recognition", false),
];

fn are(expected: &[(&str, &str)]) -> impl Fn(&Value) -> bool {
    move |states| expected.iter().all(|(entity, state)| states[entity]["state"] == *state)
}

fn is_available(states: &Value) -> bool {
    let is_there = |state: &Value| state.is_string() && state != "unavailable";
    ENTITIES.iter().all(|(entity, _)| is_there(&states[entity]["state"]))
}

fn is_unavailable(states: &Value) -> bool {
    ENTITIES.iter().all(|(entity, stays)| *stays || states[entity]["state"] == "unavailable")
}

/// One record of each kind that is an event, with the attributes that Home Assistant must show.
fn decisions() -> Vec<(Event, Value)> {
    let event = |text: String| serde_json::from_str::<Event>(&text).unwrap();
    let granted = format!(
        r#"{{"event":"granted","person":"{ADA}","credential":"card_and_face","distance":0.7,"distances":[0.7],"runner_up":null}}"#
    );
    let refused = r#"{"event":"refused","reason":"not_known","person":null,"distance":1.3,"distances":[1.3],"runner_up":null,"began_utc_ms":1,"ended_utc_ms":2,"grants":0}"#;
    let locked_out = r#"{"event":"locked_out","tried":"card","person":null,"failures":5,"for_ms":60000}"#;
    let tailgating = format!(r#"{{"event":"tailgating","person":"{ADA}","others":1}}"#);
    vec![
        (event(granted), json!(["granted", null, "card_and_face", ADA])),
        (event(refused.to_owned()), json!(["refused", "not_known", null, null])),
        (Event::DoorForced, json!(["forced", null, null, null])),
        (Event::DoorHeld { open_ms: 30_000 }, json!(["held", null, null, null])),
        (event(tailgating), json!(["tailgating", null, null, ADA])),
        (event(locked_out.to_owned()), json!(["locked_out", "locked_out", "card", null])),
    ]
}

fn shown(states: &Value) -> Value {
    let attributes = &states["event.front_door_access"]["attributes"];
    ["event_type", "reason", "credential", "person"].map(|name| attributes[name].clone()).into_iter().collect()
}

#[test]
fn home_assistant_shows_the_door_and_cannot_open_it() {
    let port = free_port();
    let mosquitto = Mosquitto::start_with(&format!("listener {port} 127.0.0.1\nallow_anonymous true"));
    let unit = ScriptedUnit::start();
    // Somebody has left requests on the broker.
    mosquitto.publish_retained(&topic("home/lockdown/set"), "PRESS");
    mosquitto.publish_retained(&topic("home/face_recognition/set"), "OFF");
    let mut link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let Some(mut home) = HomeAssistant::start(port) else { return };

    let states = home.states_when("all entities", is_available);
    let expected = [
        ("binary_sensor.front_door_door", "off"),
        ("binary_sensor.front_door_problem", "off"),
        ("binary_sensor.front_door_link", "on"),
        ("binary_sensor.front_door_locked_down", "off"),
        ("sensor.front_door_database_sequence", "1735689600"),
        ("sensor.front_door_temperature", "48"),
        ("switch.front_door_face_recognition", "on"),
    ];
    assert!(are(&expected)(&states), "{states:#}");
    let age = states["sensor.front_door_database_age"]["state"].as_str().unwrap();
    assert!(age.parse::<f64>().unwrap() > 1.0, "{age}");
    let forbidden = |entity: &String| entity.starts_with("lock.") || entity.contains("unlock");
    assert!(!states.as_object().unwrap().keys().any(forbidden), "{states:#}");

    for (event, attributes) in decisions() {
        let sequence = unit.records(event);
        let is_shown = |states: &Value| states["event.front_door_access"]["attributes"]["sequence"] == sequence;
        let states = home.states_when(&attributes.to_string(), is_shown);
        assert_eq!(shown(&states), attributes);
    }
    let states = home.states_when("last decision", are(&[("sensor.front_door_last_decision", "refused")]));
    assert_eq!(states["sensor.front_door_last_decision"]["attributes"]["reason"], "not_known");
    unit.reports("/contacts/door", json!("open"));
    unit.reports("/camera/state", json!("lost"));
    unit.reports("/access/held_open", json!("day"));
    let states = home.states_when(
        "door and problem",
        are(&[("binary_sensor.front_door_door", "on"), ("binary_sensor.front_door_problem", "on")]),
    );
    let problem = &states["binary_sensor.front_door_problem"]["attributes"];
    assert_eq!(problem["problems"], json!(["no picture from the camera: lost"]));

    let before = states["event.front_door_access"]["state"].clone();
    link.kill();
    let states = home.states_when("unavailable after kill -9", is_unavailable);
    assert_eq!(states["binary_sensor.front_door_link"]["state"], "off");
    let mut link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    let states = home.states_when("available again", is_available);
    assert_eq!(states["event.front_door_access"]["state"], before, "no event was published again");

    home.restarts();
    link.terminate();
    let _link = RunningLink::start(&unit, &at_socket(&mosquitto), HOME);
    home.states_when("available after both have restarted", is_available);
    assert_eq!(unit.requests(), [""; 0], "nothing moved");

    home.calls("button", "press", "button.front_door_lock_down");
    home.states_when("locked down", are(&[("binary_sensor.front_door_locked_down", "on")]));
    home.calls("switch", "turn_off", "switch.front_door_face_recognition");
    home.states_when("face recognition off", are(&[("switch.front_door_face_recognition", "off")]));
    home.calls("switch", "turn_on", "switch.front_door_face_recognition");
    let sequence = unit.records(Event::DoorForced);
    let is_shown = |states: &Value| states["event.front_door_access"]["attributes"]["sequence"] == sequence;
    let states = home.states_when("an event after the request", is_shown);
    assert_eq!(states["switch.front_door_face_recognition"]["state"], "off");
    assert_eq!(unit.requests(), ["lock_down", "turn_off_face_recognition"]);
    assert!(!home.output().contains("ERROR"), "{}", home.output());
}
