//! `[camera.infrared]`: a unit with photos for both cameras.

use super::at_the_door;
use super::running::{RunningUnit, configuration, photos_of};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tests::said;

const TOGETHER: &str = "{ scale = 1.0, right = 0.0, down = 0.0 }";

/// From Barack Obama's face in his photo to Eileen Collins's in hers.
const TO_HER: &str = "{ scale = 0.4, right = -0.08, down = -0.157 }";

/// The sections `[camera]`, which shows Barack Obama, `[camera.infrared]` and `[liveness]`.
fn cameras(infrared: &Path, seconds: f64, place: &str) -> String {
    let first = photos_of(&at_the_door("barack_obama_speaking.jpg"));
    format!(
        "{first}\n[camera.infrared]\nsource = \"files\"\nfiles = \"{}\"\nfiles-seconds = {seconds}\nplace = {place}\n\
         [liveness]\nrequired = [\"infrared\"]",
        infrared.display()
    )
}

/// Whether the unit refused somebody for this reason.
fn has_refused(status: &Value, reason: &str) -> bool {
    status["decisions"].as_array().unwrap().iter().any(|decision| decision["reason"] == reason)
}

/// The reports of the infrared camera in the log of a unit that has ended.
fn reports(unit: &RunningUnit) -> Vec<Value> {
    let log = fs::read_to_string(unit.file("audit.jsonl")).unwrap();
    let records = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter_map(|record| Some(record["signals"].as_array()?.first()?.clone())).collect()
}

#[test]
fn the_same_person_in_infrared_is_let_in() {
    let mut unit = RunningUnit::start(&cameras(&at_the_door("barack_obama_speaking.jpg"), 1.0, TOGETHER));
    let status = unit.status_when(|status| status["turns"]["granted"] == 1);
    assert_eq!(status["infrared_camera"]["state"], "streaming", "{status:#}");
    assert_eq!(unit.stop("-TERM"), 0);
    let reports = reports(&unit);
    let report = &reports[0];
    assert_eq!((&report["signal"], &report["finding"]), (&"infrared".into(), &"live".into()), "{reports:?}");
    assert!(report["figures"]["distance"].as_f64() < Some(0.1), "{reports:?}");
}

/// An emitter that lights every second frame.
#[test]
fn dark_frames_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(at_the_door("barack_obama_speaking.jpg"), folder.path().join("a.jpg")).unwrap();
    image::RgbImage::new(64, 36).save(folder.path().join("b.png")).unwrap();
    let mut unit = RunningUnit::start(&cameras(folder.path(), 0.0, TOGETHER));
    unit.status_when(|status| status["turns"]["granted"] == 1);
    assert_eq!(unit.stop("-TERM"), 0);
}

#[test]
fn nobody_or_somebody_else_in_infrared_keeps_the_door_shut() {
    for (infrared, place, because) in
        [("wall.jpg", TOGETHER, "no_face"), ("eileen_collins.jpg", TO_HER, "another_person")]
    {
        let mut unit = RunningUnit::start(&cameras(&at_the_door(infrared), 1.0, place));
        let status = unit.status_when(|status| has_refused(status, "not_in_infrared"));
        assert_eq!((&status["door"], &status["turns"]["granted"]), (&"locked".into(), &0.into()), "{status:#}");
        assert_eq!(unit.stop("-TERM"), 0);
        assert!(!unit.events().contains(&"granted".to_owned()));
        let reports = reports(&unit);
        assert!(reports.iter().any(|report| report["because"] == because), "{infrared}: {reports:?}");
    }
}

#[test]
fn a_missing_infrared_camera_keeps_the_door_shut_and_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("infrared");
    let mut unit = RunningUnit::start_in(folder, &cameras(&photos, 1.0, TOGETHER));
    let status = unit.status_when(|status| has_refused(status, "infrared_unsure"));
    assert_eq!(status["infrared_camera"]["state"], "lost", "{status:#}");
    assert_eq!((&status["door"], &status["turns"]["granted"]), (&"locked".into(), &0.into()), "{status:#}");
    assert_eq!(unit.status("--json").code, 1);
    fs::create_dir(&photos).unwrap();
    fs::copy(at_the_door("barack_obama_speaking.jpg"), photos.join("a.jpg")).unwrap();
    unit.status_when(|status| status["turns"]["granted"] == 1);
    assert_eq!(unit.stop("-TERM"), 0);
    assert!(unit.stderr().contains("no infrared camera"), "{}", unit.stderr());
    let log = fs::read_to_string(unit.file("audit.jsonl")).unwrap();
    assert!(log.contains("\"part\":\"infrared_camera\""), "{log}");
}

#[test]
fn doctor_prints_the_place_to_configure() {
    let infrared = at_the_door("barack_obama_speaking.jpg");
    for (place, level) in [(TOGETHER, "good"), ("{ scale = 0.5, right = 0.0, down = 0.0 }", "bad")] {
        let folder = tempfile::tempdir().unwrap();
        let config = configuration(folder.path(), &cameras(&infrared, 1.0, place));
        let diagnosis = said(super::edge_agent(["doctor", "--json", "--config"]).arg(config)).json();
        let findings = diagnosis["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["about"] == "infrared").unwrap();
        assert_eq!(finding["level"], level, "{finding}");
        let remedy = finding["remedy"].as_str().unwrap_or_default();
        assert_eq!(
            remedy.contains("place = { scale = 1.00, right = 0.000, down = 0.000 }"),
            level == "bad",
            "{finding}"
        );
    }
}
