//! A day at the door of an office of forty: people with faces and with cards only, a visitor with a pass, hours, a
//! lockdown, a clock that is lost, and the fire alarm.
//!
//! The faces are those of the Face Research Lab London Set (DeBruine and Jones 2017, CC BY 4.0) beside the project: the
//! neutral one is enrolled, the smiling one comes to the door. Without them the test says so and ends.

use super::super::encoder_tool::{encoder_tool, made};
use super::passes::visitor_with;
use super::{at_the_door, edge_agent};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::said;

/// The day: a Monday, far enough away that no date on it has passed. Local time is UTC.
const DAY: &str = "2099-11-30";
/// People with a face. The first of them must be forgotten by now.
const WITH_FACE: usize = 35;
/// People with a card and no face.
const CARD_ONLY: usize = 5;

const SCHEDULES: &str = r#"
[[schedule]]
name = "interns"
groups = ["interns"]
hours = ["mon-fri 09:00-17:00"]

[[door]]
name = "night"
mode = "card-and-face"
hours = ["18:00-08:00"]

[[door]]
name = "reception"
mode = "free"
after-first-of = "staff"
hours = ["mon-fri 09:00-17:00"]
"#;

/// The configuration of the unit, whose files are in this folder.
fn configuration(folder: &str) -> String {
    format!(
        "[clock]\nzone = \"UTC\"\n[policy]\nmode = \"face\"\n[door]\nlock = \"scripted\"\npasses = true\n\
         [database]\nidentity = \"{folder}/device.key\"\n[audit]\npath = \"{folder}/log\"\nkey = \"{folder}/audit.key\"\n"
    )
}

/// What somebody shows at the door.
#[derive(Clone, Copy)]
enum Shows {
    /// The face of this person, 1 to [`WITH_FACE`].
    Face(usize),
    /// This person's face and card.
    CardAndFace(usize),
    /// The card of one of the people without a face, 1 to [`CARD_ONLY`].
    Card(usize),
    /// A visitor's pass of two uses.
    Pass,
    /// Nobody who is enrolled.
    Stranger,
}
use Shows::{Card, CardAndFace, Face, Pass, Stranger};

/// `None` if the unit lets the person in, the reason if not; `Some("nobody")` if it does not care.
type Expected = Option<&'static str>;

/// Who comes when, and what must follow.
const VISITS: [(&str, Shows, Expected); 37] = [
    ("07:30", Face(2), Some("card_needed")),
    ("07:31", CardAndFace(2), None),
    ("07:32", Card(1), None),
    ("07:33", Stranger, Some("card_needed")),
    ("08:00", Face(2), None),
    ("08:01", Face(1), Some("not_known")),
    ("08:02", Face(3), None),
    ("08:03", CardAndFace(1), Some("card_not_known")),
    ("08:10", Face(4), None),
    ("08:11", Stranger, Some("not_known")),
    ("08:12", Card(2), None),
    ("08:20", Face(31), Some("outside_hours")),
    ("09:01", Face(31), None),
    ("09:05", Face(5), None),
    ("09:30", Stranger, Some("nobody")),
    ("10:00", Card(3), None),
    ("10:01", Face(6), None),
    ("12:04", Pass, Some("locked_down")),
    ("12:05", Face(7), Some("locked_down")),
    ("12:06", Face(35), None),
    ("12:07", Card(3), Some("locked_down")),
    ("12:08", CardAndFace(8), Some("locked_down")),
    ("12:31", Face(31), None),
    ("12:35", Face(9), None),
    ("13:04", Pass, Some("clock_unknown")),
    ("13:05", Face(10), Some("card_needed")),
    ("13:06", CardAndFace(10), None),
    ("13:07", Card(4), None),
    ("13:08", CardAndFace(31), Some("clock_unknown")),
    ("13:31", Face(11), None),
    ("17:10", Face(31), Some("outside_hours")),
    ("17:11", Face(12), None),
    ("17:20", Pass, None),
    ("17:25", Pass, None),
    ("17:30", Pass, Some("pass_used_up")),
    ("18:05", Face(12), Some("card_needed")),
    ("18:06", Card(5), None),
];

/// What else happens.
const EVENTS: [(&str, &str); 8] = [
    ("12:00", "lockdown = \"on\"\nadmit = \"wardens\""),
    ("12:30", "lockdown = \"off\""),
    ("13:00", "clock = \"unknown\""),
    ("13:30", "clock = \"trusted\""),
    ("14:00", "fire-alarm = \"on\""),
    ("14:01", "door = \"open\""),
    ("14:10", "door = \"closed\""),
    ("14:12", "fire-alarm = \"off\""),
];

