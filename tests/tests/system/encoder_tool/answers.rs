//! `list`, `identify`, `verify` and `compare` on photos that are what they should be.

use super::{door_photo, encoder_tool, enrolled, enrolled_photo};
use serde_json::Value;
use std::path::PathBuf;
use tests::{photos, said};

/// What `door.json` says of a photo: somebody's name, or `null` if nobody is in it.
fn shown_at_the_door() -> Vec<(PathBuf, Value)> {
    let shown = std::fs::read(photos().join("door.json")).unwrap();
    let shown: serde_json::Map<String, Value> = serde_json::from_slice(&shown).unwrap();
    shown.into_iter().map(|(photo, name)| (door_photo(&photo), name)).collect()
}

fn enrolled_names() -> Vec<String> {
    super::names_in(&photos().join("enrol"))
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn identify_names_those_who_are_enrolled_and_nobody_else() {
    for (photo, name) in shown_at_the_door() {
        let answer = said(encoder_tool(["identify", "--json", "--db"]).arg(enrolled()).arg(&photo));
        let object = answer.json();
        assert_eq!(keys(&object), ["faces", "schema"]);
        let faces = object["faces"].as_array().unwrap();
        assert_eq!(faces.is_empty(), name.is_null(), "{}", photo.display());
        let known = name.as_str().is_some_and(|name| enrolled_names().iter().any(|enrolled| enrolled == name));
        assert_eq!(answer.code, if known { 0 } else { 1 }, "{}", photo.display());
        if let Some(face) = faces.first() {
            assert_eq!(face["name"], if known { name } else { Value::Null }, "{}", photo.display());
            assert_eq!(
                keys(face),
                ["box", "distance", "name", "recognisable", "runner_up", "threshold", "threshold_for_grey"]
            );
            assert_eq!(face["recognisable"], true);
            assert_eq!(keys(&face["runner_up"]), ["distance", "name"]);
            assert_eq!(face["box"].as_array().unwrap().len(), 4);
            assert!(face["distance"].as_f64() < face["runner_up"]["distance"].as_f64());
            assert_eq!(face["distance"].as_f64() <= face["threshold"].as_f64(), known);
        }
    }
}

#[test]
fn identify_in_words() {
    let words = |photo: &str| said(encoder_tool(["identify", "--db"]).arg(enrolled()).arg(door_photo(photo))).stdout;
    let known = words("barack_obama_speaking.jpg");
    assert!(known.starts_with("It's Barack Obama (distance 0."), "{known}");
    assert!(known.contains(", threshold ") && known.contains(", next is Joe Biden at 1."), "{known}");
    let stranger = words("eileen_collins.jpg");
    assert!(stranger.starts_with("It's nobody I know (distance 1."), "{stranger}");
    assert_eq!(words("wall.jpg"), "There is no face in this photo\n");
}

#[test]
fn verify_takes_the_claim_into_account() {
    let obama = "barack_obama_speaking.jpg";
    for (photo, claim, code, words) in [
        (obama, "Barack Obama", 0, "It's Barack Obama, welcome in! (distance 0."),
        (obama, "BARACK OBAMA", 0, "It's Barack Obama, welcome in! (distance 0."),
        (obama, "Joe Biden", 1, "It's not Joe Biden, please go away (distance 1."),
        ("eileen_collins.jpg", "Joe Biden", 1, "It's not Joe Biden, please go away (distance 1."),
        ("wall.jpg", "Joe Biden", 1, "It's not Joe Biden, please go away (there is no face in this photo)"),
    ] {
        let verify = || encoder_tool(["verify", "--identity", claim, "--db"]);
        let answer = said(verify().arg(enrolled()).arg(door_photo(photo)));
        assert_eq!(answer.code, code, "{photo} {claim}");
        assert!(answer.stdout.starts_with(words), "{answer:?}");
        let answer = said(verify().arg(enrolled()).arg(door_photo(photo)).arg("--json"));
        let object = answer.json();
        assert_eq!(
            keys(&object),
            ["distance", "faces", "identity", "match", "recognisable", "schema", "threshold", "threshold_for_grey"]
        );
        assert_eq!((answer.code, &object["match"]), (code, &Value::Bool(code == 0)), "{photo} {claim}");
        assert_eq!(object["distance"].is_null(), photo == "wall.jpg");
    }
}

#[test]
fn a_threshold_decides() {
    let verify = |threshold: &str| {
        let photo = door_photo("barack_obama_speaking.jpg");
        said(
            encoder_tool(["verify", "--identity", "Barack Obama", "--db"])
                .arg(enrolled())
                .arg(photo)
                .args(["--threshold", threshold]),
        )
        .code
    };
    assert_eq!([verify("0"), verify("0.3"), verify("1.1"), verify("2")], [1, 1, 0, 0]);
    let identify = said(encoder_tool(["identify", "--threshold", "0.1", "--db"]).arg(enrolled()).arg(enrolled_photo()));
    assert_eq!(identify.code, 0, "the enrolled photo itself: {identify:?}");
}

#[test]
fn compare_needs_no_database() {
    let (obama, wall) = (door_photo("barack_obama_speaking.jpg"), door_photo("wall.jpg"));
    let other_obama = photos().join("enrol/Barack Obama/official_portrait.jpg");
    for (other, options, code, has_distance) in [
        (&other_obama, &["--json"][..], 0, true),
        (&other_obama, &["--json", "--pixels"], 0, true),
        (&obama, &["--json", "--pixels"], 0, true),
        (&enrolled_photo(), &["--json"], 1, true),
        (&wall, &["--json", "--pixels"], 1, false),
    ] {
        let answer = said(encoder_tool(["compare"]).arg(&obama).arg(other).args(options));
        let object = answer.json();
        assert_eq!(answer.code, code, "{}", other.display());
        assert_eq!(
            keys(&object),
            ["distance", "faces", "match", "pixel_distance", "recognisable", "schema", "threshold"]
        );
        assert_eq!(object["distance"].is_number(), has_distance);
        assert_eq!(object["pixel_distance"].is_number(), has_distance && options.contains(&"--pixels"));
        if *other == obama {
            assert_eq!((&object["distance"], &object["pixel_distance"]), (&0.0.into(), &0.0.into()));
            assert_eq!((&object["match"], &object["faces"][0]), (&true.into(), &object["faces"][1]));
        }
    }
    let words = said(encoder_tool(["compare"]).arg(&obama).arg(&wall)).stdout;
    assert!(words.contains("there is no face in") && words.contains("wall.jpg"), "{words}");
}

#[test]
fn list_prints_everybody() {
    let listed = said(encoder_tool(["list", "--json"]).arg(enrolled()));
    let object = listed.json();
    let people = object["people"].as_array().unwrap();
    let names: Vec<&str> = people.iter().filter_map(|person| person["name"].as_str()).collect();
    assert_eq!((listed.code, names), (0, enrolled_names().iter().map(String::as_str).collect()));
    let encodings: u64 = people.iter().filter_map(|person| person["encodings"].as_u64()).sum();
    assert_eq!(object["encodings"].as_u64(), Some(encodings));
    let words = said(encoder_tool(["list"]).arg(enrolled())).stdout;
    assert!(enrolled_names().iter().all(|name| words.contains(name)), "{words}");
}

#[test]
fn each_photo_gets_a_line_and_an_unreadable_one_is_an_error() {
    let (obama, missing, wall) =
        (door_photo("barack_obama_speaking.jpg"), door_photo("none.jpg"), door_photo("wall.jpg"));
    let identify =
        |photos: &[&PathBuf]| said(encoder_tool(["identify", "--json", "--db"]).arg(enrolled()).args(photos));
    let answer = identify(&[&obama, &missing, &wall]);
    assert_eq!(answer.code, 2);
    let lines = answer.json_lines();
    assert_eq!(lines.len(), 3);
    for (line, photo) in lines.iter().zip([&obama, &missing, &wall]) {
        assert_eq!(line["photo"].as_str(), photo.to_str());
    }
    assert_eq!(lines[0]["faces"][0]["name"], "Barack Obama");
    assert!(lines[1]["faces"].is_null() && lines[1]["error"].as_str().unwrap().contains("none.jpg"), "{}", lines[1]);
    assert_eq!(identify(&[&obama, &wall]).code, 0);
    assert_eq!(identify(&[&wall, &wall]).code, 1);
}
