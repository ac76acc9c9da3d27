//! The command line and its verbs. Each verb's module defines its own arguments.

mod check;
mod run;

use check::Check;
use clap::{Parser, Subcommand};
use run::Run;
use terminal::{Answer, Verbosity};

/// The network link of a door unit: MQTT, Home Assistant, fleets.
///
/// It can only make the door stricter. Exit codes: 0 yes, 1 no, 2 error.
#[derive(Debug, Parser)]
#[command(name = "edge-link", version, propagate_version = true)]
pub struct Arguments {
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(Run),
    Check(Check),
}

/// Runs the verb.
///
/// # Errors
/// The error of the verb.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Answer> {
    match &arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::run(arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn accepted_and_refused_command_lines() {
        for (line, refusal) in [
            ("run", None),
            ("run --config a.toml -v", None),
            ("run a.toml", Some(ErrorKind::UnknownArgument)),
            ("check", None),
            ("check --config a.toml --json", None),
            ("check a.toml", Some(ErrorKind::UnknownArgument)),
            ("unlock", Some(ErrorKind::InvalidSubcommand)),
        ] {
            let parsed = Arguments::try_parse_from(["edge-link"].into_iter().chain(line.split(' ')));
            assert_eq!(parsed.err().map(|error| error.kind()), refusal, "{line}");
        }
    }
}
