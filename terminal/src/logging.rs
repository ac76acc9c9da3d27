//! Log messages on stderr and their verbosity. Answers go to stdout: see `output`.

use crate::colour::{Tone, of_stderr, toned};
use crate::visible::visible;
use anstream::ColorChoice;
use clap::{ArgAction, Args};
use std::io::{self, Write};
use tracing::level_filters::LevelFilter;

/// The verbosity of the messages on stderr.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Verbosity {
    /// Print more messages on stderr; may be repeated
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Print only errors on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

impl Verbosity {
    /// Only errors.
    pub const QUIET: Self = Self { verbose: 0, quiet: true };

    /// Whether to print only errors.
    pub fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether to print more messages.
    pub fn is_verbose(self) -> bool {
        self.verbose > 0
    }

    /// Prints a line on stderr, unless the verbosity is quiet.
    pub fn note(self, line: &str) {
        if !self.quiet {
            say(line);
        }
    }
}

/// Starts the log: warnings by default, more with `-v`, only errors with `-q`.
pub fn start_log(verbosity: Verbosity) {
    let level = match (verbosity.quiet, verbosity.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        // Otherwise the logger reports failed writes to stderr on stderr, and panics.
        .log_internal_errors(false)
        .with_writer(io::stderr)
        .with_ansi(of_stderr() != ColorChoice::Never)
        .with_target(verbosity.verbose > 1)
        .without_time();
    // In tests, a second start keeps the first log.
    log.try_init().ok();
}

/// Prints a line on stderr, with control characters escaped as `\u001b` and the like. Ignores write errors, which could
/// not be reported.
pub fn say(line: &str) {
    writeln!(io::stderr().lock(), "{}", visible(line)).ok();
}

/// Prints an error on stderr, in lines that begin with `error:` and `help:`. On a terminal, these two words are
/// coloured.
pub(crate) fn say_error(lines: &str) {
    let coloured: Vec<String> = lines.lines().map(|line| with_coloured_label(line, of_stderr())).collect();
    writeln!(io::stderr().lock(), "{}", coloured.join("\n")).ok();
}

fn with_coloured_label(line: &str, choice: ColorChoice) -> String {
    for (label, tone) in [("error:", Tone::Bad), ("help:", Tone::Good)] {
        if let Some(rest) = line.strip_prefix(label) {
            return format!("{}{}", toned(label, tone, choice), visible(rest));
        }
    }
    visible(line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_coloured_and_texts_of_others_are_not() {
        for (line, choice, expected) in [
            ("error: no", ColorChoice::Never, "error: no"),
            ("error: no", ColorChoice::AlwaysAnsi, "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m no"),
            ("a \u{1b}[2J", ColorChoice::AlwaysAnsi, "a \\u001b[2J"),
        ] {
            assert_eq!(with_coloured_label(line, choice), expected);
        }
    }
}
