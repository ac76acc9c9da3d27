//! `run`: who is let in, what is recorded, what systemd hears, and that nothing but its end ends a unit.

use super::at_the_door;
use super::running::{RunningUnit, configuration, photos_of};
use std::fs;
use std::process::Command;
use tests::runnable::write_script;
use tests::{program, said};

#[test]
fn an_enrolled_person_is_let_in_and_shutdown_locks_and_is_recorded() {
    for signal in ["-TERM", "-INT"] {
        let mut unit = RunningUnit::start(&photos_of(&at_the_door("barack_obama_speaking.jpg")));
        let status = unit.status_when(|status| status["turns"]["granted"] == 1);
        assert_eq!(status["door"], "unlocked", "{status:#}");
        assert_eq!(unit.stop(signal), 0, "{signal}");
        unit.tells_systemd("STOPPING=1");
        let events = unit.events();
        assert_eq!(events[..3], ["started", "database_loaded", "granted"], "{events:?}");
        assert_eq!(events.last().unwrap(), "stopped", "{events:?}");
    }
}

#[test]
fn a_stranger_and_an_empty_view_leave_the_door_locked() {
    let photos = tempfile::tempdir().unwrap();
    for photo in ["eileen_collins.jpg", "wall.jpg"] {
        fs::copy(at_the_door(photo), photos.path().join(photo)).unwrap();
    }
    let mut unit = RunningUnit::start(&photos_of(photos.path()));
    let seen = |status: &serde_json::Value| {
        let turns = &status["turns"];
        turns["denied"].as_u64() >= Some(2) && turns["nobody"].as_u64() >= Some(2)
    };
    let status = unit.status_when(seen);
    assert_eq!((&status["door"], &status["turns"]["granted"]), (&"locked".into(), &0.into()), "{status:#}");
    assert_eq!(unit.stop("-TERM"), 0);
    assert!(!unit.events().contains(&"granted".to_owned()));
}

/// Every finished turn pings the watchdog, also one that saw nobody.
#[test]
fn systemd_gets_watchdog_pings_and_a_status() {
    let unit = RunningUnit::start(&photos_of(&at_the_door("wall.jpg")));
    unit.tells_systemd("WATCHDOG=1");
    unit.tells_systemd("STATUS=locked; the camera delivers frames");
    unit.tells_systemd("WATCHDOG=1");
}

/// A camera that is not there at the start, comes, goes and comes again: the unit lives, and says how it is.
#[test]
fn losing_the_camera_does_not_stop_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let photos = folder.path().join("photos");
    let mut unit = RunningUnit::start_in(folder, &photos_of(&photos));
    for _ in 0..2 {
        let lost = unit.status_when(|status| status["camera"]["state"] == "lost");
        assert_eq!((&lost["door"], &lost["camera"]["fault"]), (&"locked".into(), &"unusable".into()), "{lost:#}");
        assert_eq!(unit.status("--json").code, 1);
        fs::create_dir(&photos).unwrap();
        fs::copy(at_the_door("wall.jpg"), photos.join("wall.jpg")).unwrap();
        unit.status_when(|status| status["camera"]["state"] == "streaming");
        assert_eq!(unit.status("--json").code, 0);
        fs::remove_dir_all(&photos).unwrap();
    }
    assert_eq!(unit.stop("-TERM"), 0);
    assert!(unit.stderr().contains("the camera is back"), "{}", unit.stderr());
}

#[test]
fn the_unit_waits_for_a_missing_usb_camera() {
    let mut unit = RunningUnit::start("source = \"v4l\"\ndevice = \"/dev/video99\"");
    let lost = unit.status_when(|status| status["camera"]["state"] == "lost");
    assert_eq!(lost["camera"]["fault"], "not_there", "{lost:#}");
    assert_eq!(unit.stop("-TERM"), 0);
    // The number moves when something is plugged in.
    assert!(unit.stderr().contains("/dev/v4l/by-id"), "{}", unit.stderr());
}

/// A missing Pi camera filled the journal with four lines a second.
#[test]
fn a_missing_camera_is_reported_and_recorded_once() {
    let folder = tempfile::tempdir().unwrap();
    let [program, tries] = ["rpicam-vid", "tries"].map(|name| folder.path().join(name));
    let script = format!("echo >> {}\necho \"ERROR: *** failed to acquire camera ***\" >&2\nexit 255", tries.display());
    write_script(&program, &script);
    let camera = format!("source = \"rpicam\"\nrpicam-program = \"{}\"", program.display());
    let mut unit = RunningUnit::start_in(folder, &camera);
    unit.status_when(|status| {
        let tried = fs::read_to_string(&tries).map_or(0, |tries| tries.lines().count());
        tried >= 15 && status["camera"]["state"] == "lost"
    });
    assert_eq!(unit.stop("-TERM"), 0);
    let events = unit.events();
    assert_eq!(events.iter().filter(|event| *event == "part_failed").count(), 1, "{events:?}");
    let said = unit.stderr();
    assert_eq!(said.matches("no camera, the door stays locked").count(), 1, "{said}");
    assert!(said.matches("rpicam-vid: ERROR").count() <= 10, "{said}");
}

#[test]
fn a_unit_that_cannot_start_says_why() {
    let wall = photos_of(&at_the_door("wall.jpg"));
    for (was, is, expected) in [
        ("lock = \"scripted\"", "", &["[door] lock", "help: "][..]),
        ("source = \"files\"", "", &["[camera] source", "help: "]),
        ("source = \"files\"", "source = \"v4l\"", &["camera.device", "by-id"]),
        ("path = ", "path = \"/nowhere/people.db\" # ", &["[database] path", "/nowhere/people.db"]),
        ("[audit]\npath = ", "[audit]\npath = \"/nowhere/audit.jsonl\" # ", &["/nowhere/audit.jsonl"]),
        ("[audit]", "[audits]", &["audits"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = configuration(folder.path(), &wall);
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, text.replacen(was, is, 1)).unwrap();
        // Should it start after all, it is ended.
        let mut command = Command::new("timeout");
        let refused = said(command.arg("60").arg(program("edge-agent")).args(["run", "--config"]).arg(config));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{is}: {refused:?}");
        for expected in expected {
            assert!(refused.stderr.contains(expected), "{is}: {} has no {expected:?}", refused.stderr);
        }
    }
}
