//! Log messages on stderr and their verbosity. Answers go to stdout: see `output`.

use crate::visible::visible;
use clap::{ArgAction, Args};
use std::io::{self, IsTerminal, Write};
use tracing::level_filters::LevelFilter;

/// The verbosity of the messages on stderr.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Verbosity {
    /// Say more on stderr; may be repeated
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

impl Verbosity {
    /// Nothing but errors is wanted.
    pub fn is_quiet(self) -> bool {
        self.quiet
    }

    /// More is wanted.
    pub fn is_verbose(self) -> bool {
        self.verbose > 0
    }

    /// A line on stderr, unless quiet is wanted.
    pub fn note(self, line: &str) {
        if !self.quiet {
            say(line);
        }
    }
}

/// Starts the log: warnings, or more with `-v`, or errors only with `-q`.
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
        // It would tell of a stderr that cannot be written on stderr, and panic over that.
        .log_internal_errors(false)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(verbosity.verbose > 1)
        .without_time();
    // A second start, in tests, keeps the first log.
    log.try_init().ok();
}

/// A line on stderr, its control characters as `\u001b` and the like. There is nobody to tell if it cannot be written.
pub fn say(line: &str) {
    writeln!(io::stderr().lock(), "{}", visible(line)).ok();
}
