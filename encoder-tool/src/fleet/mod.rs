//! `fleet`: many doors at once. The library `fleet` does the work; these commands read arguments and print.

mod carry_out;
mod collect;
mod notes;
mod options;
mod orders;
mod ship;
mod status;

use clap::Subcommand;
use terminal::{Answer, Verbosity};

/// The commands for fleets.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    Status(status::FleetStatusArguments),
    Ship(ship::FleetShip),
    Collect(collect::FleetCollect),
    #[command(subcommand)]
    Lockdown(orders::FleetLockdown),
    #[command(subcommand)]
    FaceRecognition(orders::FleetFaceRecognition),
    Forget(orders::FleetForget),
    ClearLockouts(orders::FleetClearLockouts),
}

impl FleetCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// The error of the command.
    pub(crate) fn run(&self, verbosity: Verbosity) -> anyhow::Result<Answer> {
        match self {
            Self::Status(arguments) => status::run(arguments, verbosity),
            Self::Ship(arguments) => ship::run(arguments, verbosity),
            Self::Collect(arguments) => collect::run(arguments, verbosity),
            Self::Lockdown(command) => command.run(verbosity),
            Self::FaceRecognition(command) => command.run(verbosity),
            Self::Forget(arguments) => arguments.run(verbosity),
            Self::ClearLockouts(arguments) => arguments.run(verbosity),
        }
    }
}
