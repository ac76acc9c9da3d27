//! What a unit's log says afterwards, and whether anybody changed it: `audit`, `forget` and `replay`.

use super::super::encoder_tool::enrolled;
use super::running::{RunningUnit, photos_of};
use super::{at_the_door, edge_agent, simulate};
use policy::audit::{Chain, Record};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tests::{Said, photos, said};

/// The log of a unit that has let somebody in and was told to end.
fn log_of_a_unit() -> RunningUnit {
    let mut unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
    unit.status_when(|status| status["turns"]["granted"] == 1);
    assert_eq!(unit.stop("-TERM"), 0);
    unit
}

/// `audit VERB` over the unit's log, with its configuration.
fn audit(unit: &RunningUnit, arguments: &[&str]) -> Said {
    let mut command = edge_agent(["audit"]);
    said(command.args(arguments).arg("--config").arg(unit.file("config.toml")))
}

/// `audit VERB` over copied files, where no unit and no configuration is.
fn audit_elsewhere(log: &Path, arguments: &[&str]) -> Said {
    let mut command = edge_agent(["audit"]);
    said(command.args(arguments).arg("--log").arg(log).args(["--config", "/nowhere"]))
}

/// What the simulation of all photos wrote down, twice.
fn simulated() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    for _ in 0..2 {
        said(simulate(&photos().join("door")).arg("--audit").arg(&log));
    }
    (folder, log)
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_exported_log_is_verified_on_another_computer() {
    let unit = log_of_a_unit();
    let verified = audit(&unit, &["verify", "--json"]);
    assert_eq!((verified.code, &verified.json()["whole"]), (0, &true.into()), "{verified:?}");

    let copy = tempfile::tempdir().unwrap();
    let log = copy.path().join("door-1.jsonl");
    let exported = audit(&unit, &["export", "--json", "--output", path(&log)]);
    assert_eq!(exported.code, 0, "{exported:?}");
    let head = copy.path().join("door-1.jsonl.head");
    let key = unit.file("audit.key.pub");
    let against = ["verify", "--json", "--head", path(&head), "--key", path(&key)];
    let whole = audit_elsewhere(&log, &against).json();
    assert_eq!(
        (&whole["whole"], &whole["head_sequence"]),
        (&true.into(), &exported.json()["head"]["sequence"]),
        "{whole}"
    );
    assert!(whole["signatures"].as_u64() >= Some(2), "at the start and at the end: {whole}");

    // What anybody may do to it.
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let granted = lines.iter().position(|line| line.contains("\"granted\"")).unwrap();
    let without = |line: usize| [&lines[..line], &lines[line + 1..]].concat().concat();
    for (what, changed, line, byte) in [
        (
            "a digit",
            text.replacen("\"distance\":0.", "\"distance\":1.", 1),
            Some(granted + 1),
            lines[..granted].concat().len(),
        ),
        ("a line removed", without(granted), Some(granted + 1), lines[..granted].concat().len()),
        ("a tail cut off", lines[..lines.len() - 1].concat(), None, 0),
        ("all but the beginning cut off", lines[..3].concat(), None, 0),
        ("nothing left", String::new(), None, 0),
    ] {
        assert_ne!(changed, text, "{what}");
        fs::write(&log, changed).unwrap();
        let found = audit_elsewhere(&log, &against);
        assert_eq!(found.code, 1, "{what}: {found:?}");
        let fault = &found.json()["fault"];
        assert_eq!(fault["place"]["line"].as_u64(), line.map(|line| line as u64), "{what}: {fault}");
        if line.is_some() {
            assert_eq!(fault["place"]["byte"], byte, "{what}: {fault}");
            assert_eq!(fault["place"]["file"], "door-1.jsonl");
        }
        let words = audit_elsewhere(&log, &["verify", "--head", path(&head)]);
        assert!(words.code == 1 && words.stdout.starts_with("NOT WHOLE"), "{what}: {words:?}");
    }
    // A head that somebody made up.
    let forged = fs::read_to_string(&head).unwrap().replacen("\"sequence\":", "\"sequence\":1", 1);
    fs::write(&head, forged).unwrap();
    let refused = audit_elsewhere(&log, &against);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
    assert!(refused.stderr.contains("not signed by the given key"), "{}", refused.stderr);
}

