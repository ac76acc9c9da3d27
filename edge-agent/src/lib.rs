//! The door unit: frame -> face -> crop -> encoding -> match -> decision -> relay.
//!
//! The middle is `models` (what a face becomes) and `shared` (who it resembles, and what that means). Here is the
//! hardware on both sides, each behind a small trait, and the loop that joins them: [`mod@unit`].
#![forbid(unsafe_code)]

mod args;
mod audit;
pub mod audit_log;
mod bounded_read;
pub mod camera;
mod check;
pub mod clock;
pub mod config;
mod control;
mod database;
mod doctor;
pub mod door;
mod examples;
mod folders;
mod forget;
pub mod gpio;
pub mod hostile_input;
mod keygen;
pub mod lights;
mod lockout;
pub mod memory;
mod part_reports;
pub mod reader;
mod receive;
mod replay;
pub mod reports;
mod run;
pub mod sight;
mod simulate;
#[cfg(test)]
mod soak;
mod socket;
mod status;
pub mod unit;
pub mod usb_port;

pub use args::Arguments;

use args::Command;
use std::process::ExitCode;

/// Does what was asked and gives the exit code: 0 yes, 1 no, 2 error.
pub fn run(arguments: &Arguments) -> ExitCode {
    let verbosity = arguments.verbosity;
    terminal::start_log(verbosity);
    terminal::keep_memory_from_others();
    terminal::exit_code(match &arguments.command {
        Command::Run(arguments) => run::run(arguments, verbosity),
        Command::Check(arguments) => check::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Lock(arguments) => run::lock_command::run(arguments),
        Command::Rollback(arguments) => database::rollback::run(arguments),
        Command::Receive(arguments) => receive::run(arguments),
        Command::Lockout(command) => lockout::run(command),
        Command::Keygen(arguments) => keygen::run(arguments),
        Command::Audit(arguments) => audit::run(arguments),
        Command::Forget(arguments) => forget::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Simulate(simulate) => simulate::run(simulate, verbosity),
    })
}
