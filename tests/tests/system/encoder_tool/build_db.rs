//! `build-db`: from folders to a database, and what it says about it.

use super::made::{self, HEIC, enormous_png, one_pixel, portrait, put, truncated_jpeg};
use super::{build, encoder_tool, names_in};
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tests::{photos, said};

#[test]
fn the_photos_of_this_repository() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    let built = build(&photos().join("enrol"), &database, &["--json"]);
    assert_eq!(built.code, 0, "{built:?}");
    let report = built.json();
    let people = names_in(&photos().join("enrol"));
    let found: usize = people.iter().map(|person| names_in(&photos().join("enrol").join(person)).len()).sum();
    assert_eq!(report["people"], people.len());
    assert_eq!((&report["photos"], &report["encodings"]), (&found.into(), &found.into()));
    assert_eq!(report["skipped"], serde_json::json!([]));
    assert!(report["seconds"].as_f64() > Some(0.0));
    assert_eq!(names_in(folder.path()), ["people.db"]);
}

#[test]
fn a_second_build_keeps_the_ids_and_counts_on() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    let listed = || {
        assert_eq!(build(&photos().join("enrol"), &database, &[]).code, 0);
        said(encoder_tool(["list", "--json"]).arg(&database)).json()
    };
    let (first, second) = (listed(), listed());
    assert_eq!(first["people"], second["people"]);
    assert!(first["sequence"].as_u64() < second["sequence"].as_u64());
}

