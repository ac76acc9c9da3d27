//! Runs other programs, and prints each command first or captures its output.
//!
//! `xshell` was not enough: its last stable version (0.2.7) covers only [`run`] and [`succeeds`]. It returns either the
//! exit code or the output, not both with stderr passed through ([`answer_of`], [`run_to_any_end`]); it prints every
//! argument, and some commands here have hundreds of photos; and it cannot start a program without waiting for it.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::process::{Command, ExitStatus, Stdio};

/// A command from a program and its arguments.
pub(crate) fn command<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// A cargo command, with the cargo that started this program if there is one.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    command(&cargo, arguments)
}

/// Prints the command and runs it. Its output is passed through.
///
/// # Errors
/// If it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = run_to_any_end(command)?;
    if !status.success() {
        bail!("{} ended with {status}", in_words(command));
    }
    Ok(())
}

/// Like [`run`], but accepts any exit status.
///
/// # Errors
/// If it cannot be started.
pub(crate) fn run_to_any_end(command: &mut Command) -> Result<ExitStatus> {
    println!("$ {}", in_words(command));
    command.status().with_context(|| format!("cannot start {}", in_words(command)))
}

/// The stdout of a command that exits with one of the codes `expected`. Its stderr is passed through.
///
/// # Errors
/// If it cannot be started, exits with another code, or prints invalid UTF-8.
pub(crate) fn answer_of(command: &mut Command, expected: &[i32]) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {}", in_words(command)))?;
    if !output.status.code().is_some_and(|code| expected.contains(&code)) {
        bail!("{} ended with {}", in_words(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{}: its output is not text", in_words(command)))
}

/// Whether the command can be started and succeeds. Its output is discarded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// The maximum number of arguments that are printed; the rest are only counted.
const SHOWN_ARGUMENTS: usize = 20;

/// The command as it would be typed in a shell.
pub(crate) fn in_words(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = match program.is_absolute() {
        true => program.file_name().unwrap_or(program.as_os_str()),
        false => program.as_os_str(),
    };
    let words = std::iter::once(name).chain(command.get_args().take(SHOWN_ARGUMENTS));
    let shown = words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ");
    match command.get_args().count().saturating_sub(SHOWN_ARGUMENTS) {
        0 => shown,
        more => format!("{shown} … and {more} more"),
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_words_can_be_typed() {
        for (program, arguments, expected) in [
            ("/usr/bin/cargo", vec!["test"], "cargo test"),
            ("target/release/encoder-tool", vec!["list", "a b.db"], "target/release/encoder-tool list 'a b.db'"),
            ("echo", vec!["it's", ""], r"echo 'it'\''s' ''"),
        ] {
            assert_eq!(in_words(&command(program, arguments)), expected);
        }
    }

    #[test]
    fn only_an_expected_end_gives_an_answer() {
        let ends = |code: u8| command("sh", ["-c".to_owned(), format!("echo heard; exit {code}")]);
        assert_eq!(answer_of(&mut ends(1), &[0, 1]).unwrap(), "heard\n");
        assert!(answer_of(&mut ends(2), &[0, 1]).is_err());
        assert!(answer_of(&mut command("/no/such/program", [""; 0]), &[0]).is_err());
    }
}
