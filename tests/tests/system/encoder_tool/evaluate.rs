//! `evaluate`, `calibrate`, `cache`, and what `build-db` says of the enrolled people.

use super::{encoder_tool, enrolled, made, names_in};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use tests::{photos, said};

/// The program with a cache of its own.
fn with_cache<const COUNT: usize>(cache: &TempDir, arguments: [&str; COUNT]) -> Command {
    let mut command = encoder_tool(arguments);
    command.env("XDG_CACHE_HOME", cache.path());
    command
}

/// Three people as Labeled Faces in the Wild has them: Barack twice, the others once.
fn images() -> TempDir {
    let enrol = photos().join("enrol");
    let of = |person: &str| {
        let folder = enrol.join(person);
        names_in(&folder).into_iter().map(|name| fs::read(folder.join(name)).unwrap()).collect::<Vec<_>>()
    };
    let (barack, joe) = (of("Barack Obama"), of("Joe Biden"));
    let eileen = fs::read(photos().join("door/eileen_collins.jpg")).unwrap();
    made::folder(&[
        ("Barack/Barack_0001.jpg", &barack[0]),
        ("Barack/Barack_0002.jpg", &barack[1]),
        ("Joe/Joe_0001.jpg", &joe[0]),
        ("Eileen/Eileen_0001.jpg", &eileen),
        ("Eileen/Eileen_0002.jpg", &fs::read(photos().join("door/wall.jpg")).unwrap()),
    ])
}

#[test]
fn pairs_of_a_file_are_compared_and_kept_for_the_next_time() {
    let (images, cache) = (images(), tempfile::tempdir().unwrap());
    let pairs = cache.path().join("pairs-of-three.txt");
    fs::write(&pairs, "1\nBarack\t1\t2\nBarack\t1\tJoe\t1\n").unwrap();
    let page = cache.path().join("page.html");
    let evaluate = || {
        let mut command = with_cache(&cache, ["evaluate", "--json", "--distances", "--triplets", "--html"]);
        said(command.arg(&page).arg("--pairs").arg(&pairs).arg("--images").arg(images.path()))
    };
    let (first, second) = (evaluate(), evaluate());
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(first.stdout, second.stdout);
    let found = first.json();
    assert_eq!((&found["pairs"], &found["pairs_used"], &found["eer"]), (&2.into(), &2.into(), &0.0.into()));
    assert_eq!(found["tar_at_far"]["1e-1"], serde_json::Value::Null, "two pairs show no rate");
    for key in ["accuracy", "threshold", "eer", "tar_at_far"] {
        assert!(found["pixel_baseline"].get(key).is_some() && found["unaligned"].get(key).is_some(), "{key}");
    }
    let distances = found["distances"].as_array().unwrap();
    assert!(distances[0]["distance"].as_f64() < distances[1]["distance"].as_f64(), "{distances:?}");
    assert_eq!(found["triplets"]["triplets"], 2);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("<svg") && page.contains("data:image/jpeg") && !page.contains("://"), "a page of its own");

    let shown = said(&mut with_cache(&cache, ["cache", "show"]));
    assert!(shown.stdout.contains("encoder-tool: 0."), "{shown:?}");
    assert_eq!(said(&mut with_cache(&cache, ["cache", "clear"])).code, 0);
    assert!(!cache.path().join("encoder-tool").exists());
}

#[test]
fn a_folder_tree_is_compared_all_with_all_and_nothing_is_kept_if_asked_for() {
    let (images, cache) = (images(), tempfile::tempdir().unwrap());
    for (failures, used) in [(&[][..], 6), (&["--failures-count"], 10)] {
        let mut command = with_cache(&cache, ["evaluate", "--json", "--no-cache", "--images"]);
        let found = said(command.arg(images.path()).args(failures)).json();
        assert_eq!((&found["pairs"], &found["pairs_used"]), (&10.into(), &used.into()));
        assert_eq!(found["no_face"].as_array().unwrap().len(), 1, "{found}");
    }
    assert!(!cache.path().join("encoder-tool").exists());
}

#[test]
fn two_models_are_compared_side_by_side() {
    let (images, cache) = (images(), tempfile::tempdir().unwrap());
    let sface = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bundled/sface");
    let mut command = with_cache(&cache, ["evaluate", "--json", "--images"]);
    let found = said(command.arg(images.path()).arg("--model").arg(&sface).arg("--model").arg(&sface)).json();
    let models = found["models"].as_array().unwrap();
    assert_eq!((models.len(), &models[0]["moved"]), (2, &serde_json::Value::Null));
    assert_eq!(models[1]["moved"]["decisions_changed"], 0);
    assert!(models[1]["moved"]["least_cosine"].as_f64() > Some(0.999_999));
}

