//! Cards at the door: from a line of `people.csv` to a door that opens, or not.

use super::super::encoder_tool::{build, made};
use super::running::configuration_with;
use super::{at_the_door, edge_agent, one_file};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tests::{photos, said};

/// Barack Obama must show card and face; for Joe Biden the card is enough; Wim has no photo.
const PEOPLE: &str = "\
name,mode,cards
Barack Obama,card_and_face,123:47726; 0xdeadbeef
Joe Biden,card_or_face,4711
Wim,card,4712
";

pub(super) fn with_cards() -> &'static Path {
    static DATABASE: OnceLock<PathBuf> = OnceLock::new();
    DATABASE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("people with cards");
        fs::remove_dir_all(&folder).ok();
        for photo in ["Barack Obama/official_portrait.jpg", "Joe Biden/blue_room.jpg"] {
            made::put(&folder, photo, &fs::read(photos().join("enrol").join(photo)).unwrap());
        }
        made::put(&folder, "people.csv", PEOPLE.as_bytes());
        let database = folder.join("people.db");
        let built = build(&folder, &database, &[]);
        assert_eq!(built.code, 0, "{built:?}");
        database
    })
}

/// The last frame of an approach, and the exit code.
fn approach(photo: &str, options: &[&str]) -> (Value, i32) {
    let mut command = edge_agent(["simulate", "--json", "--db"]);
    command.arg(with_cards()).arg("--frames").arg(at_the_door(photo)).args(options);
    let said = said(&mut command);
    let code = said.code;
    (said.json_lines().pop().unwrap(), code)
}

#[test]
fn a_card_and_the_face_that_belongs_to_it() {
    const OBAMA: &str = "barack_obama_speaking.jpg";
    let cases = [
        // What is printed on the card, what a USB reader types, and what Wiegand carries, are one number.
        (OBAMA, "--card=123:47726", "grant", Some("card_and_face"), None, Some("Barack Obama")),
        (OBAMA, "--card=0008108654", "grant", Some("card_and_face"), None, Some("Barack Obama")),
        (OBAMA, "--card=3735928559", "grant", Some("card_and_face"), None, Some("Barack Obama")),
        (OBAMA, "-q", "deny", None, Some("card_needed"), Some("Barack Obama")),
        (OBAMA, "--card=8108655", "deny", None, Some("card_not_known"), None),
        ("eileen_collins.jpg", "--card=123:47726", "deny", None, Some("not_card_holder"), Some("Barack Obama")),
        ("wall.jpg", "--card=123:47726", "deny", None, Some("face_needed"), Some("Barack Obama")),
        ("wall.jpg", "--card=4711", "grant", Some("card"), None, Some("Joe Biden")),
        ("wall.jpg", "--card=4712", "grant", Some("card"), None, Some("Wim")),
        (OBAMA, "--card=4712", "grant", Some("card"), None, Some("Wim")),
        ("eileen_collins.jpg", "-q", "deny", None, Some("not_known"), None),
    ];
    for (photo, option, decision, credential, reason, person) in cases {
        let (line, code) = approach(photo, &[option]);
        assert_eq!(line["decision"], decision, "{photo} {option}: {line}");
        assert_eq!(code, if decision == "grant" { 0 } else { 1 });
        assert_eq!(line["door"], if decision == "grant" { "unlocked" } else { "locked" }, "{line}");
        assert_eq!((&line["credential"], &line["reason"]), (&credential.into(), &reason.into()), "{line}");
        assert_eq!(line["person"], Value::from(person), "{line}");
    }
}

#[test]
fn at_a_door_that_asks_everybody_for_a_card() {
    let (_folder, config) = one_file("config.toml", "[policy]\nmode = \"card-and-face\"\n");
    let config = format!("--config={}", config.display());
    let (line, code) = approach("eileen_collins.jpg", &[&config]);
    assert_eq!((code, &line["reason"], &line["person"]), (1, &"card_needed".into(), &Value::Null), "{line}");
    let (line, code) = approach("wall.jpg", &[&config, "--card=4712"]);
    assert_eq!((code, &line["credential"]), (0, &"card".into()), "who has no face enters everywhere by card: {line}");
}

