//! Prints answers on stdout, as text or JSON.

use crate::colour::{Tone, of_stdout, toned};
use crate::visible::visible;
use anyhow::Context;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

/// The schema version of all printed JSON objects.
const SCHEMA: u8 = 1;

#[derive(Serialize)]
struct Versioned<'a, T> {
    schema: u8,
    #[serde(flatten)]
    answer: &'a T,
}

/// Formats the answer as one line of JSON, with `"schema": 1` before its own keys.
///
/// # Errors
/// If `answer` cannot be serialised as a JSON object.
pub fn to_json(answer: &impl Serialize) -> anyhow::Result<String> {
    serde_json::to_string(&Versioned { schema: SCHEMA, answer }).context("cannot write the answer as JSON")
}

/// Prints a line, with control characters escaped as `\u001b` and the like. A closed pipe is not an error.
///
/// # Errors
/// If stdout cannot be written.
pub fn print(line: &str) -> anyhow::Result<()> {
    write_line(&visible(line))
}

/// Prints a line like [`print()`], in colour if stdout is a terminal and `NO_COLOR` is not set.
///
/// # Errors
/// As [`print()`].
pub fn print_toned(tone: Tone, line: &str) -> anyhow::Result<()> {
    write_line(&toned(&visible(line), tone, of_stdout()))
}

fn write_line(line: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// Prints the answer as one line of JSON.
///
/// # Errors
/// As [`to_json`] and [`print()`].
pub fn print_json(answer: &impl Serialize) -> anyhow::Result<()> {
    print(&to_json(answer)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_carries_the_schema() {
        #[derive(Serialize)]
        struct Answer {
            distance: Option<f32>,
        }
        assert_eq!(to_json(&Answer { distance: Some(0.25) }).unwrap(), r#"{"schema":1,"distance":0.25}"#);
        assert_eq!(to_json(&Answer { distance: None }).unwrap(), r#"{"schema":1,"distance":null}"#);
    }
}
