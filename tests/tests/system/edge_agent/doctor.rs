//! `doctor`: runs on any computer, and has a remedy for whatever it finds.

use super::running::{configuration, photos_of};
use super::{at_the_door, edge_agent};
use serde_json::Value;
use std::fs;
use tests::{Said, said};

/// The findings about something, each with a remedy unless it is good.
fn findings<'a>(diagnosis: &'a Value, about: &str) -> Vec<&'a Value> {
    let all = diagnosis["findings"].as_array().unwrap();
    for finding in all {
        let is_told = finding["level"] == "good" || finding["remedy"].is_string();
        assert!(is_told && finding["found"].is_string(), "{finding}");
    }
    all.iter().filter(|finding| finding["about"] == about).collect()
}

fn examined(camera: &str) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(folder.path(), camera);
    said(edge_agent(["doctor", "--json", "--config"]).arg(config))
}

#[test]
fn a_face_before_the_camera_is_found_and_measured() {
    for (photo, faces) in [("barack_obama_speaking.jpg", 1), ("wall.jpg", 0)] {
        let examined = examined(&photos_of(&at_the_door(photo)));
        assert!(examined.code == 0 || examined.code == 1, "{examined:?}");
        let diagnosis = examined.json();
        let picture = &diagnosis["picture"];
        assert_eq!(picture["faces"], faces, "{diagnosis:#}");
        assert_eq!(picture["largest_face"].as_f64() > Some(40.0), faces == 1, "{picture}");
        assert!(picture["brightness"].as_f64() > Some(20.0), "{picture}");
        // Of the face, not of the whole picture: a sharp wall behind a blurred face proves nothing.
        assert_eq!(picture["sharpness"].is_number(), faces == 1, "{picture}");
        assert_eq!(picture["turn"], if faces == 1 { Value::from(0) } else { Value::Null }, "{picture}");
        for about in ["configuration", "picture", "clock", "storage", "power"] {
            assert!(!findings(&diagnosis, about).is_empty(), "{about}: {diagnosis:#}");
        }
    }
}

#[test]
fn a_camera_that_gives_no_picture_is_bad() {
    let examined = examined("source = \"v4l\"\ndevice = \"/nowhere/camera\"");
    assert_eq!(examined.code, 1, "{examined:?}");
    let diagnosis = examined.json();
    assert_eq!(diagnosis["picture"], Value::Null);
    let found = findings(&diagnosis, "picture");
    assert_eq!(found[0]["level"], "bad", "{diagnosis:#}");
    assert!(found[0]["found"].as_str().unwrap().contains("/nowhere/camera"), "{diagnosis:#}");
}

#[test]
fn doctor_examines_the_computer_without_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let examine = || said(edge_agent(["doctor", "--config"]).arg(&config));
    let missing = examine();
    assert!(missing.stdout.contains("note  configuration"), "{missing:?}");
    fs::write(&config, "[camera]\nwidht = 3\n").unwrap();
    let broken = examine();
    assert_eq!(broken.code, 1, "{broken:?}");
    assert!(broken.stdout.contains("BAD   configuration") && broken.stdout.contains("widht"), "{broken:?}");
    assert!(broken.stdout.contains("storage"), "{broken:?}");
}
