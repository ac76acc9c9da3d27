//! An OSDP reader that others wrote, from pairing to a door that opens to its cards.

mod foreign_reader;

use super::cards::with_cards;
use super::running::{RunningUnit, configuration_with, photos_of};
use super::{at_the_door, edge_agent};
pub(crate) use foreign_reader::{ForeignReader, h10301};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;
use tests::{Said, said};

/// The card of Wim, who has no face.
pub(crate) const CARD: u32 = 4712;
pub(crate) const KEY: &str = "5af3091c2be87d4460a1f7932cdd158e";

/// A folder with the configuration of a unit with this reader. Its key is `key`, unless it is empty.
pub(crate) fn configured(reader: &ForeignReader, key: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    fs::copy(with_cards(), &database).unwrap();
    let config = configuration_with(folder.path(), &database, &photos_of(&at_the_door("wall.jpg")));
    let mut config = OpenOptions::new().append(true).open(config).unwrap();
    let (device, key_file) = (reader.device(), folder.path().join("reader.key"));
    write!(config, "[reader]\nkind = \"osdp\"\ndevice = {device:?}\nkey-file = {key_file:?}\n").unwrap();
    if !key.is_empty() {
        write_key(&key_file, key);
    }
    folder
}

fn write_key(path: &Path, key: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true).mode(0o600).open(path).unwrap().write_all(key.as_bytes()).unwrap();
}

fn pair(folder: &TempDir, options: &[&str]) -> Said {
    let mut command = edge_agent(["reader", "pair", "--config"]);
    said(command.arg(folder.path().join("config.toml")).args(options))
}

pub(crate) fn is_granted(status: &Value) -> bool {
    status["door"] == "unlocked"
}

pub(crate) fn log(unit: &RunningUnit) -> String {
    fs::read_to_string(unit.file("audit.jsonl")).unwrap()
}

pub(crate) fn entries(unit: &RunningUnit) -> usize {
    log(unit).matches("\"granted\"").count()
}

/// The codes of failures of the reader, `works` when it works again.
fn records(unit: &RunningUnit) -> Vec<String> {
    let log = log(unit);
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_reader = events.filter(|event| event["part"] == "reader");
    of_reader.map(|event| event["failed_because"].as_str().unwrap_or("works").to_owned()).collect()
}

pub(crate) fn state(expected: &str) -> impl Fn(&Value) -> bool {
    move |status| status["reader"]["state"] == expected
}

#[test]
fn a_new_reader_is_paired_and_its_cards_open_the_door() {
    let mut reader = ForeignReader::start("-");
    let folder = configured(&reader, "");
    let key_file = folder.path().join("reader.key");
    let paired = pair(&folder, &["--json"]);
    assert_eq!((paired.code, &paired.json()["carried_by"]), (0, &"default_key".into()), "{paired:?}");
    let key = fs::read_to_string(&key_file).unwrap();
    reader.says(key.trim());
    let again = pair(&folder, &[]);
    assert!(again.code == 0 && again.stdout.contains("was paired already"), "{again:?}");

    let unit = RunningUnit::start_configured(folder);
    reader.says("channel open");
    unit.status_when(state("there"));
    reader.does(&format!("card {}", h10301(CARD)));
    unit.status_when(is_granted);
    let log = log(&unit);
    assert!(log.contains("\"credential\":\"card\"") && !log.contains("4712"), "{log}");
    reader.says("\"on_color\": \"2\"");

    let folder = unit.into_folder();
    let renewed = pair(&folder, &["--new-key"]);
    assert_eq!(renewed.code, 0, "{renewed:?}");
    let newer = fs::read_to_string(&key_file).unwrap();
    assert_ne!(newer, key);
    reader.says(newer.trim());
}

#[test]
fn a_reader_with_another_key_is_not_heard_nor_paired() {
    let mut reader = ForeignReader::start(KEY);
    let folder = configured(&reader, &"a7".repeat(16));
    for (options, help) in
        [(&[][..], "--new-reader"), (&["--new-key"], "--new-reader"), (&["--new-reader"], "factory settings")]
    {
        let refused = pair(&folder, options);
        assert!(refused.code == 2 && refused.stderr.contains(help), "{refused:?}");
    }
    let mut unit = RunningUnit::start_configured(folder);
    reader.does(&format!("card {}", h10301(CARD)));
    let status = unit.status_when(|_| !records(&unit).is_empty());
    assert_eq!(status["door"], "locked");
    assert_eq!(unit.stop("-TERM"), 0);
    assert!(records(&unit).contains(&"wrong_key".to_owned()), "{:?}", records(&unit));
}

#[test]
fn what_is_repeated_on_the_line_is_not_heard() {
    let mut reader = ForeignReader::start(KEY);
    let unit = RunningUnit::start_configured(configured(&reader, KEY));
    unit.status_when(state("there"));
    reader.does(&format!("card {}", h10301(CARD)));
    unit.status_when(is_granted);
    let before = entries(&unit);
    reader.does("replay 1");
    unit.status_when(state("lost"));
    assert_eq!(entries(&unit), before);
    reader.does("replay 0");
    unit.status_when(state("there"));
    reader.does(&format!("card {}", h10301(CARD)));
    unit.status_when(|_| entries(&unit) > before);
}

#[test]
fn a_reader_that_is_unplugged_or_opened_is_recorded_and_comes_back() {
    let mut reader = ForeignReader::start(KEY);
    let unit = RunningUnit::start_configured(configured(&reader, KEY));
    unit.status_when(state("there"));
    reader.does("unplug");
    unit.status_when(state("lost"));
    reader.does("plug");
    unit.status_when(state("there"));
    reader.does("tamper 1");
    unit.status_when(state("case_open"));
    reader.does("tamper 0");
    unit.status_when(state("there"));
    reader.does(&format!("card {}", h10301(CARD)));
    unit.status_when(is_granted);
    let records = records(&unit);
    assert!(records.iter().any(|code| code == "unplugged" || code == "not_there"), "{records:?}");
    assert!(records.ends_with(&["tamper".to_owned(), "works".to_owned()]), "{records:?}");
}

/// A flipped bit in every twentieth packet: some cards are read once, others not at all, and none as another one.
#[test]
fn noise_makes_no_other_card() {
    let mut reader = ForeignReader::start(KEY);
    let unit = RunningUnit::start_configured(configured(&reader, KEY));
    reader.does("noise 20");
    let mut presented = 0;
    while entries(&unit) < 10 {
        unit.status_when(state("there"));
        reader.does(&format!("card {}", h10301(CARD)));
        presented += 1;
        assert!(presented < 1000, "{}", log(&unit));
    }
    assert!(!log(&unit).contains("\"refused\""), "{}", log(&unit));
}