/// Everything behind an early signature is thrown away, and grants that never happened are written in its place, each
/// with the right number, hash and checksum. `audit verify --key` called that whole.
#[test]
fn unsigned_grants_are_not_reported_as_intact() {
    let unit = log_of_a_unit();
    let text = fs::read_to_string(unit.file("audit.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let signed = lines.iter().position(|line| line.contains("\"head_signed\"")).unwrap();
    let granted = lines.iter().find(|line| line.contains("\"granted\"")).unwrap();
    let granted = Record::parse(granted.as_bytes()).unwrap();
    let began = Record::parse(lines[signed].as_bytes()).unwrap().utc_ms;
    let forged = |kept: usize, grants: i64, minutes_apart: i64| {
        let mut chain = Chain::after(lines[kept].as_bytes()).unwrap();
        let mut log: Vec<String> = lines[..=kept].iter().map(|line| format!("{line}\n")).collect();
        for grant in 1..=grants {
            let utc_ms = began + grant * minutes_apart * 60_000;
            let line = chain.next_line(utc_ms, granted.boot, granted.event.clone()).unwrap();
            log.push(line.text().to_owned());
            line.commit();
        }
        log.concat()
    };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("door.jsonl");
    let key = unit.file("audit.key.pub");
    let from = signed as u64 + 2;
    for (what, content, code, words) in [
        ("three grants within minutes", forged(signed, 3, 1), 0, format!("UNSIGNED from record {from} on")),
        ("three grants over an hour", forged(signed, 3, 30), 1, "would have signed them".to_owned()),
        ("six hundred grants", forged(signed, 600, 0), 1, "would have signed them".to_owned()),
    ] {
        fs::write(&log, content).unwrap();
        let found = audit_elsewhere(&log, &["verify", "--key", path(&key)]);
        assert_eq!(found.code, code, "{what}: {found:?}");
        assert!(!found.stdout.starts_with("whole:") && found.stdout.contains(&words), "{what}: {found:?}");
        let found = audit_elsewhere(&log, &["verify", "--json", "--key", path(&key)]).json();
        assert_eq!((&found["unsigned_from"], &found["whole"]), (&from.into(), &(code == 0).into()), "{what}: {found}");
        assert!(found["unsigned_grants"].as_u64() >= Some(3), "{what}: {found}");
    }
    // Two faults are two lines, in words and in JSON.
    let damaged = text.replacen("\"utc_ms\":1", "\"utc_ms\":2", 2);
    fs::write(&log, damaged).unwrap();
    let found = audit_elsewhere(&log, &["verify", "--key", path(&key)]);
    assert_eq!((found.code, found.stdout.matches("checksum of this line").count()), (1, 2), "{found:?}");
    let found = audit_elsewhere(&log, &["verify", "--json"]).json();
    let places: Vec<_> = found["faults"].as_array().unwrap().iter().map(|fault| &fault["place"]["line"]).collect();
    assert_eq!((places, &found["faults_found"]), (vec![&1.into(), &2.into()], &2.into()), "{found}");
}

