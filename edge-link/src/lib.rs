//! The network link of a door unit.
//!
//! The door unit has no network. This process has one, and no key except its own for TLS, no camera, no pin, and nothing
//! about people beyond the records and reports that pass through it. It asks the unit over Unix sockets, whose requests can
//! only make the door stricter; everything else that it brings is signed by somebody else, and the unit decides about it.
#![forbid(unsafe_code)]

pub mod broker;
mod commands;
pub mod config;
pub mod credentials;
pub mod fetch;
pub mod fleet;
pub mod fuzz_entry_points;
pub mod home_assistant;
mod identity;
mod link;
mod service;
pub mod unit;

pub use commands::Arguments;

use std::process::ExitCode;

/// Runs the command and returns the exit code: 0 yes, 1 no, 2 error.
pub fn run(arguments: &Arguments) -> ExitCode {
    terminal::start_log(arguments.verbosity);
    terminal::keep_memory_from_others();
    terminal::exit_code(commands::run(arguments))
}
