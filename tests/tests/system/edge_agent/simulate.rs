//! `simulate`: who is let in, what is said about it, and what is recorded.

use super::super::encoder_tool::{encoder_tool, enrolled};
use super::{at_the_door, edge_agent, one_file, simulate};
use serde_json::Value;
use std::fs;
use tests::{photos, said};

fn decisions(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["decision"].as_str().unwrap()).collect()
}

#[test]
fn somebody_enrolled_is_let_in_once_enough_frames_agree() {
    let let_in = said(simulate(&at_the_door("barack_obama_speaking.jpg")).arg("--json"));
    assert_eq!(let_in.code, 0, "{let_in:?}");
    let lines = let_in.json_lines();
    assert_eq!(decisions(&lines), ["deny", "deny", "grant"]);
    for (line, reason, door) in [(&lines[0], Value::from("deciding"), "locked"), (&lines[2], Value::Null, "unlocked")] {
        assert_eq!((&line["frame"], &line["person"]), (&"barack_obama_speaking.jpg".into(), &"Barack Obama".into()));
        assert_eq!((&line["reason"], &line["door"]), (&reason, &door.into()));
        assert!(line["distance"].as_f64() < line["threshold"].as_f64(), "{line}");
        assert_eq!(line["runner_up"]["name"], "Joe Biden");
        for stage in ["detect", "align", "encode", "match", "total"] {
            assert!(line["ms"][stage].as_f64() > Some(0.0), "{line}");
        }
    }
}

#[test]
fn a_stranger_and_an_empty_frame_leave_the_door_locked() {
    for (photo, decision, reason, distance) in
        [("eileen_collins.jpg", "deny", Value::from("not_known"), true), ("wall.jpg", "nobody", Value::Null, false)]
    {
        let refused = said(simulate(&at_the_door(photo)).arg("--json"));
        assert_eq!(refused.code, 1, "{refused:?}");
        let lines = refused.json_lines();
        assert!(!lines.is_empty());
        for line in lines {
            assert_eq!((&line["decision"], &line["reason"]), (&decision.into(), &reason), "{line}");
            assert_eq!((&line["door"], &line["person"]), (&"locked".into(), &Value::Null), "{line}");
            assert_eq!(line["distance"].is_f64(), distance, "{line}");
        }
    }
}

#[test]
fn a_folder_is_one_approach_after_the_other_and_the_door_locks_in_between() {
    let shown = said(simulate(&photos().join("door")).arg("--json"));
    assert_eq!(shown.code, 0, "{shown:?}");
    let lines = shown.json_lines();
    let unlocked: Vec<&Value> = lines.iter().filter(|line| line["door"] == "unlocked").collect();
    assert_eq!(unlocked.len(), 1, "{unlocked:?}");
    assert_eq!(unlocked[0]["decision"], "grant");
    let words = said(&mut simulate(&photos().join("door"))).stdout;
    for expected in [
        "It's Barack Obama, welcome in! (distance 0.",
        "no enrolled person looks enough like this face",
        "There is nobody",
    ] {
        assert!(words.contains(expected), "{words}");
    }
}

/// The first complaint about every face-recognition door: a photo opens it. A unit that moves a lock asks for a card as
/// well, until a signal is required or its owner accepts that.
#[test]
fn a_photo_alone_opens_no_lock() {
    let lock = "[database]\nunsigned = \"accepted\"\n[door]\nlock = \"gpio\"\npin = 17\nlocked-level = \"low\"\n";
    let policy = "[policy]\nmode = \"face\"\n";
    for (rest, code, reason) in [
        ("", 1, Some("card_needed")),
        (policy, 1, Some("card_needed")),
        ("[policy]\nmode = \"face\"\nface-alone = \"accepted\"\n", 0, None),
        ("[policy]\nmode = \"face\"\n[liveness]\nrequired = [\"head-turn\"]\n", 1, Some("turn")),
    ] {
        let (_folder, config) = one_file("config.toml", format!("{lock}{rest}"));
        let shown = said(simulate(&at_the_door("barack_obama_speaking.jpg")).arg("--json").arg("--config").arg(config));
        let last = shown.json_lines().pop().unwrap();
        assert_eq!(shown.code, code, "{rest}: {last}");
        let said = last["reason"].as_str();
        assert!(said.zip(reason).is_none_or(|(said, reason)| said.starts_with(reason)), "{rest}: {last}");
        assert_eq!(said.is_some(), reason.is_some(), "{rest}: {last}");
    }
}

