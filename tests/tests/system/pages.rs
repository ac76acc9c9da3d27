//! The commands in README.md and in `docs/`: shell blocks are run, and those that cannot be run here are parsed.
//!
//! | fence | what is done with it |
//! |---|---|
//! | `sh` | run by bash, page by page, in a folder of its own with photos of two people |
//! | `sh,unit` | parsed: needs a door unit (root, systemd, a camera, a pin) |
//! | `sh,ssh` | parsed: needs another computer |
//! | `sh,long` | parsed: takes minutes, installs something, asks for a passphrase, or wants photos of many people |
//!
//! Commands in running text (`edge-agent check`) are parsed as well, as far as they go.

use super::encoder_tool::encoder_tool;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tests::{photos, program, said};

/// Markers of shell blocks that are parsed and not run.
const PARSED: [&str; 3] = ["unit", "ssh", "long"];

struct Block {
    line: usize,
    marker: Option<String>,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    pages.extend(["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(|name| root().join(name)));
    pages.sort();
    pages
}

fn shell_blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<bool> = None;
    for (line, number) in page.lines().zip(1..) {
        match (open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let mut words = info.split(',');
                let is_shell = words.next() == Some("sh");
                if is_shell {
                    blocks.push(Block { line: number, marker: words.next().map(str::to_owned), text: String::new() });
                }
                open = Some(is_shell);
            }
            (Some(_), Some(_)) => open = None,
            (Some(true), None) => {
                if let Some(block) = blocks.last_mut() {
                    block.text.extend([line, "\n"]);
                }
            }
            _ => {}
        }
    }
    blocks
}

/// The programs' command lines in a line of shell, without `sudo`, redirections and comments.
fn command_lines(line: &str) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<String>> = vec![Vec::new()];
    let (mut word, mut quote, mut in_word) = (String::new(), None, false);
    for character in line.chars().chain([' ']) {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => word.push(character),
            (None, '\'' | '"') => (quote, in_word) = (Some(character), true),
            (None, '#') if !in_word => break,
            (None, ' ' | '&' | '|' | ';') => {
                if in_word && let Some(last) = lines.last_mut() {
                    last.push(std::mem::take(&mut word));
                }
                in_word = false;
                if character != ' ' {
                    lines.push(Vec::new());
                }
            }
            (None, _) => {
                word.push(character);
                in_word = true;
            }
        }
    }
    lines.iter().filter_map(|words| program_line(words)).collect()
}

fn program_line(words: &[String]) -> Option<Vec<String>> {
    let words = match words {
        [sudo, user, _, rest @ ..] if sudo == "sudo" && user == "-u" => rest,
        [sudo, rest @ ..] if sudo == "sudo" => rest,
        words => words,
    };
    let words = match words {
        [cargo, xtask, ..] if cargo == "cargo" && xtask == "xtask" => &words[1..],
        words => words,
    };
    let ours = words
        .first()
        .is_some_and(|first| ["edge-agent", "edge-link", "encoder-tool", "xtask"].contains(&first.as_str()));
    let end = words.iter().position(|word| word.starts_with(['>', '<'])).unwrap_or(words.len());
    ours.then(|| words[..end].to_vec())
}

/// What is wrong with a command line.
fn refusal(words: &[String]) -> Option<clap::Error> {
    let parsed = match words[0].as_str() {
        "edge-agent" => ::edge_agent::Arguments::try_parse_from(words).err(),
        "edge-link" => ::edge_link::Arguments::try_parse_from(words).err(),
        "encoder-tool" => ::encoder_tool::Arguments::try_parse_from(words).err(),
        _ => xtask::Arguments::try_parse_from(words).err(),
    };
    parsed.filter(|error| !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion))
}

/// Photos of two people, photos to ask about, the public key of a unit, and this workstation's keys unless the page makes
/// them.
fn workplace(makes_keys: bool) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for person in ["Ann Lee", "Bo Chen"] {
        fs::create_dir_all(at("people").join(person)).unwrap();
    }
    for (from, to) in [
        ("enrol/Barack Obama/official_portrait.jpg", "people/Ann Lee/one.jpg"),
        ("enrol/Barack Obama/blue_room.jpg", "people/Ann Lee/two.jpg"),
        ("enrol/Joe Biden/blue_room.jpg", "people/Bo Chen/holiday.jpg"),
        ("door/barack_obama_speaking.jpg", "photo.jpg"),
        ("door/barack_obama_speaking.jpg", "photos/one.jpg"),
    ] {
        fs::create_dir_all(at(to).parent().unwrap()).unwrap();
        fs::copy(photos().join(from), at(to)).unwrap();
    }
    fs::create_dir_all(at("deploy")).unwrap();
    fs::copy(root().join("deploy/config.toml"), at("deploy/config.toml")).unwrap();
    let config = at("unit.toml");
    fs::write(&config, format!("[database]\nidentity = \"{}\"\n", at("device.key").display())).unwrap();
    let made = said(Command::new(program("edge-agent")).args(["keygen", "--config"]).arg(&config));
    assert_eq!(made.code, 0, "{made:?}");
    fs::rename(at("device.key.pub"), at("door-device.pub")).unwrap();
    if !makes_keys {
        let made = said(encoder_tool(["keygen"]).env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME"));
        assert_eq!(made.code, 0, "{made:?}");
    }
    folder
}

