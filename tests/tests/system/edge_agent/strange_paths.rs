//! Names of files that would forge lines, colours or directions of what is said about them.

use super::super::encoder_tool::{encoder_tool, enrolled};
use super::running::{configuration_with, photos_of};
use super::{at_the_door, edge_agent};
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::{Said, photos, said};

/// A line feed, an escape sequence and a mark that turns the direction of writing.
const STRANGE: &str = "a\nerror: forged\u{1b}[31m\u{202e}\tb";
const SHOWN: &str = r"a\u000aerror: forged\u001b[31m\u202e\u0009b";

/// Commands that cannot do what they are asked for, each over a path of that name.
fn refused(folder: &Path) -> Vec<(&'static str, Said)> {
    let strange = folder.join(STRANGE);
    let (text, photo) = (strange.join("text"), at_the_door("barack_obama_speaking.jpg"));
    fs::create_dir(&strange).unwrap();
    fs::write(&text, "no = [such file").unwrap();
    let of = |mut command: Command, paths: &[&Path]| said(command.args(paths));
    let missing = strange.join("missing");
    // In TOML, a string in JSON's form is the same string.
    let configured = |key: &str, path: &Path| {
        let config = configuration_with(folder, enrolled(), &photos_of(&photos().join("door")));
        let quoted = serde_json::to_string(path.to_str().unwrap()).unwrap();
        let text = fs::read_to_string(&config).unwrap();
        let lines = text.lines().map(|line| match line.starts_with(&format!("{key} = ")) {
            true => format!("{key} = {quoted}\n"),
            false => format!("{line}\n"),
        });
        fs::write(&config, lines.collect::<String>()).unwrap();
        config
    };
    vec![
        ("build-db of nothing", of(encoder_tool(["build-db", "-o"]), &[&folder.join("x.db"), &missing])),
        (
            "build-db into a folder",
            of(encoder_tool(["build-db", "--for=all", "-o"]), &[&strange, &photos().join("enrol")]),
        ),
        ("one path too many", of(edge_agent(["status", "--json"]), &[&strange])),
        ("a number that is none", of(encoder_tool(["build-db", "--fpir"]), &[&strange])),
        ("identify in nothing", of(encoder_tool(["identify", "--db"]), &[&missing, &photo])),
        ("identify in text", of(encoder_tool(["identify", "--db"]), &[&text, &photo])),
        ("identify text", of(encoder_tool(["identify", "--db"]), &[enrolled(), &text])),
        ("list of text", of(encoder_tool(["list"]), &[&text])),
        ("compare with nothing", of(encoder_tool(["compare"]), &[&photo, &missing])),
        (
            "a model that is none",
            of(encoder_tool(["identify", "--db"]), &[enrolled(), &photo, "--model".as_ref(), &strange]),
        ),
        ("check of no configuration", of(edge_agent(["check", "--config"]), &[&missing])),
        ("check of a broken configuration", of(edge_agent(["check", "--config"]), &[&text])),
        ("check of a missing database", of(edge_agent(["check", "--config"]), &[&configured("path", &missing)])),
        ("check of a missing key", of(edge_agent(["check", "--config"]), &[&configured("key", &text)])),
        ("status of no unit", of(edge_agent(["status", "--socket"]), &[&missing])),
        ("status of no configuration", of(edge_agent(["status", "--config"]), &[&missing])),
        ("audit of no log", of(edge_agent(["audit", "verify", "--log"]), &[&missing])),
        ("simulation of text", of(edge_agent(["simulate", "--db"]), &[enrolled(), "--frames".as_ref(), &text])),
    ]
}

/// `Path::display` printed names as they are; what printed paths in another way was the exception.
#[test]
fn a_path_cannot_add_lines_to_a_message() {
    let folder = tempfile::tempdir().unwrap();
    for (what, said) in refused(folder.path()) {
        assert_eq!(said.code, 2, "{what}: {said:?}");
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(all.contains(SHOWN), "{what}: {said:?}");
        assert!(!all.contains(['\u{1b}', '\u{202e}', '\t']), "{what}: {said:?}");
        assert!(!all.lines().any(|line| line.starts_with("error: forged")), "{what}: {said:?}");
    }
}
