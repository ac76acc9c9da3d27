//! The door unit: frame -> face -> crop -> encoding -> match -> decision -> relay.
//!
//! The middle is `models` (what a face becomes) and `shared` (whom it resembles, and what that means). Here is the
//! hardware on both sides, each behind a small trait, and the loop that joins them: [`mod@unit`].

mod args;
pub mod audit_log;
pub mod camera;
mod check;
pub mod clock;
pub mod config;
mod database;
pub mod door;
pub mod gpio;
pub mod lights;
pub mod reader;
pub mod sight;
mod simulate;
pub mod storage;
pub mod unit;

pub use args::Arguments;

use args::Command;
use std::process::ExitCode;

/// Does what was asked and gives the exit code: 0 yes, 1 no, 2 error.
pub fn run(arguments: &Arguments) -> ExitCode {
    terminal::start_log(arguments.verbosity);
    terminal::exit_code(match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Simulate(simulate) => simulate::run(simulate, arguments.verbosity),
    })
}