#[test]
fn every_shell_block_runs() {
    let mut ran = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let blocks = shell_blocks(&text);
        let script: String = blocks
            .iter()
            .filter(|block| block.marker.is_none())
            .map(|block| format!("echo 'line {}' >&2\n{}", block.line, block.text))
            .collect();
        if script.is_empty() {
            continue;
        }
        let folder = workplace(script.contains("encoder-tool keygen"));
        let programs = program("encoder-tool").parent().map(Path::to_owned).unwrap();
        let mut path = programs.into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut bash = Command::new("bash");
        bash.args(["-euxo", "pipefail", "-c", &script]).current_dir(folder.path());
        bash.env("PATH", path).env("HOME", folder.path()).env_remove("XDG_CONFIG_HOME").env_remove("XDG_CACHE_HOME");
        let ended = said(&mut bash);
        assert_eq!(ended.code, 0, "{}: {}\n{}", page.display(), ended.stdout, ended.stderr);
        ran += 1;
    }
    assert!(ran >= 4, "only {ran} pages have shell blocks that run");
}

#[test]
fn every_command_of_every_block_is_one_of_the_programs() {
    let mut parsed = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for Block { line, marker, text } in shell_blocks(&text) {
            let known = marker.as_deref().is_none_or(|marker| PARSED.contains(&marker));
            assert!(known, "{}:{line}: the marker {marker:?} is none of {PARSED:?}", page.display());
            let joined = text.replace("\\\n", " ");
            for words in joined.lines().flat_map(command_lines) {
                parsed += 1;
                if let Some(error) = refusal(&words) {
                    panic!("{}:{line}: {}\n{error}", page.display(), words.join(" "));
                }
            }
        }
    }
    assert!(parsed > 60, "only {parsed} commands");
}

#[test]
fn commands_in_running_text_exist() {
    let mut parsed = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let text: String = text.lines().filter(|line| !line.starts_with("```")).collect::<Vec<_>>().join("\n");
        for span in text.split('`').skip(1).step_by(2).filter(|span| !span.contains('…')) {
            let span = span.replace('\n', " ");
            for words in command_lines(&span).into_iter().filter(|words| words.len() > 1) {
                parsed += 1;
                let incomplete = [
                    ErrorKind::MissingRequiredArgument,
                    ErrorKind::MissingSubcommand,
                    ErrorKind::InvalidValue,
                    ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                ];
                match refusal(&words) {
                    Some(error) if !incomplete.contains(&error.kind()) => {
                        panic!("{}: `{span}`\n{error}", page.display())
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(parsed > 60, "only {parsed} commands");
}

/// The examples in a command's help and in that of its subcommands.
fn examples_of(command: &clap::Command) -> Vec<String> {
    let last = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let examples = last.split("\n\n").find_map(|part| part.strip_prefix("Examples:\n")).unwrap_or_default();
    // What an example does stands behind it, after several spaces.
    let lines = examples.lines().filter_map(|line| line.trim().split("   ").next()).map(str::to_owned);
    lines.chain(command.get_subcommands().flat_map(examples_of)).collect()
}

#[test]
fn every_example_in_help_is_a_command_of_the_program() {
    let commands =
        [::edge_agent::Arguments::command(), ::edge_link::Arguments::command(), ::encoder_tool::Arguments::command()];
    let examples: Vec<String> = commands.iter().flat_map(examples_of).collect();
    assert!(examples.len() > 20, "{examples:?}");
    for example in examples {
        let lines = command_lines(&example);
        assert_eq!(lines.len(), 1, "{example}");
        // Public keys of units are read while the line is parsed.
        let is_wrong = refusal(&lines[0]).filter(|error| error.kind() != ErrorKind::ValueValidation);
        assert!(is_wrong.is_none(), "{example}: {is_wrong:?}");
    }
}

#[test]
fn commands_are_found_in_a_line() {
    for (line, expected) in [
        ("sudo edge-agent check && sudo edge-agent doctor  # both", "edge-agent check/edge-agent doctor"),
        ("sudo -u edge-agent cat key > door.pub", ""),
        ("edge-agent audit export --head-only > door.head", "edge-agent audit export --head-only"),
        ("encoder-tool forget \"Ann Lee\" --db people.db", "encoder-tool forget Ann Lee --db people.db"),
        ("cargo xtask fuzz database", "xtask fuzz database"),
        ("ssh pi@door sudo apt install ./edge-agent.deb", ""),
    ] {
        let found: Vec<String> = command_lines(line).iter().map(|words| words.join(" ")).collect();
        assert_eq!(found.join("/"), expected, "{line}");
    }
}