#[test]
fn at_a_door_that_opens_to_cards() {
    let people = "name,mode,cards\nBarack Obama,,7\nWim,,8\n";
    let photo = fs::read(photos().join("enrol/Barack Obama/official_portrait.jpg")).unwrap();
    let folder = made::folder(&[("Barack Obama/1.jpg", &photo), ("people.csv", people.as_bytes())]);
    let database = folder.path().join("people.db");
    let built = build(folder.path(), &database, &[]);
    assert_eq!(built.code, 1, "Wim has no photo, and no mode that says so: {built:?}");
    assert!(built.stdout.contains("enter only where a card alone is enough: Wim (a line in people.csv"), "{built:?}");

    made::put(folder.path(), "config.toml", b"[policy]\nmode = \"card\"\n");
    let config = folder.path().join("config.toml").display().to_string();
    const OBAMA: &str = "barack_obama_speaking.jpg";
    for (door, photo, card, expected) in [
        (Some(&config), OBAMA, Some("7"), "grant"),
        (Some(&config), OBAMA, Some("8"), "grant"),
        (Some(&config), OBAMA, None, "deny"),
        (None, "wall.jpg", Some("8"), "nobody"),
    ] {
        let mut command = edge_agent(["simulate", "--json", "--db"]);
        command.arg(&database).arg("--frames").arg(at_the_door(photo));
        door.map(|config| command.arg("--config").arg(config));
        card.map(|card| command.arg("--card").arg(card));
        let line = said(&mut command).json_lines().pop().unwrap();
        assert_eq!(line["decision"], expected, "{door:?}, {photo}, {card:?}: {line}");
    }
}

#[test]
fn card_grants_are_recorded_without_the_card_number() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    for photo in ["barack_obama_speaking.jpg", "eileen_collins.jpg"] {
        approach(photo, &["--card=123:47726", &format!("--audit={}", log.display())]);
    }
    let log = fs::read_to_string(log).unwrap();
    for expected in ["\"credential\":\"card_and_face\"", "\"reason\":\"not_card_holder\""] {
        assert!(log.contains(expected), "{log}");
    }
    // Whole words: the digits may be in a hash by chance.
    for word in log.split(|character: char| !character.is_ascii_alphanumeric()) {
        assert!(!["47726", "8108654", "7bba6e", "Obama"].contains(&word), "{word}: {log}");
    }
}

#[test]
fn what_is_not_a_card_is_refused() {
    for (number, expected) in [("300:1", "a facility code"), ("0", "it is 0"), ("badge", "it is not a number")] {
        let refused = said(edge_agent(["simulate", "--frames", "a", "--db", "b", "--card"]).arg(number));
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(expected), "{number}: {}", refused.stderr);
    }
}

#[test]
fn people_who_cannot_enter_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration_with(folder.path(), with_cards(), "source = \"rpicam\"");
    let checked = said(edge_agent(["check", "--json", "--config"]).arg(&config)).json();
    let warnings = checked["warnings"].to_string();
    assert!(warnings.contains("2 of the people must present a card, but no [reader] is configured"), "{warnings}");
}

/// Regression test: a grant by card alone did not count for the exit code, and the state of the door was printed before
/// the decision.
#[test]
fn a_script_says_what_happens_in_the_order_of_events() {
    let script = "[[step]]\nat = \"2026-11-30 08:00\"\ncard = \"4712\"\n\
                  [[step]]\nat = \"2026-11-30 08:01\"\nfire-alarm = \"on\"\nclock = \"unknown\"\n\
                  [[step]]\nat = \"2026-11-30 08:02\"\ndoor = \"open\"\n";
    let (folder, script) = one_file("day.toml", script);
    let config = folder.path().join("config.toml");
    fs::write(&config, "[clock]\nzone = \"Europe/Berlin\"\n[policy]\nmode = \"face\"\n").unwrap();
    let run = |json: &[&str]| {
        let mut command = edge_agent(["simulate", "--db"]);
        said(command.arg(with_cards()).arg("--script").arg(&script).arg("--config").arg(&config).args(json))
    };
    let words = run(&[]);
    let expected = "\
2026-11-30 07:59:02  the door is locked
2026-11-30 08:00:00  -: It's Wim's card, welcome in! (not compared): the door is unlocked
2026-11-30 08:00:00  the door is unlocked
2026-11-30 08:00:06  the door is locked
2026-11-30 08:01:00  the door is locked; THE FIRE ALARM IS ON; the clock is not trusted
2026-11-30 08:02:00  the door is locked; it is open; THE FIRE ALARM IS ON; the clock is not trusted
";
    assert_eq!((words.code, &*words.stdout), (0, expected), "{words:?}");
    let lines = run(&["--json"]).json_lines();
    assert_eq!((&lines[1]["decision"], &lines[1]["at"]), (&"grant".into(), &"2026-11-30T07:00:00Z".into()));
    assert_eq!((&lines[4]["fire_alarm"], &lines[4]["clock_trusted"]), (&true.into(), &false.into()), "{lines:?}");
}