#[test]
fn unusable_input_is_refused_with_a_reason() {
    let (images, cache) = (images(), tempfile::tempdir().unwrap());
    for (pairs, expected) in [
        ("", "line 1"),
        ("1\nBarack\t1\t2\n", "1 pairs, but 2 according to the first line"),
        ("1\nBarack\t1\t3\nBarack\t1\tJoe\t1\n", "Barack_0003.jpg"),
        ("1\n..\t1\t2\nBarack\t1\tJoe\t1\n", "not the name of a folder"),
    ] {
        let file = cache.path().join("pairs.txt");
        fs::write(&file, pairs).unwrap();
        let mut command = with_cache(&cache, ["evaluate", "--pairs"]);
        let refused = said(command.arg(&file).arg("--images").arg(images.path()));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{pairs:?}: {refused:?}");
        assert!(refused.stderr.contains(expected), "{pairs:?}: {}", refused.stderr);
    }
}

#[test]
fn a_threshold_is_calibrated_stored_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    fs::copy(enrolled(), &database).unwrap();
    let calibrate = |fpir: &str, write: &[&str]| {
        said(encoder_tool(["calibrate", "--json", "--fpir", fpir, "--db"]).arg(&database).args(write)).json()
    };
    let stored = || said(encoder_tool(["list", "--json"]).arg(&database)).json();
    let before = stored();
    let (strict, loose) = (calibrate("0.00001", &[]), calibrate("0.1", &[]));
    assert!(strict["threshold"].as_f64() < loose["threshold"].as_f64(), "{strict} {loose}");
    assert_eq!(stored(), before, "nothing is stored unasked");
    let written = calibrate("0.00001", &["--write"]);
    assert_eq!((&written["threshold"], &written["written"]), (&strict["threshold"], &true.into()));
    let after = stored();
    assert_eq!(after["threshold"], strict["threshold"]);
    assert!(after["sequence"].as_u64() > before["sequence"].as_u64());
    assert_eq!(after["people"], before["people"]);
    let refused = said(encoder_tool(["calibrate", "--fpir", "1", "--db"]).arg(&database));
    assert_eq!(refused.code, 2, "{refused:?}");
}

#[test]
fn a_wrong_photo_and_one_person_under_two_names_are_named() {
    let images = images();
    let barack = |number: u32| fs::read(images.path().join(format!("Barack/Barack_000{number}.jpg"))).unwrap();
    let joe = fs::read(images.path().join("Joe/Joe_0001.jpg")).unwrap();
    let eileen = fs::read(images.path().join("Eileen/Eileen_0001.jpg")).unwrap();
    let people = made::folder(&[
        ("Barack/1.jpg", &barack(1)),
        ("Barry/1.jpg", &barack(2)),
        ("Joe/1.jpg", &joe),
        ("Joe/2.jpg", &eileen),
    ]);
    let written = tempfile::tempdir().unwrap();
    let (database, page) = (written.path().join("odd.db"), written.path().join("odd.html"));
    let build = |options: &[&str]| {
        let mut command = encoder_tool(["build-db", "--json", "--html"]);
        said(command.arg(&page).arg("-o").arg(&database).arg(people.path()).args(options))
    };
    let built = build(&[]);
    assert_eq!(built.code, 0, "{built:?}");
    let report = built.json();
    let pairs = report["look_alikes"].as_array().unwrap();
    assert_eq!((pairs.len(), &pairs[0]["people"]), (1, &serde_json::json!(["Barack", "Barry"])));
    let odd: Vec<&str> = report["odd_photos"].as_array().unwrap().iter().filter_map(|o| o["photo"].as_str()).collect();
    assert_eq!(odd, ["Joe/1.jpg", "Joe/2.jpg"], "either of two may be the wrong one");
    for expected in ["Joe/2.jpg", "Barack and Barry"] {
        assert!(built.stderr.contains(expected), "{}", built.stderr);
    }
    assert!(fs::read_to_string(&page).unwrap().matches("data:image/jpeg").count() >= 6);
    assert_eq!(build(&["--strict"]).code, 1);
}
