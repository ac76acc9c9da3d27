//! The real unit, the real link and a real mosquitto.

use super::mosquitto::Mosquitto;
use super::{HOME, RunningLink, at_socket, configuration_at, eventually};
use crate::edge_agent::edge_agent;
use crate::edge_agent::running::{RunningUnit, configuration_with, photos_of};
use crate::encoder_tool::enrolled;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use tests::{photos, said};

/// Configures a unit with a key of its own that sees this photo. With `names`, it tells the names of people.
fn configured(folder: &Path, photo: &str, names: bool) {
    let database = folder.join("people.db");
    if !database.exists() {
        fs::copy(enrolled(), &database).unwrap();
    }
    let config = configuration_with(folder, &database, &photos_of(&photos().join("door").join(photo)));
    let identity = format!("[database]\nidentity = \"{}\"\n", folder.join("device.key").display());
    let text = fs::read_to_string(&config).unwrap().replace("[database]\n", &identity);
    fs::write(&config, text.replace("[status]\n", &format!("[status]\nnames = {names}\n"))).unwrap();
    if !folder.join("device.key").exists() {
        assert_eq!(said(edge_agent(["keygen", "--config"]).arg(&config)).code, 0);
    }
}

/// The next start sees another photo.
fn restarted(unit: RunningUnit, photo: &str, names: bool) -> RunningUnit {
    let folder: TempDir = unit.into_folder();
    configured(folder.path(), photo, names);
    RunningUnit::start_configured(folder)
}

#[test]
fn an_entry_at_a_real_door_is_an_event_with_a_name_only_if_the_unit_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    configured(folder.path(), "wall.jpg", false);
    let mosquitto = Mosquitto::start();
    let mut observer = mosquitto.observe();
    let unit = RunningUnit::start_configured(folder);
    let links = tempfile::tempdir().unwrap();
    let config = configuration_at(links.path(), &unit.file(""), &at_socket(&mosquitto), HOME);
    let _link = RunningLink::start_in(links, &config);
    observer.sees("home/unit", "online");
    assert_eq!(observer.seen("home/event"), []);
    let mut unit = unit;
    for (names, expected) in [(false, Value::Null), (true, "Barack Obama".into())] {
        unit = restarted(unit, "barack_obama_speaking.jpg", names);
        let event: Value = serde_json::from_str(&observer.sees("home/event", "granted").payload).unwrap();
        assert_eq!((&event["credential"], &event["name"]), (&"face".into(), &expected), "{event}");
        assert_eq!(event["person"].as_str().map(str::len), Some(32), "{event}");
        observer.sees("home/last_decision", event["person"].as_str().unwrap());
    }
    // Each decision of the log, and nothing twice.
    let mut decisions = || {
        let log = fs::read_to_string(unit.file("audit.jsonl")).unwrap();
        let decided: Vec<Value> = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter(|record| record["event"] == "granted" || record["event"] == "refused")
            .map(|record| record["sequence"].clone())
            .collect();
        let told: Vec<Value> = observer
            .seen("home/event")
            .iter()
            .map(|message| serde_json::from_str::<Value>(&message.payload).unwrap()["sequence"].clone())
            .collect();
        (decided == told).then_some(())
    };
    eventually("the decisions of the log", &mut decisions, || unit.stderr());
}