/// When the door is held open: it begins with the first of the staff in its hours, and again after each interruption.
const HELD_OPEN: [(&str, &str); 3] = [("09:05", "12:00"), ("12:35", "13:00"), ("13:31", "17:00")];
const LOCKED_DOWN: [(&str, &str); 1] = [("12:00", "12:30")];

fn minute(time: &str) -> usize {
    let (hour, minute) = time.split_once(':').unwrap();
    hour.parse::<usize>().unwrap() * 60 + minute.parse::<usize>().unwrap()
}

fn is_in(minute_of_day: usize, ranges: &[(&str, &str)]) -> bool {
    ranges.iter().any(|(from, until)| (minute(from)..minute(until)).contains(&minute_of_day))
}

fn name(number: usize) -> String {
    format!("Person {number:03}")
}

fn groups_of(number: usize) -> &'static str {
    match number {
        31 | 32 => "interns",
        35 => "staff;wardens",
        _ => "staff",
    }
}

/// The photo of a person, neutral or smiling; `None` without the photos.
fn photo(number: usize, expression: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/london/images");
    let mut people: Vec<PathBuf> = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    people.sort();
    let photos = fs::read_dir(&people[number]).unwrap().map(|entry| entry.unwrap().path());
    photos.filter(|path| path.file_name().unwrap().to_string_lossy().contains(expression)).max()
}

/// The office's folder, database and configuration.
fn office() -> Option<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let mut people = "name,groups,mode,cards,basis,keep_until\n".to_owned();
    for number in 1..=WITH_FACE {
        let photo = fs::read(photo(number, "neutral")?).unwrap();
        made::put(folder.path(), &format!("people/{}/a.jpg", name(number)), &photo);
        let keep_until = if number == 1 { "2020-11-20" } else { "2120-11-30" };
        writeln!(people, "{},{},,{},contract,{keep_until}", name(number), groups_of(number), 2000 + number).unwrap();
    }
    for number in 1..=CARD_ONLY {
        writeln!(people, "Card {number},staff,card,{},contract,", 1000 + number).unwrap();
    }
    made::put(folder.path(), "people/people.csv", people.as_bytes());
    made::put(folder.path(), "people/schedules.toml", SCHEDULES.as_bytes());
    let text = configuration(&folder.path().display().to_string());
    made::put(folder.path(), "config.toml", text.as_bytes());
    issue_a_pass(folder.path());
    let built = said(
        encoder_tool(["build-db", "--json", "-o"])
            .arg(folder.path().join("people.db"))
            .arg(folder.path().join("people"))
            .args(["--for", "all"]),
    );
    let report = built.json();
    let left_out: Vec<&str> =
        report["not_enrolled"].as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap()).collect();
    assert_eq!((built.code, left_out), (1, vec!["Person 001"]), "{built:?}");
    Some(folder)
}

/// A pass of two uses for that day at this door; the visitor's picture is `visitor.png`.
fn issue_a_pass(folder: &Path) {
    let at = |name: &str| folder.join(name);
    for made in [
        said(encoder_tool(["pass", "keygen", "--dir"]).arg(at("keys"))),
        said(edge_agent(["keygen", "--config"]).arg(at("config.toml"))),
    ] {
        assert_eq!(made.code, 0, "{made:?}");
    }
    let mut issue = encoder_tool(["pass", "issue", "--json", "--name", "Vera Visitor", "--from", DAY, "--to", DAY]);
    issue.args(["--uses", "2", "--photos"]).arg(at("people")).arg("--door").arg(at("device.key.pub"));
    let issued = said(issue.arg("--key").arg(at("keys/pass.key")).arg("-o").arg(at("pass.png")));
    assert_eq!(issued.code, 0, "{issued:?}");
    visitor_with(issued.json()["text"].as_str().unwrap()).save(at("visitor.png")).unwrap();
}

fn script() -> String {
    let visits = VISITS.iter().map(|(at, shows, _)| {
        let face = |number: usize| format!("show = {:?}\n", photo(number, "smiling").unwrap().display().to_string());
        let shows = match shows {
            Face(number) => face(*number),
            CardAndFace(number) => face(*number) + &format!("card = \"{}\"\n", 2000 + number),
            Card(number) => format!("card = \"{}\"\n", 1000 + number),
            Pass => "show = \"visitor.png\"\n".to_owned(),
            Stranger => format!("show = {:?}\n", at_the_door("eileen_collins.jpg").display().to_string()),
        };
        (minute(at), shows)
    });
    let mut steps: Vec<(usize, String)> =
        visits.chain(EVENTS.iter().map(|(at, what)| (minute(at), format!("{what}\n")))).collect();
    steps.sort_by_key(|(minute, _)| *minute);
    let step = |(minute, what): &(usize, String)| {
        format!("[[step]]\nat = \"{DAY} {:02}:{:02}\"\n{what}\n", minute / 60, minute % 60)
    };
    steps.iter().map(step).collect()
}

