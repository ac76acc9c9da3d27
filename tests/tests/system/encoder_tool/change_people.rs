//! An office changes people from the shell: cards, a new name, somebody less. The database follows at the next build.

use super::made::put;
use super::{build, encoder_tool};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tests::{Said, photos, said};

/// A folder `people` with the project's photos.
fn office() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for person in fs::read_dir(photos().join("enrol")).unwrap() {
        let person = person.unwrap();
        for photo in fs::read_dir(person.path()).unwrap() {
            let (photo, name) = (photo.unwrap(), person.file_name().into_string().unwrap());
            let place = format!("people/{name}/{}", photo.file_name().to_str().unwrap());
            put(folder.path(), &place, &fs::read(photo.path()).unwrap());
        }
    }
    folder
}

fn people<const COUNT: usize>(folder: &Path, arguments: [&str; COUNT]) -> Said {
    said(encoder_tool(["people"]).args(arguments).args(["--photos", "people"]).current_dir(folder))
}

/// The person with this name in the database, built from the folder as it is.
fn built(folder: &Path, name: &str) -> Option<Value> {
    let (photos, database) = (folder.join("people"), folder.join("people.db"));
    let report = build(&photos, &database, &["--for", "all"]);
    assert_eq!(report.code, 0, "{report:?}");
    let list = said(encoder_tool(["list", "--json"]).arg(&database));
    let people = list.json()["people"].as_array().unwrap().clone();
    people.into_iter().find(|person| person["name"] == name)
}

#[test]
fn a_renamed_person_is_the_same_person_at_the_door() {
    let folder = office();
    let before = built(folder.path(), "Joe Biden").unwrap();
    let renamed = people(folder.path(), ["rename", "joe biden", "Joe B.", "--db", "people.db", "--json"]);
    assert_eq!((renamed.code, &renamed.json()["id"]), (0, &before["id"]), "{renamed:?}");
    let after = built(folder.path(), "Joe B.").unwrap();
    assert_eq!((&after["id"], &after["encodings"]), (&before["id"], &before["encodings"]));
    assert_eq!(built(folder.path(), "Joe Biden"), None);
    let again = people(folder.path(), ["rename", "Joe Biden", "Joe"]);
    assert!(again.code == 1 && again.stdout.contains("nobody in people is called Joe Biden"), "{again:?}");
}

#[test]
fn a_field_is_set_and_a_wrong_value_changes_nothing() {
    let folder = office();
    let set = people(folder.path(), ["set", "Joe Biden", "--cards", "0008108654", "--mode", "card-and-face"]);
    assert!(set.code == 0 && set.stdout.contains("changed mode, cards in people.csv"), "{set:?}");
    let person = built(folder.path(), "Joe Biden").unwrap();
    assert_eq!((&person["mode"], &person["cards"]), (&"card_and_face".into(), &1.into()), "{person}");
    let table = fs::read_to_string(folder.path().join("people/people.csv")).unwrap();
    assert_eq!(table, "name,mode,cards\nJoe Biden,card-and-face,0008108654\n");
    let other = people(folder.path(), ["set", "Barack Obama", "--cards", "0008108654"]);
    assert!(other.code == 2 && other.stderr.contains("a card can belong to only one person"), "{other:?}");
    for (arguments, expected) in [
        (["set", "Joe Biden", "--mode", "sesame"], "\"sesame\" is none of"),
        (["set", "Joe Biden", "--valid-to", "soon"], "neither a day"),
        (["set", "\u{7}", "--note", "x"], "control character"),
        (["rename", "Joe Biden", "..", "--json"], "cannot be the name of a folder"),
        (["rename", "Joe Biden", "Barack Obama", "--json"], "Barack Obama is there already"),
    ] {
        let refused = people(folder.path(), arguments);
        assert!(refused.code == 2 && refused.stderr.contains(expected), "{arguments:?}: {refused:?}");
        assert_eq!(fs::read_to_string(folder.path().join("people/people.csv")).unwrap(), table);
    }
    assert_eq!(people(folder.path(), ["set", "Joe Biden"]).code, 2);
}

#[test]
fn the_first_basis_locks_out_nobody() {
    let folder = office();
    built(folder.path(), "Joe Biden").unwrap();
    let set = people(folder.path(), ["set", "Joe Biden", "--basis", "consent", "--informed-on", "2027-01-31"]);
    assert_eq!(set.code, 0, "{set:?}");
    let table = fs::read_to_string(folder.path().join("people/people.csv")).unwrap();
    let expected = "name,basis,informed_on\nJoe Biden,consent,2027-01-31\nBarack Obama,not recorded yet,\n";
    assert_eq!(table, expected);
    assert!(built(folder.path(), "Barack Obama").is_some());
}

#[test]
fn a_removed_person_is_gone_from_folder_cache_and_next_database() {
    let folder = office();
    built(folder.path(), "Joe Biden").unwrap();
    people(folder.path(), ["set", "Joe Biden", "--note", "x"]);
    let removed = people(folder.path(), ["remove", "Joe Biden"]);
    assert_eq!(removed.code, 0, "{removed:?}");
    for part in ["erased      people/Joe Biden with", "in the cache", "the line in people.csv", "build the database"] {
        assert!(removed.stdout.contains(part), "{part}: {removed:?}");
    }
    assert!(!folder.path().join("people/Joe Biden").exists());
    assert_eq!(built(folder.path(), "Joe Biden"), None);
    assert_eq!(people(folder.path(), ["remove", "Joe Biden"]).code, 1);
}