#[test]
fn skipped_photos_are_reported_with_reasons() {
    let [portrait, truncated, enormous, pixel] = [portrait(), truncated_jpeg(), enormous_png(), one_pixel()];
    let wall = fs::read(photos().join("door/wall.jpg")).unwrap();
    let photos = made::folder(&[
        ("Joe/1 whole.jpg", &portrait),
        ("Joe/2 again.jpg", &portrait),
        ("Joe/3 text.jpg", b"Dear Joe,"),
        ("Joe/4 truncated.jpg", &truncated),
        ("Joe/5 pixel.png", &pixel),
        ("Joe/6 enormous.png", &enormous),
        ("Joe/7 phone.heic", HEIC),
        ("Joe/8 empty.jpg", b""),
        ("Joe/9 wall.jpg", &wall),
        ("Joe/older/1.jpg", &portrait),
        ("loose.jpg", &portrait),
    ]);
    let expected = [
        ("Joe/2 again.jpg", "the same photo as Joe/1 whole.jpg"),
        ("Joe/3 text.jpg", "unreadable: it is neither a JPEG, a PNG nor a WebP photo"),
        ("Joe/4 truncated.jpg", "unreadable: the JPEG is cut off"),
        ("Joe/5 pixel.png", "no face"),
        ("Joe/6 enormous.png", "unreadable: 30000x20000 are 600 megapixels"),
        ("Joe/7 phone.heic", "HEIC cannot be read"),
        ("Joe/8 empty.jpg", "unreadable: the file is empty"),
        ("Joe/9 wall.jpg", "no face"),
    ];
    let database = photos.path().join("people.db");
    let built = build(photos.path(), &database, &["--json"]);
    assert_eq!(built.code, 0, "{built:?}");
    let report = built.json();
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), expected.len(), "{skipped:?}");
    for (skipped, (photo, reason)) in skipped.iter().zip(expected) {
        assert_eq!(skipped["photo"], photo);
        assert!(skipped["reason"].as_str().unwrap().starts_with(reason), "{photo}: {skipped}");
        assert!(built.stderr.contains(&format!("left out {photo}: {reason}")), "{}", built.stderr);
    }
    assert_eq!((&report["people"], &report["photos"], &report["encodings"]), (&1.into(), &9.into(), &1.into()));
    for passed_over in ["ignored Joe/older: a folder", "ignored loose.jpg: not in a person's folder"] {
        assert!(built.stderr.contains(passed_over), "{}", built.stderr);
    }
    let quiet = build(photos.path(), &database, &["-q"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
    assert!(quiet.stdout.contains("1 person with 1 encoding from 9 photos (8 left out)"), "{}", quiet.stdout);
}

#[test]
fn cards_are_counted_and_never_shown() {
    let people = "name,mode,cards\nJoe,card_and_face,123:47726;0008108654;99\nJim,card_and_face,\n";
    let photos = made::folder(&[
        ("Joe/1.jpg", &portrait()),
        ("Jim/1.jpg", &fs::read(photos().join("enrol/Barack Obama/blue_room.jpg")).unwrap()),
        ("people.csv", people.as_bytes()),
    ]);
    let database = photos.path().join("people.db");
    let built = build(photos.path(), &database, &[]);
    assert_eq!(built.code, 0, "{built:?}");
    assert!(built.stderr.contains("Jim must show a card (card-and-face) and has none"), "{}", built.stderr);
    let listed = said(encoder_tool(["list"]).arg(&database));
    assert!(listed.stdout.contains("card-and-face, 2 cards"), "{listed:?}");
    let json = said(encoder_tool(["list", "--json"]).arg(&database)).json();
    assert_eq!((&json["people"][0]["cards"], &json["people"][1]["cards"]), (&0.into(), &2.into()));
    let numbers = ["47726", "8108654", "7bba6e"];
    for said in [&built.stdout, &built.stderr, &listed.stdout, &json.to_string()] {
        assert!(!numbers.iter().any(|number| said.contains(number)), "{said}");
    }
    let bytes = fs::read(&database).unwrap();
    for secret in [&8_108_654_u32.to_be_bytes()[..], &8_108_654_u32.to_le_bytes(), b"47726"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{secret:?}");
    }
}

/// People who refuse or cannot use face recognition were left out of the database.
#[test]
fn a_person_can_be_enrolled_without_a_face() {
    let people = "name,mode,cards\nJoe,card,99\nWim,card,100\nEve,card,\nAnn,face,101\nBo,,102\n";
    let photo = fs::read(photos().join("enrol/Barack Obama/blue_room.jpg")).unwrap();
    let folder = made::folder(&[("Joe/1.jpg", &portrait()), ("Kim/1.jpg", &photo), ("people.csv", people.as_bytes())]);
    let database = folder.path().join("people.db");
    let misspelt = build(folder.path(), &database, &[]);
    assert!(misspelt.code == 2 && misspelt.stderr.contains("no folder for its lines Ann, Bo"), "{misspelt:?}");

    made::put(folder.path(), "people.csv", people.replace("Ann,", "Kim,face,\nAnn,").as_bytes());
    let built = build(folder.path(), &database, &["--json"]);
    let report = built.json();
    assert_eq!((built.code, &report["people"], &report["encodings"]), (1, &4.into(), &1.into()), "{report}");
    assert_eq!(report["skipped"][0]["photo"], "Joe/1.jpg", "{report}");
    let names = |list: &str| -> Vec<String> {
        report[list].as_array().unwrap().iter().map(|person| person["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((names("not_enrolled"), names("without_face")), (vec!["Ann".into(), "Eve".into()], vec!["Bo".into()]));
    let listed = said(encoder_tool(["list", "--json"]).arg(&database)).json();
    let joe = listed["people"].as_array().unwrap().iter().find(|person| person["name"] == "Joe").unwrap();
    assert_eq!((&joe["encodings"], &joe["mode"]), (&0.into(), &"card".into()), "{joe}");

    let of_cards = made::folder(&[("people.csv", b"name,mode,cards\nJoe,card,99\n")]);
    let built = build(of_cards.path(), &database, &["--allow-removals"]);
    assert_eq!(built.code, 0, "a database without any face: {built:?}");
}

#[test]
fn whose_data_may_not_be_stored_is_left_out() {
    let people = "name,basis,informed_on,keep_until\nJoe,contract,2026-11-02,2999-12-31\n\
                  Kim,consent 2020-01-01,2020-01-01,2021-12-31\nAda,,2026-11-02,\nZoe,consent,,\n";
    let photo = fs::read(photos().join("enrol/Barack Obama/blue_room.jpg")).unwrap();
    let other = fs::read(photos().join("door/eileen_collins.jpg")).unwrap();
    let folder = made::folder(&[
        ("Joe/1.jpg", &portrait()),
        ("Kim/1.jpg", &photo),
        ("Ada/1.jpg", &photo),
        ("Zoe/1.jpg", &other),
        ("Tim/1.jpg", &photo),
        ("people.csv", people.as_bytes()),
        // Kim has left, so this binds Joe alone; the other schedule binds nobody any more.
        (
            "schedules.toml",
            b"[[schedule]]\nname = \"day\"\npeople = [\"Kim\", \"Joe\"]\nhours = [\"daily 06:00-20:00\"]\n\
                            [[schedule]]\nname = \"night\"\npeople = [\"Ada\"]\nhours = [\"daily 20:00-06:00\"]\n",
        ),
    ]);
    let database = folder.path().join("people.db");
    let built = build(folder.path(), &database, &[]);
    assert_eq!(built.code, 1, "{built:?}");
    let listed = said(encoder_tool(["list", "--json"]).arg(&database)).json();
    let people: Vec<(&str, usize)> = listed["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|person| (person["name"].as_str().unwrap(), person["hours"].as_array().unwrap().len()))
        .collect();
    assert_eq!(people, [("Joe", 1), ("Zoe", 0)], "{listed}");
    assert!(!built.stderr.contains("Joe has no date"), "{built:?}");
    for expected in [
        "2 people with 2 encodings from 2 photos",
        "Ada (no basis in people.csv)",
        "Tim (no basis in people.csv)",
        "Kim (keep_until has passed: delete the photos and the line)",
    ] {
        assert!(built.stdout.contains(expected), "{expected}: {built:?}");
    }
    assert!(built.stderr.contains("Zoe has no date in informed_on"), "{built:?}");
}

/// A user who built from half of the folders locked out the other half, and was told that all went well.
#[test]
fn replacing_a_database_reports_changes_and_removes_people_only_if_confirmed() {
    let photo = |path: &str| fs::read(photos().join(path)).unwrap();
    let people = [
        ("Ann/1.jpg", photo("door/eileen_collins.jpg")),
        ("Bo/1.jpg", photo("enrol/Joe Biden/blue_room.jpg")),
        ("Cy/1.jpg", photo("enrol/Barack Obama/blue_room.jpg")),
        ("Dee/1.jpg", photo("enrol/Barack Obama/official_portrait.jpg")),
        ("Eve/1.jpg", photo("door/barack_obama_speaking.jpg")),
    ];
    let folder_of = |chosen: &[usize], more: &[(&str, &[u8])]| {
        let chosen = chosen.iter().map(|&index| (people[index].0, people[index].1.as_slice()));
        made::folder(&chosen.chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("people.db");
    let all = folder_of(&[0, 1, 2, 3], &[("people.csv", b"name,mode\nBo,face\n")]);
    let first = build(all.path(), &database, &["--json"]);
    assert_eq!((first.code, &first.json()["changes"]), (0, &serde_json::Value::Null), "{first:?}");
    let alike = &first.json()["look_alikes"][0];
    assert_eq!((&alike["people"], &alike["without_card"]), (&["Cy", "Dee"].into(), &["Cy", "Dee"].into()));
    assert!(
        first.stderr.contains("Both must now show a card, but neither has one, so they cannot enter"),
        "{}",
        first.stderr
    );

    let before = fs::read(&database).unwrap();
    let wall = photo("door/wall.jpg");
    let page = place.path().join("look.html").into_os_string().into_string().unwrap();
    let few = folder_of(&[1, 4], &[("people.csv", b"name,mode\nBo,card-and-face\n"), ("Fay/1.jpg", &wall)]);
    let refused = build(few.path(), &database, &["--html", &page]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("nothing was written: it would have removed 3 of 4: Ann, Cy, Dee"), "{refused:?}");
    assert!(refused.stderr.contains("--allow-removals") && refused.stdout.contains("added 1: Eve"), "{refused:?}");
    assert!(fs::read(&database).unwrap() == before && !Path::new(&page).exists());

    let built = build(few.path(), &database, &["--html", &page, "--allow-removals"]);
    assert_eq!(built.code, 1, "{built:?}");
    let page = fs::read_to_string(&page).unwrap();
    for told in [
        "added 1: Eve",
        "removed 3 of 4: Ann, Cy, Dee",
        "changed 1: Bo (mode)",
        "not enrolled 1: Fay (no usable photo)",
    ] {
        assert!(built.stdout.contains(told), "{told}: {built:?}");
    }
    for told in ["Fay: no usable photo", "removed 3 of 4: Ann, Cy, Dee"] {
        assert!(page.contains(told), "{told}");
    }
    let again = build(few.path(), &database, &["--json"]).json();
    assert_eq!(again["not_enrolled"], serde_json::json!([{"name": "Fay", "reason": "no usable photo"}]));
    assert_eq!(
        again["changes"],
        serde_json::json!({"added": [], "removed": [], "without_face": [], "changed": [], "schedules": [], "other_model": false, "other_doors": false, "other_pass_keys": false})
    );
}

#[test]
fn a_threshold_that_recognises_few_people_needs_confirmation() {
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("people.db");
    let strict = ["--fpir", "1e-12"];
    let refused = build(&photos().join("enrol"), &database, &strict);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("% of those enrolled would not be recognised (FNIR"), "{refused:?}");
    assert!(!database.exists());
    let asked_for = build(&photos().join("enrol"), &database, &[strict[0], strict[1], "--allow-misses"]);
    assert_eq!(asked_for.code, 0, "{asked_for:?}");
}

/// Among themselves, faces without colour are as near as those in colour: a looser threshold would let in more
/// strangers.
#[test]
fn one_threshold_applies_if_somebody_is_enrolled_in_greyscale() {
    let place = tempfile::tempdir().unwrap();
    let (folder, database) = (place.path().join("people"), place.path().join("people.db"));
    let photo = image::load_from_memory(&portrait()).unwrap();
    put(&folder, "Ann/1.jpg", &portrait());
    let in_colour = build(&folder, &database, &["--json"]);
    assert!(in_colour.json()["threshold_grey"].is_f64(), "{in_colour:?}");
    fs::remove_file(folder.join("Ann/1.jpg")).unwrap();
    photo.to_luma8().save(folder.join("Ann/1.png")).unwrap();
    let without = build(&folder, &database, &["--json"]);
    let report = without.json();
    assert_eq!((&report["threshold"], &report["threshold_grey"]), (&in_colour.json()["threshold"], &Value::Null));
    assert_eq!(report["grey_photos"], serde_json::json!(["Ann/1.png"]));
    assert!(without.stderr.contains("Ann/1.png is without colour"), "{without:?}");
    let calibrated = said(encoder_tool(["calibrate", "--json", "--write", "--db"]).arg(&database));
    assert!(calibrated.json()["threshold_grey"].is_null(), "{calibrated:?}");
}

/// They were passed over: Ann came in by her face alone, at all times.
#[test]
fn misnamed_rule_files_stop_the_build() {
    for (file, meant) in [
        ("People.csv", "people.csv"),
        ("people.csv.txt", "people.csv"),
        ("people .csv", "people.csv"),
        ("people.xlsx", "people.csv"),
        ("p\u{435}ople.csv", "people.csv"),
        ("Joe/people.csv", "people.csv"),
        ("Schedules.toml", "schedules.toml"),
        ("schedule.toml", "schedules.toml"),
    ] {
        let photos = made::folder(&[("Joe/1.jpg", &portrait()), (file, b"name,mode\nJoe,card-and-face\n")]);
        let database = photos.path().join("people.db");
        let built = build(photos.path(), &database, &["-q"]);
        assert_eq!(built.code, 2, "{file}: {built:?}");
        for told in [&format!("only \"{meant}\" beside the people's folders is read"), "help: rename it"] {
            assert!(built.stderr.contains(told), "{file}: {}", built.stderr);
        }
        assert!(!database.exists());
    }
}

#[test]
fn a_spreadsheet_csv_is_read_and_errors_use_editor_line_numbers() {
    for (table, code, told) in [
        ("sep=;\r\nname;mode;;\r\n;;;\r\nJoe;card_or_face;;\r\n", 0, ""),
        (
            "name,mode\r\n\r\nJoe,fae\r\n",
            2,
            "people.csv line 3, mode: \"fae\" is none of face, card-and-face, card-or-face",
        ),
        ("name,note,mode\r\nJoe,\"half,face\r\n", 2, "people.csv: line 2: a quotation mark is not closed"),
        ("\u{fffd}", 2, "people.csv: "),
    ] {
        let photos = made::folder(&[("Joe/1.jpg", &portrait()), ("people.csv", table.as_bytes())]);
        let database = photos.path().join("people.db");
        let built = build(photos.path(), &database, &["-q"]);
        assert_eq!(built.code, code, "{table:?}: {built:?}");
        assert!(built.stderr.contains(told), "{table:?}: {}", built.stderr);
        if code == 0 {
            let words = said(encoder_tool(["list"]).arg(&database));
            let json = said(encoder_tool(["list", "--json"]).arg(&database));
            assert!(words.stdout.contains("card-or-face"), "{words:?}");
            assert_eq!(json.json()["people"][0]["mode"], "card_or_face");
        }
    }
}

/// Nobody who has two databases can tell from them that a card is in both.
#[test]
fn each_database_has_its_own_key() {
    let photos = made::folder(&[("Joe/1.jpg", &portrait()), ("people.csv", b"name,cards\nJoe,123:47726\n")]);
    let [one, other] = ["one.db", "other.db"].map(|name| {
        let database = photos.path().join(name);
        assert_eq!(build(photos.path(), &database, &["-q"]).code, 0);
        fs::read(database).unwrap()
    });
    let key_of = |database: &[u8]| {
        let at = database.windows(4).position(|window| window == b"card").unwrap();
        database[at + 8..at + 40].to_vec()
    };
    assert_ne!(key_of(&one), key_of(&other));
    assert!(key_of(&one).iter().any(|byte| *byte != 0));
}

#[test]
fn a_photo_in_two_folders_is_enrolled_for_nobody() {
    let photos = made::folder(&[("Joe/1.jpg", &portrait()), ("Jim/1.jpg", &portrait())]);
    let database = photos.path().join("people.db");
    let refused = build(photos.path(), &database, &["--json"]);
    assert_eq!((refused.code, &refused.json()["people"]), (2, &0.into()), "{refused:?}");
    assert!(refused.stderr.contains("Jim/1.jpg, which is of another person"), "{}", refused.stderr);
    assert!(!database.exists());
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Whole,
    Text,
    Truncated,
    Pixel,
}

proptest! {
    // Each case runs the program twice.
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn reported_counts_add_up(
        people in prop::collection::vec(
            prop::collection::vec(prop::sample::select(vec![Kind::Whole, Kind::Text, Kind::Truncated, Kind::Pixel]), 1..4),
            1..4,
        ),
    ) {
        let (root, portrait) = (tempfile::tempdir().unwrap(), portrait());
        for (person, kinds) in people.iter().enumerate() {
            for (photo, kind) in kinds.iter().enumerate() {
                // What is behind the end of a JPEG makes it another file of the same picture.
                let whole = [&portrait[..], &[person as u8, photo as u8]].concat();
                let content = match kind {
                    Kind::Whole => whole,
                    Kind::Text => b"text".to_vec(),
                    Kind::Truncated => truncated_jpeg(),
                    Kind::Pixel => one_pixel(),
                };
                put(root.path(), &format!("person {person}/{photo}.jpg"), &content);
            }
        }
        let database = root.path().join("people.db");
        let built = build(root.path(), &database, &["--json"]);
        let report = built.json();
        let number = |key: &str| report[key].as_u64().unwrap() as usize;
        let with_encoding = people.iter().filter(|kinds| kinds.iter().any(|kind| matches!(kind, Kind::Whole))).count();
        prop_assert_eq!(number("photos"), people.concat().len());
        prop_assert_eq!(number("encodings") + report["skipped"].as_array().unwrap().len(), number("photos"));
        prop_assert_eq!(number("people"), with_encoding);
        let code = if with_encoding == people.len() { 0 } else if with_encoding > 0 { 1 } else { 2 };
        prop_assert_eq!(built.code, code, "{:?}", built);
        prop_assert_eq!(database.exists(), with_encoding > 0);
        if database.exists() {
            let listed = said(encoder_tool(["list", "--json"]).arg(&database)).json();
            prop_assert_eq!(&listed["encodings"], &report["encodings"]);
            prop_assert_eq!(listed["people"].as_array().unwrap().len(), with_encoding);
        }
    }
}

#[test]
fn unusable_folders_build_no_database() {
    let long = format!("{}/1.jpg", "x".repeat(129));
    for (files, expected) in [
        (&[][..], "no photos in"),
        (&["loose.jpg"], "no photos in"),
        (&["Joe/1.jpg", "joe/1.jpg"], "the folders \"Joe\" and \"joe\" differ only in case or in Unicode form"),
        (&["Zo\u{eb}/1.jpg", "Zoe\u{308}/1.jpg"], "differ only in case or in Unicode form"),
        (&[&long], "the name has 129 bytes: shorten it to at most 128"),
        (&["Joe\u{7}/1.jpg"], "the name holds the control character U+0007"),
        (&["Joe/1.jpg"], "no usable photo among 1 photo"),
    ] {
        let files: Vec<(&str, &[u8])> = files.iter().map(|&file| (file, &b"content"[..])).collect();
        refused(made::folder(&files).path(), expected);
    }
    refused(made::folder(&[("people.csv", b"name\nJoe\n")]).path(), "no photos in");
    let file = made::folder(&[("file", b"")]);
    refused(&file.path().join("file"), "cannot read the folder");
    refused(&file.path().join("none"), "cannot read the folder");
}

#[test]
fn an_invalid_people_file_builds_no_database() {
    let long = format!("name\n{}\n", "x".repeat(129));
    for (people, expected) in [
        (long.as_str(), "people.csv line 2: the name has 129 bytes"),
        ("name\nJ\u{1b}oe\n", "people.csv line 2: the name holds the control character U+001B"),
        ("name,note\nJoe,a\u{7}b\n", "people.csv line 2, note: it holds the control character U+0007"),
        ("name\nJoe\nJOE\n", "people.csv lines 2 and 3"),
        ("name,cards\nJoe,1:2;x\n", "people.csv line 2, cards: card 2: it is not a number"),
        ("name,cards\nJoe,1:2\nJim,65538\n", "people.csv lines 2 and 3: \"Joe\" and \"Jim\" have a card in common"),
        ("nick\nJoe\n", "unknown column \"nick\""),
        ("name\nJim\n", "no line for the folders Joe, and there is no folder for its lines Jim"),
    ] {
        refused(made::folder(&[("Joe/1.jpg", &portrait()), ("people.csv", people.as_bytes())]).path(), expected);
    }
}

/// Exit code 2, a message, and no file anywhere.
fn refused(photos: &Path, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let refused = build(photos, &folder.path().join("people.db"), &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{expected}: {refused:?}");
    assert!(refused.stderr.contains(expected), "{} has no {expected:?}", refused.stderr);
    assert!(names_in(folder.path()).is_empty(), "{expected}");
}

#[test]
fn unwritable_output_paths_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (place, expected) in
        [("", "not a regular file"), ("none/people.db", "cannot write"), ("..", "not a regular file")]
    {
        let refused = build(&photos().join("enrol"), &folder.path().join(place), &[]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{place}: {refused:?}");
        assert!(refused.stderr.contains(expected) && refused.stderr.contains("-o"), "{place}: {}", refused.stderr);
    }
    assert!(names_in(folder.path()).is_empty());
}