/// What the office manager reads in the evening.
fn the_log_is_reported(log: &Path, database: &Path) {
    let ask = |arguments: &[&str]| {
        let mut command = edge_agent(["audit"]);
        command.args(arguments).arg("--log").arg(log).arg("--names").arg(database).args(["--config", "none"]);
        said(command.env("TZ", "UTC"))
    };
    let came = |shows: &Shows| match shows {
        Face(number) | CardAndFace(number) => Some(name(*number)),
        Card(number) => Some(format!("Card {number}")),
        Pass | Stranger => None,
    };
    let let_in = || VISITS.iter().filter(|(_, _, expected)| expected.is_none());
    let mut people: Vec<String> = let_in().filter_map(|(_, shows, _)| came(shows)).collect();
    people.sort();
    people.dedup();

    let report = ask(&["report", "--day", DAY, "--json"]).json();
    let mut reported: Vec<&str> =
        report["people"].as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap()).collect();
    reported.sort_unstable();
    assert_eq!(reported, people, "{report:#}");
    let entries: u64 =
        report["people"].as_array().unwrap().iter().map(|person| person["entries"].as_u64().unwrap()).sum();
    assert_eq!(entries, let_in().filter(|(_, shows, _)| came(shows).is_some()).count() as u64);
    let first = &report["people"][0];
    assert_eq!(
        (first["name"].as_str(), &first["first_in"].as_str().unwrap()[..16]),
        (Some("Person 002"), "2099-11-30T07:31")
    );
    let refused = |reason: &str| {
        let found = report["refusals"].as_array().unwrap().iter().find(|counted| counted["what"] == reason).cloned();
        found.map_or(0, |counted| counted["count"].as_u64().unwrap())
    };
    for reason in ["locked_down", "outside_hours", "card_needed", "clock_unknown", "pass_used_up"] {
        let expected = VISITS.iter().filter(|(_, _, why)| *why == Some(reason)).count() as u64;
        assert_eq!(refused(reason), expected, "{reason}: {report:#}");
    }
    let row = |person: &Value| {
        let text = |key: &str| person[key].as_str().unwrap().to_owned();
        let time = |key: &str| text(key).replace('T', " ").replace('Z', "");
        let (name, id, entries, refusals) = (text("name"), text("person_id"), &person["entries"], &person["refusals"]);
        format!("{name},{id},{},{},{entries},{refusals}\n", time("first_in"), time("last_seen"))
    };
    let rows: String = report["people"].as_array().unwrap().iter().map(row).collect();
    let csv = ask(&["report", "--week", DAY, "--csv"]).stdout;
    assert_eq!(csv, format!("name,person_id,first_in,last_seen,entries,refusals\n{rows}"));
    let visits = let_in().filter(|(_, shows, _)| matches!(shows, Pass)).count();
    assert_eq!(report["visitor_entries"], visits, "{report:#}");
    assert_eq!(ask(&["report", "--day", "2099-12-01"]).code, 1);

    let present = ask(&["present", "--at", "2099-11-30T12:00", "--json"]);
    assert_eq!((present.code, &present.json()["knows_who_left"]), (0, &Value::from(false)), "{present:?}");
    let before_noon = let_in().filter(|(time, ..)| minute(time) < minute("12:00"));
    let mut inside: Vec<String> = before_noon.filter_map(|(_, shows, _)| came(shows)).collect();
    inside.sort();
    inside.dedup();
    assert_eq!(present.json()["people"].as_array().unwrap().len(), inside.len(), "{present:?}");
}

