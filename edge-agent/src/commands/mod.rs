//! The commands: one module per verb, with its arguments and its messages.
//!
//! Commands use the subsystems; no subsystem uses a command.

mod aim;
mod args;
pub(crate) mod audit;
mod check;
mod configured;
mod doctor;
pub(crate) mod drill;
mod examples;
mod face_recognition;
mod forget;
mod keygen;
mod lock;
mod lockdown;
mod lockout;
mod moment;
mod order;
mod reader;
pub(crate) mod receive;
mod relay;
mod replay;
mod rollback;
pub(crate) mod run;
mod running_unit;
mod simulate;
mod status;
mod test_lock;

pub use args::Arguments;

use args::Command;
use terminal::Answer;

/// Runs the verb.
///
/// # Errors
/// The error of the verb.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Answer> {
    let verbosity = arguments.verbosity;
    match &arguments.command {
        Command::Run(arguments) => run::run(arguments, verbosity),
        Command::Check(arguments) => check::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Lock(arguments) => lock::run(arguments),
        Command::Rollback(arguments) => rollback::run(arguments),
        Command::Receive(arguments) => receive::run(arguments),
        Command::Order(arguments) => order::run(arguments),
        Command::Aim(arguments) => aim::run(arguments),
        Command::TestLock(arguments) => test_lock::run(arguments),
        Command::Lockout(command) => lockout::run(command),
        Command::Lockdown(command) => lockdown::run(command),
        Command::FaceRecognition(command) => face_recognition::run(command),
        Command::Keygen(arguments) => keygen::run(arguments),
        Command::Audit(arguments) => audit::run(arguments, verbosity),
        Command::Forget(arguments) => forget::run(arguments),
        Command::Drill(arguments) => drill::run(arguments),
        Command::Reader(command) => reader::run(command),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments, verbosity),
    }
}
