//! The drill: approaches at a door whose lock does not move, a signed report, and what becomes of it.

use super::running::{RunningUnit, configuration, photos_of};
use super::{at_the_door, edge_agent};
use crate::encoder_tool::encoder_tool;
use serde_json::Value;
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;
use tests::{Said, said};

/// A unit that looks at this photo.
fn door(photo: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    configuration(folder.path(), &photos_of(&at_the_door(photo)));
    folder
}

/// Drills with these answers of the installer.
fn drill(folder: &Path, answers: &str, options: &[&str]) -> Said {
    let typed = folder.join("answers");
    fs::write(&typed, answers).unwrap();
    let mut command = edge_agent(["drill", "--instrument", "print", "--seconds", "4"]);
    command.args(options).arg("--config").arg(folder.join("config.toml"));
    let output = command.stdin(File::open(typed).unwrap()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn show(folder: &Path, options: &[&str]) -> Said {
    said(encoder_tool(["drill-report"]).arg(folder.join("drill.json")).args(options).arg("--json"))
}

#[test]
fn a_photo_before_the_camera_is_counted_and_the_report_is_signed() {
    let folder = door("barack_obama_speaking.jpg");
    let drilled = drill(folder.path(), "\n\n", &["--people", "1", "--attacks", "1"]);
    assert_eq!(drilled.code, 1, "a photo was let in, and the door asks for nothing else: {drilled:?}");
    assert!(drilled.stdout.contains("print          let in (IAPAR): 1 of 1"), "{}", drilled.stdout);
    assert!(!drilled.stderr.contains("the scripted lock is unlocked"), "{}", drilled.stderr);

    let key = folder.path().join("audit.key.pub").display().to_string();
    let page = folder.path().join("drill.html").display().to_string();
    let shown = show(folder.path(), &["--key", &key, "--html", &page]);
    let report = shown.json();
    assert_eq!((shown.code, &report["is_of_unit"]), (1, &Value::from(true)), "{report}");
    assert_eq!(report["report"]["attacks"]["print"]["let_in"], 1);
    assert!(fs::read_to_string(page).unwrap().contains("1 of 1, 100.0 %"));

    let path = folder.path().join("drill.json");
    let changed = fs::read_to_string(&path).unwrap().replace("\"let_in\":1", "\"let_in\":0");
    fs::write(&path, changed).unwrap();
    let refused = show(folder.path(), &[]);
    assert!(refused.code == 2 && refused.stderr.contains("its signature is wrong"), "{refused:?}");
}

#[test]
fn the_status_shows_the_last_drill_and_what_has_changed_since() {
    let folder = door("wall.jpg");
    let drilled = drill(folder.path(), "\n\n", &["--people", "1", "--attacks", "1"]);
    assert_eq!(drilled.code, 0, "{drilled:?}");
    let unit = RunningUnit::start_configured(folder);
    assert!(status(&unit).contains("0 of 1 attacks"), "{}", status(&unit));
    let folder = unit.into_folder();
    let config = folder.path().join("config.toml");
    let text = fs::read_to_string(&config).unwrap() + "margin = 0.06\n";
    fs::write(&config, text).unwrap();
    let unit = RunningUnit::start_configured(folder);
    assert!(status(&unit).contains("REPEAT IT: the configuration changed since"), "{}", status(&unit));
}

/// The status on one line.
fn status(unit: &RunningUnit) -> String {
    let status = said(edge_agent(["status", "--config"]).arg(unit.file("config.toml"))).stdout;
    status.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A drill must not judge the door beside a unit that uses the same camera.
#[test]
fn a_drill_beside_a_running_unit_is_refused() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    let refused = drill(unit.file("config.toml").parent().unwrap(), "\n", &[]);
    assert!(refused.code == 2 && refused.stderr.contains("a unit runs already"), "{refused:?}");
}
