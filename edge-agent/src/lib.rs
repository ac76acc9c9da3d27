//! The door unit: frame -> face -> crop -> encoding -> match -> decision -> relay.
//!
//! `models` turns a face into an encoding, `shared` finds the nearest people, `policy` decides. This crate has the
//! hardware on both sides, each part behind a small trait, and the loop that joins them: [`mod@unit`].
#![forbid(unsafe_code)]

mod aim;
pub mod audit_log;
mod bounded_read;
pub mod camera;
pub mod clock;
mod commands;
pub mod config;
mod control;
mod database;
pub mod door;
mod drilled;
pub mod face_recognition;
mod folders;
pub mod fuzz_entry_points;
pub mod gpio;
pub mod infrared;
pub mod lamp;
pub mod lights;
mod link_requests;
pub mod lockdown;
pub mod loop_turn;
pub mod memory_file;
mod part_reports;
pub mod passes;
mod protection;
pub mod reader;
pub mod reports;
#[cfg(test)]
mod script;
pub mod sight;
mod signed_orders;
#[cfg(test)]
mod soak;
mod socket;
mod status;
pub mod unit;
pub mod usb_port;

pub use commands::Arguments;

use std::process::ExitCode;

/// Runs the command and returns the exit code: 0 yes, 1 no, 2 error.
pub fn run(arguments: &Arguments) -> ExitCode {
    terminal::start_log(arguments.verbosity);
    terminal::keep_memory_from_others();
    terminal::exit_code(commands::run(arguments))
}