/// A tail that was cut off while the unit was off is found by the unit itself, and recorded.
#[test]
fn a_unit_finds_that_its_log_was_cut() {
    let unit = log_of_a_unit();
    let log = unit.file("audit.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    fs::write(&log, lines[..lines.len() - 2].concat()).unwrap();
    assert_eq!(audit(&unit, &["verify"]).code, 0, "nothing shows in the log itself");
    let mut again = edge_agent(["run", "--config"]);
    let mut child = again.arg(unit.file("config.toml")).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.into_iter().any(|line| line.contains("it was cut or replaced")));
    unit.status_when(|status| status["turns"]["count"].as_u64() > Some(0));
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    child.wait().unwrap();
    let shown = audit(&unit, &["show"]).stdout;
    assert!(shown.contains("RECORDS ARE MISSING"), "{shown}");
    // It stays so, and is exported all the same.
    let verified = audit(&unit, &["verify"]);
    assert!(verified.code == 1 && verified.stdout.contains("which was signed"), "{verified:?}");
    assert_eq!(audit(&unit, &["export", "--head-only"]).json()["sequence"].as_u64().map(|last| last > 3), Some(true));
}

#[test]
fn a_unit_refuses_a_key_that_others_may_read() {
    let unit = log_of_a_unit();
    fs::set_permissions(unit.file("audit.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = said(edge_agent(["run", "--config"]).arg(unit.file("config.toml")));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("0644") && refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    let exported = audit(&unit, &["export", "--head-only"]);
    assert_eq!((exported.code, exported.stdout.as_str()), (2, ""), "{exported:?}");
}

#[test]
fn records_are_shown_with_names_that_the_log_does_not_hold() {
    let unit = log_of_a_unit();
    let shown = audit(&unit, &["show"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stdout.contains("LET IN Barack Obama by face"), "{}", shown.stdout);
    assert!(!fs::read_to_string(unit.file("audit.jsonl")).unwrap().contains("Obama"));
    let names = unit.file("audit.jsonl.names");
    assert_eq!(fs::metadata(names).unwrap().permissions().mode() & 0o777, 0o600);

    let of = audit(&unit, &["show", "--json", "--person", "barack obama"]).json_lines();
    assert!(!of.is_empty());
    for record in of {
        assert_eq!((&record["event"], &record["name"]), (&"granted".into(), &"Barack Obama".into()), "{record}");
    }
    assert_eq!(audit(&unit, &["show", "--until", "2020-01-01"]).code, 1);
    let nobody = audit(&unit, &["show", "--person", "Nobody"]);
    assert!(nobody.code == 2 && nobody.stderr.contains("nobody is known as Nobody"), "{nobody:?}");
}

#[test]
fn a_log_of_a_simulation_is_shown_with_the_names_of_a_database() {
    let (_folder, log) = simulated();
    let database = enrolled();
    let shown = audit_elsewhere(&log, &["show", "--names", path(database)]);
    assert!(shown.stdout.contains("LET IN Barack Obama by face"), "{shown:?}");
    let refused = audit_elsewhere(&log, &["show", "--reason", "not_known", "--json"]).json_lines();
    assert!(refused.len() == 2 && refused.iter().all(|record| record["reason"] == "not_known"), "{refused:?}");
    assert!(!audit_elsewhere(&log, &["show"]).stdout.contains("Obama"));
}

#[test]
fn new_records_are_followed() {
    let (_folder, log) = simulated();
    let mut follow = edge_agent(["audit", "follow", "--json", "--last", "1", "--config", "/nowhere", "--log"]);
    let mut child = follow.arg(&log).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let before = next();
    assert_eq!(before["event"], "stopped");
    said(simulate(&at_the_door("wall.jpg")).arg("--audit").arg(&log));
    for event in ["started", "database_loaded", "stopped"] {
        assert_eq!(next()["event"], event);
    }
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Forgetting somebody leaves the chain whole; their records say nothing about them any more.
#[test]
fn a_person_is_forgotten_with_a_receipt() {
    let unit = log_of_a_unit();
    let config = unit.file("config.toml");
    let forget = |who: &str| said(edge_agent(["forget", who, "--json", "--config"]).arg(&config));
    let forgotten = forget("Barack Obama");
    assert_eq!(forgotten.code, 0, "{forgotten:?}");
    let receipt = forgotten.json();
    assert_eq!(receipt["erased"], serde_json::json!([unit.file("audit.jsonl.names")]));
    assert!(receipt["records_with_id"].as_u64() >= Some(1), "{receipt}");
    assert_eq!(receipt["still_in"], serde_json::json!([unit.file("people.db")]), "{receipt}");
    let names = fs::read_to_string(unit.file("audit.jsonl.names")).unwrap();
    assert!(!names.contains("Obama") && names.contains("Biden"), "{names}");
    assert!(!audit(&unit, &["show"]).stdout.contains("Obama"));
    assert_eq!(audit(&unit, &["verify"]).code, 0);

    let id = receipt["person_id"].as_str().unwrap();
    let again = forget(id);
    assert_eq!((again.code, &again.json()["erased"]), (1, &serde_json::json!([])), "{again:?}");
    assert_eq!(forget("Barack Obama").code, 2);
}

#[test]
fn replay_tries_another_threshold_on_recorded_events() {
    let (_folder, log) = simulated();
    let replay = |threshold: &str| {
        let mut command = edge_agent(["replay", "--json", "--config", "/nowhere", "--threshold", threshold, "--log"]);
        said(command.arg(&log))
    };
    let strict = replay("0.2").json();
    assert_eq!(
        (&strict["grants"], &strict["grants_too_far"], &strict["refusals_lifted"]),
        (&2.into(), &2.into(), &0.into())
    );
    // Just so lenient that the stranger would have been let in.
    let refused = audit_elsewhere(&log, &["show", "--reason", "not_known", "--json"]).json_lines();
    let distances = refused[0]["distances"].as_array().unwrap().iter().map(|distance| distance.as_f64().unwrap());
    let lenient = replay(&format!("{:.4}", distances.fold(0.0, f64::max) + 0.001));
    assert_eq!(lenient.code, 0);
    let lenient = lenient.json();
    assert_eq!((&lenient["grants_too_far"], &lenient["refusals"]), (&0.into(), &2.into()), "{lenient}");
    assert_eq!(lenient["refusals_lifted"], 2, "{lenient}");
    assert_eq!(replay("1.5").code, 2);
    assert_eq!(replay("nan").code, 2);
}

#[test]
fn a_file_that_is_not_a_log_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.jsonl");
    for verb in ["verify", "show", "follow"] {
        let refused = audit_elsewhere(&missing, &[verb]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains("there is no audit log"), "{}", refused.stderr);
    }
    let diary = folder.path().join("diary");
    fs::write(&diary, "dear diary\n").unwrap();
    let found = audit_elsewhere(&diary, &["verify"]);
    assert!(found.code == 1 && found.stdout.contains("diary, line 1 (byte 0)"), "{found:?}");
}

/// `kill -9` again and again, on the real program: everybody who was let in is in the log, and the chain is whole. The library
/// is killed five hundred times in its own tests; `KILLS=500` does so here (two minutes).
#[test]
fn a_program_that_is_killed_loses_no_record() {
    let kills: u64 = std::env::var("KILLS").map_or(25, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    let mut let_in = 0;
    for kill in 0..kills {
        let mut command = simulate(&at_the_door("barack_obama_speaking.jpg"));
        let mut child = command.args(["--json", "--audit"]).arg(&log).stdout(Stdio::piped()).spawn().unwrap();
        // Anywhere between the first record and the end.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let seen: Vec<String> = lines.by_ref().take((kill % 4) as usize).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = seen.into_iter().chain(lines.filter(|line| line.ends_with('}')));
        let seen = seen.filter(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["door"] == "unlocked"));
        let_in += seen.count();
        if log.exists() {
            let verified = audit_elsewhere(&log, &["verify"]);
            assert_eq!(verified.code, 0, "{kill}: {verified:?}");
            let shown = audit_elsewhere(&log, &["show", "--json"]).json_lines();
            let granted = shown.iter().filter(|record| record["event"] == "granted").count();
            assert!(granted >= let_in, "{kill}: {let_in} were let in, {granted} are recorded");
            let_in = granted;
        }
    }
    assert!(let_in > 0, "nobody was ever let in");
}
