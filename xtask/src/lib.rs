//! Development tasks for the workspace: the demo, the checks, the benchmark, the package.
//!
//! Nothing here is installed anywhere. The tasks use cargo and the two programs as users do. They share no code with
//! the programs and do not depend on tract, so they start in seconds.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "paths of the developer's own workspace")]

#[cfg(test)]
mod architecture;
mod args;
mod bench;
mod book;
mod checks;
mod cross;
mod demo;
mod endurance;
#[cfg(test)]
mod features;
mod fuzz;
#[cfg(test)]
mod import_layers;
mod npm;
mod original_networks;
mod package;
mod pad_network;
mod peers;
mod pi_test;
mod process;
mod programs;
mod python;
mod recognition;
mod requirements;
mod shared_data;
mod soak;
mod tools;
mod workspace;

pub use args::Arguments;

use anyhow::Result;
use args::Command;
use std::path::PathBuf;
use std::process::ExitCode;

/// The result of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
enum Outcome {
    /// Everything is as expected.
    AsExpected,
    /// The command finished, but something is not as expected.
    NotAsExpected,
}

impl Outcome {
    fn as_expected_if(holds: bool) -> Self {
        if holds { Self::AsExpected } else { Self::NotAsExpected }
    }

    /// As expected only if `holds` is true as well.
    fn and_if(self, holds: bool) -> Self {
        Self::as_expected_if(holds && self == Self::AsExpected)
    }
}

/// Runs the command and returns the exit code: 0 as expected, 1 not as expected, 2 error.
pub fn run(arguments: &Arguments) -> ExitCode {
    match outcome(&arguments.command) {
        Ok(Outcome::AsExpected) => ExitCode::SUCCESS,
        Ok(Outcome::NotAsExpected) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn outcome(command: &Command) -> Result<Outcome> {
    workspace::enter()?;
    match command {
        Command::Demo => demo::run(),
        Command::Test(arguments) => checks::run(arguments),
        Command::CheckRecognition(args::CheckRecognition { images, strangers }) => {
            let outcome = recognition::run(images, strangers.as_deref())?;
            let of_gate: Vec<PathBuf> = std::iter::once(images).chain(strangers).cloned().collect();
            Ok(outcome.and_if(recognition::gate_trial::run(&of_gate, None)?))
        }
        Command::Bench(arguments) => bench::run(arguments.rounds),
        Command::Endurance => endurance::run(),
        Command::Fuzz(arguments) => fuzz::run(&arguments.targets, arguments.seconds),
        Command::Soak(arguments) => soak::run(arguments),
        Command::Book => book::run(),
        Command::Cross => cross::run(),
        Command::PiTest => pi_test::run(),
        Command::Package(arguments) => package::run(arguments.architecture, arguments.with_pad.as_deref()),
    }
}
