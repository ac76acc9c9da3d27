//! Databases that change while a unit runs, ways back, and networks that must not be trusted.

use super::super::encoder_tool::{build, enrolled};
use super::forms::Office;
use super::running::{RunningUnit, configuration_with, photos_of};
use super::{another_model, at_the_door, edge_agent};
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tests::{Said, said};

/// A unit with a database of its own, before a photo.
fn prepared(photo: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    fs::copy(enrolled(), &database).unwrap();
    configuration_with(folder.path(), &database, &photos_of(&at_the_door(photo)));
    folder
}

/// As `edge-agent receive` does it.
fn bring(folder: &Path, bytes: &[u8]) {
    fs::write(folder.join("people.db.incoming.part"), bytes).unwrap();
    fs::rename(folder.join("people.db.incoming.part"), folder.join("people.db.incoming")).unwrap();
}

fn rollback(folder: &Path) -> Said {
    said(edge_agent(["rollback", "--json", "--config"]).arg(folder.join("config.toml")))
}

/// The stranger is let in by a new database and no more after a rollback, which a mere arrival cannot do.
#[test]
fn a_running_unit_rolls_back_to_a_named_database() {
    for office in Office::of_each_form() {
        let folder = office.unit(&photos_of(&at_the_door("eileen_collins.jpg")));
        let older = fs::read(folder.path().join("people.db")).unwrap();
        let mut unit = RunningUnit::start_configured(folder);
        let folder = unit.file("");
        let before = unit.status_when(|status| status["turns"]["denied"].as_u64() >= Some(2));
        assert_eq!(rollback(&folder).code, 2, "there is nothing to go back to");

        let younger = office.of_the_stranger(&folder);
        bring(&folder, &younger);
        let swapped = unit.status_when(|status| status["turns"]["granted"] == 1);
        assert_ne!(swapped["database"]["digest"], before["database"]["digest"]);
        bring(&folder, &older);
        let refused = unit.status_when(|status| !status["database"]["refused"].is_null());
        assert_eq!(refused["database"]["refused"]["digest"], before["database"]["digest"], "{refused:#}");
        assert_eq!(refused["database"]["digest"], swapped["database"]["digest"]);

        let back = rollback(&folder);
        assert_eq!(back.code, 0, "{}: {back:?}", office.form);
        let answer = back.json();
        assert_eq!((&answer["used"], &answer["unit_runs"]), (&true.into(), &true.into()), "{answer}");
        assert_eq!(answer["digest"], before["database"]["digest"]);
        let status = unit.status_when(|status| status["database"]["digest"] == before["database"]["digest"]);
        assert_eq!((&status["database"]["people"], &status["database"]["refused"]), (&2.into(), &Value::Null));
        assert_eq!(status["database"]["audience"], "the doors of the group office", "{}", office.form);
        assert_eq!(fs::read(unit.file("people.db")).unwrap(), older);
        assert_eq!(fs::read(unit.file("people.db.previous")).unwrap(), younger);

        assert_eq!(unit.stop("-TERM"), 0);
        let is_change = |event: &String| event.starts_with("database_") || event == "requested";
        let changes: Vec<String> = unit.events().into_iter().filter(is_change).collect();
        let expected = [
            "database_loaded",
            "database_loaded",
            "database_refused",
            "requested",
            "database_returned",
            "database_loaded",
        ];
        assert_eq!(changes, expected, "{}", office.form);
    }
}

#[test]
fn rollback_works_without_a_running_unit() {
    for office in Office::of_each_form() {
        let folder = office.unit(&photos_of(&at_the_door("wall.jpg")));
        let older = fs::read(folder.path().join("people.db")).unwrap();
        let mut unit = RunningUnit::start_configured(folder);
        let younger = office.of_the_stranger(&unit.file(""));
        bring(&unit.file(""), &younger);
        unit.status_when(|status| status["database"]["people"] == 1);
        assert_eq!(unit.stop("-TERM"), 0);

        let back = rollback(&unit.file(""));
        assert_eq!(back.code, 0, "{}: {back:?}", office.form);
        assert_eq!(back.json()["unit_runs"], false);
        assert_eq!(fs::read(unit.file("people.db")).unwrap(), older);
        assert!(unit.events().contains(&"database_returned".to_owned()), "{:?}", unit.events());

        let mut again = RunningUnit::start_configured(unit.into_folder());
        let status = again.status_when(|status| status["database"]["people"] == 2);
        assert_eq!(status["database"]["returned"], Value::Null, "it was asked for: {status:#}");
        assert_eq!(again.stop("-TERM"), 0);
    }
}

