//! Tests of the source tree. The tests named in documents exist, so that renaming one does not leave a statement
//! unguarded. `unsafe` appears only in the listed files. Words that made sentences hard to read do not return.

use std::fs;
use std::path::{Path, PathBuf};

/// A test, by file and name.
#[derive(Debug, PartialEq)]
struct Guard<'a> {
    file: &'a str,
    test: &'a str,
}

/// Every code span of the form `folder/file.rs::test`.
fn guards_in(markdown: &str) -> Vec<Guard<'_>> {
    let code_spans = markdown.split('`').skip(1).step_by(2);
    let halves = code_spans.filter_map(|span| span.split_once("::"));
    halves.filter(|(file, _)| file.ends_with(".rs")).map(|(file, test)| Guard { file, test }).collect()
}

#[test]
fn every_guard_exists() {
    for document in ["docs/invariants.md", "docs/past-attacks.md", "docs/degraded-modes.md", "docs/threat-model.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let guards = guards_in(&text);
        assert!(guards.len() > 10, "{document}: found only {guards:?}");
        for Guard { file, test } in guards {
            let source = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(source.contains(&format!("fn {test}(")), "{document}: {file} has no test {test}");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that allow `unsafe`: arithmetic with processor instructions, each with its reason. The workspace denies it
/// everywhere else.
#[test]
fn unsafe_code_stays_where_the_arithmetic_is() {
    let members = members();
    let files: Vec<PathBuf> =
        members.iter().filter(|name| *name != "xtask").flat_map(|name| sources_in(&root().join(name))).collect();
    assert!(files.len() > 200, "only {} files", files.len());
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let allows = source.lines().any(|line| line.contains("(unsafe_code") && !line.contains("forbid("));
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        let is_arithmetic = shown.starts_with("kernels/src/");
        assert!(!allows || is_arithmetic, "{shown} allows unsafe code");
        assert!(!allows || source.contains("reason = "), "{shown} does not say why it allows unsafe code");
    }
    for manifest in &members {
        let text = fs::read_to_string(root().join(manifest).join("Cargo.toml")).unwrap();
        assert!(
            text.contains("[lints]\nworkspace = true"),
            "{manifest}/Cargo.toml does not take the workspace's lints"
        );
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"deny\""));
}

/// The folders of the workspace's crates.
fn members() -> Vec<String> {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = workspace.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let members: Vec<String> = members.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
    assert!(members.len() > 10, "{members:?}");
    members
}

fn sources_in(folder: &Path) -> Vec<PathBuf> {
    let mut sources = files_in(folder, &|_| true);
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources
}

/// All files below a folder. Descends only into folders for which `entered` is true.
fn files_in(folder: &Path, entered: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files = Vec::new();
    for path in entries {
        match path.is_dir() {
            true if entered(&path) => files.extend(files_in(&path, entered)),
            true => {}
            false => files.push(path),
        }
    }
    files
}

/// Old-fashioned or terse words that are hard to read, and what to write instead.
const HARD_WORDS: [(&str, &str); 6] = [
    ("whoever", "anybody who, the person who"),
    ("whom", "who, that"),
    ("whomever", "anybody that"),
    ("so many", "this many, at most N"),
    ("so much", "this much"),
    ("what is no", "what is not a"),
];

/// A line in existing key files, which must not change.
const KEY_FILE_LINE: &str = "SECRET half: whoever has it decides who comes in";

/// The words of the list that occur in a text: whole words, also as parts of an identifier.
fn stumbled_over(text: &str) -> Vec<&'static str> {
    let words = text.to_lowercase().replace(|character: char| !character.is_alphanumeric(), " ");
    let words = format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" "));
    let stands = |word: &&str| words.contains(&format!(" {word} "));
    HARD_WORDS.iter().map(|(word, _)| *word).filter(stands).collect()
}

/// All text files written for this project.
fn texts() -> Vec<PathBuf> {
    let read = ["rs", "md", "toml", "sh", "service", "postinst", "postrm", "prerm"];
    let is_read = |path: &Path| {
        let ending = path.extension().or(path.file_name()).and_then(|ending| ending.to_str());
        ending.is_some_and(|ending| read.contains(&ending))
    };
    let mut texts = files_in(&root(), &|folder| !folder.ends_with("target") && !is_hidden(folder));
    texts.retain(|path| is_read(path));
    assert!(texts.len() > 300, "only {} files", texts.len());
    texts
}

#[test]
fn texts_are_as_editorconfig_wants_them() {
    let seeds = root().join("fuzz/seeds");
    for path in texts().iter().filter(|path| !path.starts_with(&seeds)) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{}: no line feed at the end", path.display());
        for (line, number) in text.split('\n').zip(1..) {
            let is_clean = line.trim_end() == line && !line.contains('\t');
            assert!(is_clean, "{}:{number}: a tab, a carriage return or white space at the end", path.display());
        }
    }
}

#[test]
fn words_that_readers_stumbled_over_are_not_used() {
    for path in texts().iter().filter(|path| !path.ends_with(file!())) {
        let text = fs::read_to_string(path).unwrap();
        for (line, number) in text.lines().zip(1..) {
            let found = stumbled_over(&line.replace(KEY_FILE_LINE, ""));
            assert!(found.is_empty(), "{}:{number}: {found:?} in: {line}; see HARD_WORDS", path.display());
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with('.'))
}

#[test]
fn words_are_found_whole() {
    for (line, expected) in [
        ("Whom it lets in; so\tmany of them", &["whom", "so many"][..]),
        ("fn says_for_whom_it_is()", &["whom"]),
        ("what is not a photo, also many so", &[]),
    ] {
        assert_eq!(stumbled_over(line), expected, "{line}");
    }
}

#[test]
fn guards_are_found_among_other_code() {
    let markdown = "`Grant` in `a/b.rs`:\n`a/b.rs::it_holds`, a/c.rs::not_code and `d.rs::it_holds_too`.";
    let expected = [Guard { file: "a/b.rs", test: "it_holds" }, Guard { file: "d.rs", test: "it_holds_too" }];
    assert_eq!(guards_in(markdown), expected);
}
