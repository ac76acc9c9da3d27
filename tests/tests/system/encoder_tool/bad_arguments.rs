//! Names and options that cannot be meant: exit code 2 and what to do.

use super::{encoder_tool, enrolled, enrolled_photo};
use tests::said;

#[test]
fn invalid_and_unknown_identities_are_refused() {
    let too_long = "x".repeat(129);
    for (identity, expected) in [
        (too_long.as_str(), "--identity: the name has 129 bytes: shorten it to at most 128"),
        ("Joe\u{1b}[2JBiden", "--identity: the name holds the control character U+001B at byte 3: remove it"),
        ("Joe\nBiden", "U+000A"),
        ("Joe\u{202e}Biden", "U+202E"),
        ("", "--identity: the name is empty"),
        ("Eileen Collins", "nobody called Eileen Collins is enrolled"),
    ] {
        let refused =
            said(encoder_tool(["verify", "--identity", identity, "--db"]).arg(enrolled()).arg(enrolled_photo()));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{identity:?}");
        assert!(refused.stderr.contains(expected), "{identity:?}: {}", refused.stderr);
        assert!(!refused.stderr.contains('\u{1b}') && !refused.stderr.contains('\u{202e}'), "{:?}", refused.stderr);
    }
}

#[test]
fn incomplete_command_lines_are_refused() {
    for arguments in [&[][..], &["frobnicate"], &["list"], &["compare", "a.jpg"], &["list", "a.db", "-q", "-v"]] {
        let refused = said(encoder_tool([]).args(arguments));
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(refused.stderr.contains("Usage:"), "{arguments:?}: {}", refused.stderr);
    }
    for threshold in ["2.5", "-1", "NaN", "70%"] {
        let refused = said(encoder_tool(["compare", "a.jpg", "b.jpg"]).arg(format!("--threshold={threshold}")));
        assert_eq!(refused.code, 2, "{threshold}");
        assert!(refused.stderr.contains("from 0 to 2; smaller is stricter"), "{threshold}: {}", refused.stderr);
    }
}

#[test]
fn invalid_models_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for model in [folder.path(), &folder.path().join("none"), enrolled()] {
        let refused =
            said(encoder_tool(["compare"]).args([enrolled_photo(), enrolled_photo()]).arg("--model").arg(model));
        assert_eq!(refused.code, 2, "{}", model.display());
        assert!(refused.stderr.contains("encoder-tool model import"), "{}", refused.stderr);
    }
}
