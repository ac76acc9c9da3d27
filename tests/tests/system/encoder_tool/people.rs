//! A person asks for their data.

use super::made::put;
use super::{encoder_tool, enrolled};
use std::fs;
use std::path::Path;
use tests::{Said, said};

/// Exports what is stored about this person.
fn export(folder: &Path, person: &str, options: &[&str]) -> Said {
    let mut command = encoder_tool(["people", "export", person, "--db", "people.db", "-o", "person.tar"]);
    said(command.args(options).current_dir(folder))
}

/// Regression test: with --json, the answer "nothing" was text.
#[test]
fn nothing_is_stored_about_a_stranger() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(enrolled(), folder.path().join("people.db")).unwrap();
    let nobody = export(folder.path(), "Nobody Here", &["--json"]);
    assert_eq!((nobody.code, nobody.json()["archive"].is_null()), (1, true), "{nobody:?}");
    assert!(export(folder.path(), "Nobody Here", &[]).stdout.contains("nothing is stored about Nobody Here"));
    assert_eq!(export(folder.path(), "", &[]).code, 2);
    assert!(!folder.path().join("person.tar").exists());
}

/// Regression test: after `forget`, no log was searched for the person's id. Of two logs of one name, one was lost.
#[test]
fn records_of_somebody_who_was_forgotten_are_found_by_the_id() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(enrolled(), folder.path().join("people.db")).unwrap();
    let id = export(folder.path(), "Joe Biden", &["--json"]).json()["person_id"].as_str().unwrap().to_owned();
    let archive = String::from_utf8_lossy(&fs::read(folder.path().join("person.tar")).unwrap()).into_owned();
    assert_eq!(archive.matches("\"schema\"").count(), 1, "{archive}");
    let forget = said(encoder_tool(["forget", "Joe Biden", "--db", "people.db"]).current_dir(folder.path()));
    assert_eq!(forget.code, 0, "{forget:?}");
    assert!(forget.stdout.contains("passes.toml beside people.csv"), "{forget:?}");
    let line = |utc_ms: u64| format!("{{\"utc_ms\":{utc_ms},\"event\":\"granted\",\"person\":\"{id}\"}}\ntorn\n");
    put(folder.path(), "front/door.jsonl", line(1).as_bytes());
    put(folder.path(), "back/door.jsonl", line(2).as_bytes());
    let logs = ["--log", "front/door.jsonl", "--log", "back/door.jsonl"];
    let exported = export(folder.path(), &id, &[&logs[..], &["--json"]].concat());
    assert_eq!((exported.code, &exported.json()["records"]), (0, &2.into()), "{exported:?}");
    assert_eq!(exported.json()["skipped_lines"], 2, "{exported:?}");
    let archive = String::from_utf8_lossy(&fs::read(folder.path().join("person.tar")).unwrap()).into_owned();
    for part in
        ["log/door.jsonl", "log/door-2.jsonl", "passes.toml, because no folder of photos was given", "2 damaged"]
    {
        assert!(archive.contains(part), "{part} is not in the archive");
    }
    assert!(export(folder.path(), &id, &logs).stdout.contains("2 damaged lines"));
    assert_eq!(export(folder.path(), &id, &[]).code, 1);
}
