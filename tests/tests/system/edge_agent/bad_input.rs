//! What a unit must not be let down by: each is a message and exit code 2, and no door moves.

use super::super::encoder_tool::enrolled;
use super::{another_model, at_the_door, edge_agent, one_file, simulate};
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::{program, said};

#[test]
fn frames_that_cannot_be_shown_are_named_and_the_others_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(at_the_door("barack_obama_speaking.jpg")).unwrap();
    fs::write(folder.path().join("1.jpg"), "not a photo").unwrap();
    fs::write(folder.path().join("2.jpg"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.path().join("3.jpg"), &whole).unwrap();
    let shown = said(&mut simulate(folder.path()));
    assert_eq!(shown.code, 2, "{shown:?}");
    assert!(shown.stderr.contains("1.jpg") && shown.stderr.contains("2.jpg"), "{}", shown.stderr);
    assert!(shown.stdout.contains("3.jpg: It's Barack Obama"), "{}", shown.stdout);
    let lines = said(simulate(folder.path()).arg("--json")).json_lines();
    assert!(lines[0]["error"].is_string() && lines[1]["error"].is_string(), "{lines:?}");
    assert_eq!(lines.last().unwrap()["decision"], "grant");
}

#[test]
fn places_without_frames() {
    let empty = tempfile::tempdir().unwrap();
    for (frames, expected) in [(empty.path(), "no files"), (Path::new("/nowhere"), "cannot read /nowhere")] {
        let refused = said(&mut simulate(frames));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
}

#[test]
fn databases_that_cannot_be_trusted() {
    let whole = fs::read(enrolled()).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (content, expected) in
        [(&whole[..whole.len() - 1], "byte"), (&flipped[..], "damaged"), (b"", "not a people database")]
    {
        let (_folder, database) = one_file("people.db", content);
        let mut command = edge_agent(["simulate", "--json", "--frames"]);
        let refused = said(command.arg(at_the_door("barack_obama_speaking.jpg")).arg("--db").arg(database));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains("people.db") && refused.stderr.contains(expected), "{}", refused.stderr);
    }
}

/// Invariant 4: a database names the model it was made with.
#[test]
fn a_database_of_another_model_is_refused_with_both_hashes() {
    let other = another_model();
    let photo = at_the_door("barack_obama_speaking.jpg");
    let refused = said(simulate(&photo).arg("--model").arg(other.path()));
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
    let is_hash = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hashes: Vec<&str> = refused.stderr.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_hash).collect();
    assert!(hashes.len() == 2 && hashes[0] != hashes[1], "{}", refused.stderr);
}

#[test]
fn a_log_that_cannot_be_continued() {
    let (folder, log) = one_file("audit.jsonl", "dear diary\n");
    for (log, expected) in
        [(log.as_path(), "audit.jsonl"), (folder.path(), "not a file"), (Path::new("/dev/zero"), "not a file")]
    {
        let refused = said(simulate(&at_the_door("wall.jpg")).arg("--audit").arg(log));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains(expected) && refused.stderr.contains("help: "), "{}", refused.stderr);
    }
    assert_eq!(fs::read(log).unwrap(), b"dear diary\n");
}

/// Invariant 3: with nowhere to write the record, somebody enrolled stands before a door that stays locked. A limit on
/// the size of files stands in for the full disk.
#[cfg(unix)]
#[test]
fn a_full_disk_keeps_the_door_locked() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"]).arg(program("edge-agent"));
    shell.args(["simulate", "--json", "--db"]).arg(enrolled()).arg("--audit").arg(folder.path().join("audit.jsonl"));
    let refused = said(shell.arg("--frames").arg(at_the_door("barack_obama_speaking.jpg")));
    assert_eq!(refused.code, 1, "{refused:?}");
    let lines = refused.json_lines();
    for line in &lines {
        assert_eq!((&line["decision"], &line["door"]), (&"deny".into(), &"locked".into()), "{line}");
    }
    assert!(lines.iter().any(|line| line["reason"] == "not_recorded"), "{lines:?}");
}
