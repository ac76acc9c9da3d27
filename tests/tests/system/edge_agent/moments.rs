//! When people may enter: hours from `schedules.toml`, and what too many failed attempts lead to.

use super::super::encoder_tool::{build, encoder_tool, made};
use super::running::{RunningUnit, configuration, photos_of};
use super::{at_the_door, edge_agent, one_file};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tests::{photos, said};

/// Barack Obama comes in office hours, once Joe Biden is there.
const PEOPLE: &str = "name,groups\nBarack Obama,staff\nJoe Biden,keyholders\n";
const SCHEDULES: &str = "\
[[schedule]]
name = \"office\"
groups = [\"staff\"]
hours = [\"mon-fri 08:00-18:00\"]
closed = [\"2026-12-24..2027-01-06\"]
";

fn folder_with(schedules: &str, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::remove_dir_all(&folder).ok();
    for photo in ["Barack Obama/official_portrait.jpg", "Joe Biden/blue_room.jpg"] {
        made::put(&folder, photo, &fs::read(photos().join("enrol").join(photo)).unwrap());
    }
    made::put(&folder, "people.csv", PEOPLE.as_bytes());
    made::put(&folder, "schedules.toml", schedules.as_bytes());
    folder
}

fn with_hours() -> &'static Path {
    static DATABASE: OnceLock<PathBuf> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let folder = folder_with(SCHEDULES, "people with hours");
        let database = folder.join("people.db");
        let built = build(&folder, &database, &[]);
        assert_eq!(built.code, 0, "{built:?}");
        database
    })
}

/// The last frame of Barack Obama's approach.
fn at(time: &str, config: &str) -> Value {
    let (_folder, config) = one_file("config.toml", format!("{config}[policy]\nmode = \"face\"\n"));
    let mut command = edge_agent(["simulate", "--json", "--start", time, "--db"]);
    command.arg(with_hours()).arg("--config").arg(config);
    command.arg("--frames").arg(at_the_door("barack_obama_speaking.jpg"));
    said(&mut command).json_lines().pop().unwrap()
}

#[test]
fn hours_are_those_of_the_doors_time_zone() {
    let (berlin, utc) = ("[clock]\nzone = \"Europe/Berlin\"\n", "[clock]\nzone = \"UTC\"\n");
    for (time, zone, reason) in [
        ("2026-11-25T12:00:00Z", berlin, None),
        ("2026-11-25T07:30:00Z", berlin, None),
        ("2026-11-25T07:30:00Z", utc, Some("outside_hours")),
        ("2026-11-25T17:30:00Z", berlin, Some("outside_hours")),
        ("2026-07-01T06:30:00Z", berlin, None),
        ("2026-11-28T12:00:00Z", berlin, Some("outside_hours")),
        ("2026-12-24T12:00:00Z", berlin, Some("outside_hours")),
    ] {
        let line = at(time, zone);
        assert_eq!(line["reason"], Value::from(reason), "{time} {zone}: {line}");
        assert_eq!(line["door"], if reason.is_none() { "unlocked" } else { "locked" });
    }
}