#[test]
fn an_unusable_database_is_replaced_by_the_previous_one() {
    for office in Office::of_each_form() {
        let folder = office.unit(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
        let (current, previous) = (folder.path().join("people.db"), folder.path().join("people.db.previous"));
        let younger = office.of_the_stranger(folder.path());
        fs::rename(&current, &previous).unwrap();
        fs::write(&current, &fs::read(&previous).unwrap()[..500]).unwrap();
        let mut unit = RunningUnit::start_configured(folder);
        let status = unit.status_when(|status| status["turns"]["granted"] == 1);
        assert!(
            status["database"]["returned"].as_str().unwrap().contains("cannot be used as a people database"),
            "{status:#}"
        );
        assert_eq!(unit.status("--json").code, 1, "somebody must look after it");
        bring(&unit.file(""), &younger);
        let status = unit.status_when(|status| status["database"]["people"] == 1);
        assert_eq!(status["database"]["returned"], Value::Null);
        assert_eq!(unit.stop("-TERM"), 0);
        let events = unit.events();
        assert_eq!(events[..3], ["started", "database_loaded", "database_returned"], "{events:?}");
    }
}

/// A bundle whose network gives other encodings than it did on the workstation: the door stays shut for somebody
/// enrolled, and the unit says why.
#[test]
fn a_failed_self_test_keeps_the_door_shut() {
    let model = another_model();
    let golden = model.path().join("golden.postcard");
    let folder = prepared("barack_obama_speaking.jpg");
    let database = folder.path().join("people.db");
    let build_with = |database: &Path| {
        let enrol = tests::photos().join("enrol");
        assert_eq!(build(&enrol, database, &["--model", &model.path().display().to_string()]).code, 0);
    };
    fs::remove_file(&database).unwrap();
    build_with(&database);
    let config = folder.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}[model]\nbundles = [\"{}\"]\n", model.path().display())).unwrap();
    // The last number of the last crop's encoding, and one before it.
    let mut bytes = fs::read(&golden).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&0.9f32.to_le_bytes());
    fs::write(&golden, bytes).unwrap();

    let mut unit = RunningUnit::start_configured(folder);
    let shut = |status: &Value| {
        let decisions = status["decisions"].as_array().unwrap();
        decisions.iter().any(|decision| decision["reason"] == "self_test_failed")
    };
    let status = unit.status_when(shut);
    assert_eq!((&status["self_test"]["state"], &status["door"]), (&"failed".into(), &"locked".into()), "{status:#}");
    assert!(status["self_test"]["reason"].as_str().unwrap().contains("crop 1"), "{status:#}");
    assert_eq!(status["turns"]["granted"], 0);
    let said = unit.status("--prometheus");
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains("edge_agent_self_test_failed 1\n"), "{}", said.stdout);
    // With such networks no database is taken either.
    let younger = unit.file("younger.db");
    fs::copy(unit.file("people.db"), &younger).unwrap();
    build_with(&younger);
    bring(&unit.file(""), &fs::read(&younger).unwrap());
    let status = unit.status_when(|status| !status["database"]["refused"].is_null());
    assert!(status["database"]["refused"]["reason"].as_str().unwrap().contains("self-test"), "{status:#}");
    assert_eq!(unit.stop("-TERM"), 0);
    let events = unit.events();
    assert!(events.contains(&"self_test_failed".to_owned()) && !events.contains(&"granted".to_owned()), "{events:?}");
}

