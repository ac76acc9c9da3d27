//! Files that cannot be used as a database: every verb that is given one refuses it, and build-db does not replace
//! it. The format has property tests of its own, where it lives.

use super::made::altered_database;
use super::{encoder_tool, enrolled, enrolled_photo, names_in};
use std::fs;
use std::path::Path;
use tests::{photos, said};

/// Every verb that reads a database, on this one.
fn refused_by_all(database: &Path, expected: &[&str]) {
    for (verb, mut command) in [
        ("list", encoder_tool(["list"])),
        ("identify", encoder_tool(["identify", "--db"])),
        ("verify", encoder_tool(["verify", "--identity", "Joe Biden", "--db"])),
    ] {
        command.arg(database);
        if verb != "list" {
            command.arg(enrolled_photo());
        }
        let refused = said(&mut command);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{verb}: {refused:?}");
        for expected in expected {
            assert!(refused.stderr.contains(expected), "{verb}: {} has no {expected:?}", refused.stderr);
        }
    }
}

#[test]
fn files_that_are_not_databases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(enrolled()).unwrap();
    let with_control_character = altered_database(&whole, b"Joe Biden", b"Joe\x1bBiden");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (name, content, expected) in [
        ("text.db", &b"not a database"[..], "not a people database"),
        ("empty.db", b"", "not a people database"),
        ("photo.db", b"\xff\xd8\xff\xe0", "not a people database"),
        ("flipped.db", &flipped, "damaged"),
        ("control.db", &with_control_character, "control character U+001B"),
        ("longer.db", &[&whole[..], b"\0"].concat(), "byte"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        refused_by_all(&path, &[name, expected, "help: "]);
    }
    refused_by_all(folder.path(), &["a folder, not a file"]);
    refused_by_all(&folder.path().join("none.db"), &["No such file", "build-db"]);
}

#[test]
fn truncated_databases_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, cut) = (fs::read(enrolled()).unwrap(), folder.path().join("cut.db"));
    let ends = [0, 1, 7, 8, 9, 17, 18, whole.len() - 5, whole.len() - 4, whole.len() - 1];
    for length in ends.into_iter().chain((0..whole.len()).step_by(31)) {
        fs::write(&cut, &whole[..length]).unwrap();
        let refused = said(encoder_tool(["list"]).arg(&cut));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{length} bytes");
        assert!(refused.stderr.contains("byte") || length < 8, "{length} bytes: {}", refused.stderr);
    }
    fs::write(&cut, &whole).unwrap();
    assert_eq!(said(encoder_tool(["list"]).arg(&cut)).code, 0);
}

#[test]
fn a_database_of_another_model_is_refused_with_both_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let hash = said(encoder_tool(["list", "--json"]).arg(enrolled())).json()["model"].as_str().unwrap().to_owned();
    let bytes: Vec<u8> =
        (0..hash.len()).step_by(2).map(|at| u8::from_str_radix(&hash[at..at + 2], 16).unwrap()).collect();
    let other = vec![0xab; bytes.len()];
    let database = folder.path().join("other.db");
    fs::write(&database, altered_database(&fs::read(enrolled()).unwrap(), &bytes, &other)).unwrap();
    for mut command in [encoder_tool(["identify", "--db"]), encoder_tool(["verify", "--identity", "Joe Biden", "--db"])]
    {
        let refused = said(command.arg(&database).arg(enrolled_photo()));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        for expected in [hash.as_str(), &"ab".repeat(bytes.len()), "other.db", "--model"] {
            assert!(refused.stderr.contains(expected), "{} has no {expected}", refused.stderr);
        }
    }
    assert_eq!(said(encoder_tool(["list"]).arg(&database)).code, 0, "who is in it can still be asked");
}

#[test]
fn build_db_replaces_nothing_but_databases() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thesis.txt");
    fs::write(&path, "a year of work").unwrap();
    let refused = said(encoder_tool(["build-db", "-o"]).arg(&path).arg(photos().join("enrol")));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("thesis.txt cannot be used as a people database"), "{}", refused.stderr);
    assert!(refused.stderr.contains("move it away"), "{}", refused.stderr);
    assert_eq!(fs::read(&path).unwrap(), b"a year of work");
    assert_eq!(names_in(folder.path()), ["thesis.txt"]);
}
