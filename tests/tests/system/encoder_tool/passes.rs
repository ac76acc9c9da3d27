//! Visitor passes on the workstation.

use super::encoder_tool;
use std::path::Path;
use tests::{Said, said};

fn pass(folder: &Path, arguments: &[&str]) -> Said {
    said(encoder_tool(["pass"]).args(arguments).current_dir(folder).env("XDG_CONFIG_HOME", folder))
}

fn issue(folder: &Path, from: &str, to: &str, doors: &[&str]) -> Said {
    let arguments = ["issue", "--name", "Vera Visitor", "--from", from, "--to", to, "-o", "pass.png", "--door"];
    pass(folder, &[&arguments[..], doors].concat())
}

/// Regression test: revoking and erasing made an empty passes.toml in the wrong folder.
#[test]
fn where_there_are_no_passes_none_are_written() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(pass(folder.path(), &["revoke", "Vera Visitor"]).code, 1);
    assert_eq!(pass(folder.path(), &["forget", "--ended-days-ago", "30"]).code, 0);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_pass_that_cannot_be_meant_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(pass(folder.path(), &["keygen"]).code, 0);
    let (unit, other) = ("5f0c-8a71-0000-1111-2222", "6f0c-8a71-0000-1111-2222");
    let (from, to) = ("2099-03-02T09:00", "2099-03-02T17:00");
    for (from, to, doors, expected, help) in [
        (from, "2099-03-02T17:00[America/New_York]", &[unit][..], "is not a time", "a time with Z or an offset"),
        (from, "20990302", &[unit], "is not a time", "use a day (2027-01-31)"),
        (to, from, &[unit], "would end", "a later time with --to"),
        ("1969-01-01", to, &[unit], "cannot begin at this time", "another time with --from"),
        (from, "2101-03-02", &[unit], "366 days", "other times with --from and --to"),
        (from, to, &[unit, other], "cannot be counted", "give --uses any"),
    ] {
        let refused = issue(folder.path(), from, to, doors);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(refused.stderr.contains(expected) && refused.stderr.contains(help), "{refused:?}");
    }
    assert!(!folder.path().join("passes.toml").exists() && !folder.path().join("pass.png").exists());
    let issued = issue(folder.path(), from, to, &[unit]);
    assert_eq!(issued.code, 0, "{issued:?}");
    assert_eq!(pass(folder.path(), &["revoke", "Vera Visitor"]).code, 0);
}
