//! Disks that are full: the old database is still there and whole, and nothing lies beside it.

use super::{encoder_tool, enrolled, made, names_in, with_own_cache};
use std::fs;
use std::process::{Command, Stdio};
use tests::{program, said};

/// A limit on the size of files stands in for the full disk: it needs no disk, and refuses the same writes. Left alone,
/// it would end the program in the middle of one.
#[cfg(unix)]
#[test]
fn a_failed_write_keeps_the_old_database() {
    let people = format!("name,note\nJoe,{}\n", "a long story ".repeat(30));
    let photos = made::folder(&[("Joe/1.jpg", &made::portrait()), ("people.csv", people.as_bytes())]);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("people.db");
    fs::copy(enrolled(), &database).unwrap();
    let old = fs::read(&database).unwrap();
    let build = |blocks: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -f \"$0\" && exec \"$@\"", blocks]).arg(program("encoder-tool"));
        said(with_own_cache(&mut shell).args(["build-db", "-o"]).arg(&database).arg(photos.path()))
    };
    // Blocks of 512 bytes: nothing can be written, or only a part.
    for blocks in ["0", "1"] {
        let refused = build(blocks);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{blocks} blocks: {refused:?}");
        assert!(refused.stderr.contains("what was there before is unchanged"), "{}", refused.stderr);
        assert!(
            refused.stderr.contains("people.db") && refused.stderr.contains("help: make room"),
            "{}",
            refused.stderr
        );
        assert_eq!(fs::read(&database).unwrap(), old, "{blocks} blocks");
        assert_eq!(names_in(folder.path()), ["people.db"], "{blocks} blocks");
    }
    let built = build("1000");
    assert_eq!(built.code, 0, "{built:?}");
    assert!(fs::read(&database).unwrap().len() > 512, "else a block would have done");
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    for json in [&[][..], &["--json"]] {
        let mut list = encoder_tool(["list"]);
        let status = list.arg(enrolled()).args(json).stdout(full()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(2));
    }
    let refused = said(encoder_tool(["build-db", "-o", "/dev/full"]).arg(tests::photos().join("enrol")));
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("cannot replace /dev/full: it is not a regular file"), "{}", refused.stderr);
}
