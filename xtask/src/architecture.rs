//! `ARCHITECTURE.md` names the tests that guard each rule. A test that was renamed or removed would leave a rule
//! unguarded without anybody noticing.

use std::fs;
use std::path::Path;

/// A test by file and name.
#[derive(Debug, PartialEq)]
struct Guard<'a> {
    file: &'a str,
    test: &'a str,
}

/// Every code span of the shape `folder/file.rs::test`.
fn guards_in(markdown: &str) -> Vec<Guard<'_>> {
    let code_spans = markdown.split('`').skip(1).step_by(2);
    let halves = code_spans.filter_map(|span| span.split_once("::"));
    halves.filter(|(file, _)| file.ends_with(".rs")).map(|(file, test)| Guard { file, test }).collect()
}

#[test]
fn every_guard_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let guards = guards_in(&text);
    assert!(guards.len() > 10, "found only {guards:?}");
    for Guard { file, test } in guards {
        let source = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(source.contains(&format!("fn {test}(")), "{file} has no test {test}");
    }
}

#[test]
fn guards_are_found_among_other_code() {
    let markdown = "`Grant` in `a/b.rs`:\n`a/b.rs::it_holds`, a/c.rs::not_code and `d.rs::it_holds_too`.";
    let expected = [Guard { file: "a/b.rs", test: "it_holds" }, Guard { file: "d.rs", test: "it_holds_too" }];
    assert_eq!(guards_in(markdown), expected);
}