/// Person 002 came four times: their archive has all of it and nobody else.
fn a_person_asks_for_their_data(folder: &Path) {
    let at = |name: &str| folder.join(name);
    let export = |person: &str, archive: &str| {
        let mut command = encoder_tool(["people", "export", person, "--json", "--db"]);
        command.arg(at("people.db")).arg("--photos").arg(at("people")).arg("--log").arg(at("audit.jsonl"));
        said(command.arg("-o").arg(at(archive)))
    };
    let exported = export("person 002", "two.tar");
    let records = VISITS.iter().filter(|(_, shows, _)| matches!(shows, Face(2) | CardAndFace(2))).count();
    let report = exported.json();
    assert_eq!((exported.code, &report["encodings"], &report["photos"]), (0, &1.into(), &1.into()), "{exported:?}");
    // Also as the runner-up of others.
    assert!(report["records"].as_u64().unwrap() >= records as u64, "{exported:?}");
    let archive = String::from_utf8_lossy(&fs::read(at("two.tar")).unwrap()).into_owned();
    for part in ["README.txt", "database.json", "people.csv", "photos/a.jpg", "log/audit.jsonl", "Person 002", "2002"] {
        assert!(archive.contains(part), "{part} is not in the archive");
    }
    assert!(!archive.contains("Person 003") && !archive.contains("2003"));
    let id = report["person_id"].as_str().unwrap();
    let others = archive.match_indices("\"person\":\"").filter(|(place, _)| !archive[place + 10..].starts_with(id));
    assert_eq!(others.count(), 0, "an id of somebody else");
    assert_eq!(export("Nobody Here", "none.tar").code, 1);

    let mut due = encoder_tool(["people", "due", "--json", "--at", DAY]);
    let due = said(due.arg(at("people")));
    assert_eq!((due.code, due.json()["people"].as_array().unwrap().len()), (0, 1), "{due:?}");
    assert_eq!(due.json()["people"][0]["name"], "Person 001");
}

/// The minute of the day of a line.
fn minute_of(line: &Value) -> usize {
    let at = line["at"].as_str().unwrap();
    minute(&at[11..16])
}

#[test]
fn a_day_of_an_office() {
    let Some(folder) = office() else {
        eprintln!("skipped: the photos in ../shared/london are missing");
        return;
    };
    let at = |name: &str| folder.path().join(name);
    fs::write(at("day.toml"), script()).unwrap();
    let mut simulate = edge_agent(["simulate", "--json", "--script"]);
    simulate.arg(at("day.toml")).arg("--db").arg(at("people.db")).arg("--config").arg(at("config.toml"));
    let lines = said(simulate.arg("--audit").arg(at("audit.jsonl"))).json_lines();

    let decided: Vec<&Value> = lines.iter().filter(|line| line.get("decision").is_some()).collect();
    assert_eq!(decided.len(), VISITS.len());
    for ((time, _, expected), line) in VISITS.iter().zip(decided) {
        let said = match line["decision"].as_str().unwrap() {
            "grant" => None,
            "deny" => line["reason"].as_str(),
            other => Some(other),
        };
        assert_eq!(said, *expected, "{time}: {line}");
    }

    let doors: Vec<&Value> = lines.iter().filter(|line| line.get("held_open").is_some()).collect();
    for minute_of_day in minute("07:29")..minute("18:07") {
        // The last state in this minute, because a step takes some seconds.
        let state = doors.iter().rfind(|line| minute_of(line) <= minute_of_day).unwrap();
        let time = format!("{:02}:{:02}: {state}", minute_of_day / 60, minute_of_day % 60);
        let is_held_open = is_in(minute_of_day, &HELD_OPEN);
        assert_eq!(state["held_open"].is_string(), is_held_open, "{time}");
        assert_eq!(state["locked_down"], is_in(minute_of_day, &LOCKED_DOWN), "{time}");
        if is_held_open {
            assert_eq!(state["door"], "unlocked", "{time}");
        }
    }

    let log = fs::read_to_string(at("audit.jsonl")).unwrap();
    let events: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    let count = |event: &str| events.iter().filter(|found| *found == event).count();
    let counted =
        ["held_open", "hold_ended", "lockdown_began", "lockdown_ended", "fire_alarm_on", "door_forced", "door_held"];
    assert_eq!(counted.map(count), [3, 3, 1, 1, 1, 0, 0], "{events:?}");
    let let_in = VISITS.iter().filter(|(_, _, expected)| expected.is_none());
    let visitors = let_in.clone().filter(|(_, shows, _)| matches!(shows, Pass)).count();
    assert_eq!((count("granted"), count("pass_granted")), (let_in.count() - visitors, visitors));
    the_log_is_reported(&at("audit.jsonl"), &at("people.db"));
    a_person_asks_for_their_data(folder.path());
    let (known, forgotten) = (log.contains("held_open"), fs::read(at("people.db")).unwrap());
    assert!(
        known && !forgotten.windows(10).any(|bytes| bytes == b"Person 001"),
        "whose time is up is not in the database"
    );
}