/// A grant unlocks for the configured time and no longer, also when no frame comes any more: here the photo is shown
/// frame by frame, and then the view is empty.
#[test]
fn in_a_sequence_the_door_is_unlocked_for_its_time() {
    let frames = tempfile::tempdir().unwrap();
    for number in 0..12 {
        let photo = if number < 3 { "barack_obama_speaking.jpg" } else { "wall.jpg" };
        fs::copy(at_the_door(photo), frames.path().join(format!("{number:02}.jpg"))).unwrap();
    }
    let (_folder, config) = one_file("config.toml", "[door]\nunlock-seconds = 0.5\n[policy]\nmode = \"face\"\n");
    let shown = said(simulate(frames.path()).args(["--sequence", "--fps", "10", "--json", "--config"]).arg(config));
    let doors: Vec<bool> = shown.json_lines().iter().map(|line| line["door"] == "unlocked").collect();
    // Unlocked at the third frame, 0.2 s after the first, until 0.7 s.
    let expected: Vec<bool> = (0..12).map(|number| (2..7).contains(&number)).collect();
    assert_eq!(doors, expected);
}

#[test]
fn in_real_time_a_separate_thread_locks_the_door() {
    let (_folder, config) = one_file("config.toml", "[door]\nunlock-seconds = 0.1\n[policy]\nmode = \"face\"\n");
    let photo = at_the_door("barack_obama_speaking.jpg");
    let shown = said(simulate(&photo).args(["--real-time", "--fps", "100", "--config"]).arg(config));
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stderr.contains("the door locks again"), "{shown:?}");
}

#[test]
fn events_are_recorded_without_names() {
    let (_folder, log) = one_file("audit.jsonl", "");
    for _ in 0..2 {
        said(simulate(&photos().join("door")).arg("--audit").arg(&log));
    }
    let text = fs::read_to_string(&log).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let once = ["started", "database_loaded", "granted", "refused", "stopped"];
    assert_eq!(names, [once, once].concat());
    assert!(!text.contains("Obama"), "{text}");
    let numbers: Vec<u64> = events.iter().map(|event| event["sequence"].as_u64().unwrap()).collect();
    assert!(numbers.into_iter().eq(1..=10));
}

/// Validity is judged by the time of the simulation.
#[test]
fn a_threshold_that_is_configured_holds() {
    let (_folder, config) = one_file("config.toml", "[policy]\nmode = \"face\"\nthreshold = 0.2\n");
    let refused = said(simulate(&at_the_door("barack_obama_speaking.jpg")).arg("--json").arg("--config").arg(config));
    assert_eq!(refused.code, 1, "{refused:?}");
    for line in refused.json_lines() {
        assert_eq!((&line["decision"], &line["reason"]), (&"deny".into(), &"not_known".into()), "{line}");
    }
}

/// A camera by night: the same photo without colour, seen at the door and asked about at the desk.
#[test]
fn greyscale_pictures_have_their_own_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let photo = at_the_door("barack_obama_speaking.jpg");
    let by_night = folder.path().join("night.png");
    image::open(&photo).unwrap().to_luma8().save(&by_night).unwrap();
    let listed = said(encoder_tool(["list", "--json"]).arg(enrolled())).json();
    assert_ne!(listed["threshold"], listed["threshold_grey"], "{listed}");
    for (photo, key) in [(&photo, "threshold"), (&by_night, "threshold_grey")] {
        let shown = said(simulate(photo).arg("--json"));
        assert_eq!(shown.code, 0, "{shown:?}");
        let lines = shown.json_lines();
        assert!(lines.iter().all(|line| line["threshold"] == listed[key]), "{lines:?}");
        let asked = said(encoder_tool(["identify", "--json", "--db"]).arg(enrolled()).arg(photo)).json();
        let face = &asked["faces"][0];
        assert_eq!((&face["threshold"], &face["name"]), (&listed[key], &"Barack Obama".into()), "{asked}");
        assert_eq!(face["threshold_for_grey"], key == "threshold_grey", "{asked}");
    }
    let (_folder, config) = one_file("config.toml", "[policy]\nmode = \"face\"\nthreshold = 0.95\n");
    let shown = said(simulate(&by_night).arg("--json").arg("--config").arg(config));
    assert!(shown.json_lines().iter().all(|line| line["threshold"] == 0.95), "{shown:?}");
}

#[test]
fn help_says_what_it_does() {
    let help = said(&mut edge_agent(["simulate", "--help"]));
    assert_eq!(help.code, 0);
    assert!(help.stdout.contains("Exit codes"), "{}", help.stdout);
}