#[test]
fn a_bundle_without_a_self_test_is_used_with_a_warning() {
    let model = another_model();
    fs::remove_file(model.path().join("golden.postcard")).unwrap();
    let folder = prepared("wall.jpg");
    let database = folder.path().join("people.db");
    fs::remove_file(&database).unwrap();
    let enrol = tests::photos().join("enrol");
    assert_eq!(build(&enrol, &database, &["--model", &model.path().display().to_string()]).code, 0);
    let config = folder.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}[model]\nbundles = [\"{}\"]\n", model.path().display())).unwrap();
    let unit = RunningUnit::start_configured(folder);
    let status = unit.status_when(|status| status["turns"]["nobody"].as_u64() >= Some(1));
    assert_eq!(status["self_test"]["state"], "nothing_stored", "{status:#}");
    assert!(unit.stderr().contains("model golden"), "{}", unit.stderr());
}

/// Half a gigabyte that is not a database, and takes no space on the disk.
fn junk(path: &Path, beginning: &[u8]) {
    fs::write(path, beginning).unwrap();
    File::options().write(true).open(path).unwrap().set_len(512 << 20).unwrap();
}

/// The most memory that the process has had, in megabytes.
fn most_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}

fn with_little_memory(program: &str, arguments: &[&str]) -> Said {
    let mut limited = Command::new("sh");
    said(limited.args(["-c", "ulimit -v 600000; exec \"$0\" \"$@\""]).arg(tests::program(program)).args(arguments))
}

/// A junk file in the place of a new database took 700 MB of the unit's memory before it was looked at, and again at each
/// start.
#[test]
fn an_oversized_database_file_takes_no_memory() {
    let beginning = &fs::read(enrolled()).unwrap()[..100];
    let mut unit = RunningUnit::start_configured(prepared("eileen_collins.jpg"));
    unit.status_when(|status| status["turns"]["denied"].as_u64() >= Some(2));
    let before = most_memory(unit.process());
    for (refusals, beginning) in [(1, beginning), (2, b"junk")] {
        junk(&unit.file("new"), beginning);
        fs::rename(unit.file("new"), unit.file("people.db.incoming")).unwrap();
        let status = unit.status_when(|status| status["database"]["refusals"] == refusals);
        let reason = status["database"]["refused"]["reason"].as_str().unwrap();
        assert!(reason.contains("a people database has at most"), "{reason}");
        assert!(!unit.file("people.db.incoming").exists() && !unit.file("people.db.staged").exists());
    }
    let after = most_memory(unit.process());
    assert!(after < before + 32, "{before} MB before, {after} MB after");
    assert_eq!(unit.stop("-TERM"), 0);

    // Everything else that reads a database, with less memory than the file would take.
    let folder = unit.into_folder();
    let config = folder.path().join("config.toml");
    let large = folder.path().join("people.db");
    junk(&large, beginning);
    junk(&folder.path().join("people.db.incoming"), beginning);
    fs::rename(folder.path().join("people.db.incoming"), folder.path().join("people.db.previous")).unwrap();
    let (config, large) = (config.to_str().unwrap(), large.to_str().unwrap());
    for (program, arguments) in [
        ("edge-agent", vec!["check", "--config", config]),
        ("edge-agent", vec!["run", "--config", config]),
        ("edge-agent", vec!["rollback", "--config", config]),
        ("edge-agent", vec!["audit", "show", "--names", large, "--config", config]),
        ("encoder-tool", vec!["list", large]),
        ("encoder-tool", vec!["list", "--head", large]),
        ("encoder-tool", vec!["ship", large, "nowhere.invalid"]),
    ] {
        let found = with_little_memory(program, &arguments);
        assert_eq!(found.code, 2, "{arguments:?}: {found:?}");
        assert!(format!("{found:?}").contains("67100000 bytes"), "{arguments:?}: {found:?}");
    }
    let forgotten = with_little_memory("edge-agent", &["forget", "Barack Obama", "--json", "--config", config]);
    assert_eq!(forgotten.code, 0, "{forgotten:?}");
    assert!(forgotten.json()["not_looked_into"].as_array().map(Vec::len) >= Some(2), "{forgotten:?}");
    // What came is moved away before it is read: the next start does not meet it again.
    junk(&folder.path().join("people.db.incoming"), beginning);
    assert_eq!(said(edge_agent(["run", "--config", config]).envs(tests::service_environment())).code, 2);
    assert!(!folder.path().join("people.db.incoming").exists() && folder.path().join("people.db.refused").exists());
}