/// By night the door asks for a card as well; from nine it is held open once Joe Biden has come in.
const DOORS: &str = "
[[door]]
name = \"night\"
doors = [\"front\"]
mode = \"card-and-face\"
hours = [\"18:00-08:00\"]

[[door]]
name = \"reception\"
doors = [\"front\"]
mode = \"free\"
after-first-of = \"keyholders\"
hours = [\"mon-fri 09:00-17:00\"]
";

fn with_door_hours() -> &'static Path {
    static DATABASE: OnceLock<PathBuf> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let folder = folder_with(DOORS, "a door with hours");
        let database = folder.join("people.db");
        let built = build(&folder, &database, &[]);
        assert_eq!(built.code, 0, "{built:?}");
        database
    })
}

/// The reason why Joe Biden is refused at a door of this group, and the events in the log.
fn joe_at(time: &str, group: &str) -> (Value, Vec<String>) {
    let config = format!("[clock]\nzone = \"UTC\"\n[unit]\ngroups = [\"{group}\"]\n[policy]\nmode = \"face\"\n");
    let (folder, config) = one_file("config.toml", config);
    let log = folder.path().join("audit.jsonl");
    let mut command = edge_agent(["simulate", "--json", "--start", time, "--db"]);
    command.arg(with_door_hours()).arg("--config").arg(config).arg("--audit").arg(&log);
    command.arg("--frames").arg(photos().join("enrol/Joe Biden/blue_room.jpg"));
    let reason = said(&mut command).json_lines().pop().unwrap()["reason"].clone();
    let records = fs::read_to_string(log).unwrap();
    let records = records.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    (reason, records.map(|record| record["event"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn what_a_door_asks_for_depends_on_the_hour_and_on_the_door() {
    for (time, group, reason, is_held_open) in [
        ("2026-11-25T07:30:00Z", "front", Some("card_needed"), false),
        ("2026-11-25T07:30:00Z", "back", None, false),
        ("2026-11-25T08:30:00Z", "front", None, false),
        ("2026-11-25T12:00:00Z", "front", None, true),
        ("2026-11-25T12:00:00Z", "back", None, false),
        ("2026-11-28T12:00:00Z", "front", None, false),
        ("2026-11-25T18:00:00Z", "front", Some("card_needed"), false),
    ] {
        let (refused, events) = joe_at(time, group);
        assert_eq!(refused, Value::from(reason), "{time} {group}");
        assert_eq!(events.iter().any(|event| event == "held_open"), is_held_open, "{time} {group}: {events:?}");
    }
}

#[test]
fn schedules_of_each_person_are_listed() {
    let mut list = encoder_tool(["list", "--json"]);
    let listed = said(list.arg(with_hours())).json();
    assert_eq!(listed["schedules"], Value::from(vec!["office"]));
    let hours: Vec<&Value> = listed["people"].as_array().unwrap().iter().map(|person| &person["hours"]).collect();
    assert_eq!(hours, [&Value::from(vec!["office"]), &Value::Array(Vec::new())]);
}

/// A misspelt group would leave its people without limits.
#[test]
fn a_schedule_for_nobody_stops_the_build() {
    for (change, named) in [("staff", "stuff"), ("name", "nam"), ("18:00", "6pm")] {
        let folder = folder_with(&SCHEDULES.replace(change, named), "people with wrong hours");
        let database = folder.join("people.db");
        let built = build(&folder, &database, &[]);
        assert_eq!(built.code, 2, "{built:?}");
        assert!(built.stderr.contains("schedules.toml") && built.stderr.contains(named), "{built:?}");
        assert!(!database.exists());
    }
}

/// Pulling the plug was a way to try again at once.
#[test]
fn a_restart_gives_no_new_attempts() {
    let folder = tempfile::tempdir().unwrap();
    let strangers = photos_of(&at_the_door("eileen_collins.jpg"));
    let config = configuration(folder.path(), &strangers);
    let text = fs::read_to_string(&config).unwrap() + "lockout-after = 1\nlockout-ms = 800000\n";
    fs::write(&config, text).unwrap();
    let unit = RunningUnit::start_configured(folder);
    unit.status_when(|status| {
        let decisions = status["decisions"].as_array().unwrap();
        decisions.iter().any(|decision| decision["reason"] == "locked_out")
    });
    let folder = unit.into_folder();

    let log = fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    assert!(log.contains(r#""event":"locked_out","tried":"face""#), "{log}");
    let known = photos_of(&at_the_door("barack_obama_speaking.jpg"));
    let text = fs::read_to_string(&config).unwrap().replace(&strangers, &known);
    fs::write(&config, text).unwrap();
    let unit = RunningUnit::start_configured(folder);
    let status = unit.status_when(|status| status["decisions"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(status["decisions"][0]["reason"], "locked_out", "{status:#}");
    assert_eq!((&status["door"], &status["turns"]["granted"]), (&"locked".into(), &0.into()), "{status:#}");
}
