//! What a developer or a newcomer does with the workspace: see it work, check it, measure it.
//!
//! Nothing here is installed anywhere. The commands work through cargo and through the programs that the workspace
//! builds, as their users do; they share no code with them and do not depend on tract, so that they start in seconds.
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
mod layers;
mod original_networks;
mod package;
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

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
enum Outcome {
    /// As it should.
    AsExpected,
    /// It ran to its end, and something is not as it should be.
    NotAsExpected,
}

impl Outcome {
    fn as_expected_if(holds: bool) -> Self {
        if holds { Self::AsExpected } else { Self::NotAsExpected }
    }

    /// As expected only if something else holds too.
    fn and_if(self, holds: bool) -> Self {
        Self::as_expected_if(holds && self == Self::AsExpected)
    }
}

/// Does what was asked and gives the exit code: 0 as it should be, 1 not, 2 error.
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
        Command::Package(arguments) => package::run(arguments.architecture),
    }
}
