//! The workstation program: enrols people from photos into a people database, and identifies people in photos.
//!
//! `models` detects, aligns and encodes faces; `shared::gallery` is the database. Nothing here decides whether a door
//! opens.
#![forbid(unsafe_code)]

mod age_file;
mod aim;
mod args;
mod build_db;
mod cache_command;
mod calibrate;
mod compare;
mod database_files;
mod desk;
mod doors;
mod drill_report;
mod evaluate;
mod evaluate_pad;
mod examples;
mod face_encodings;
mod file_size_limit;
mod fleet;
mod forget;
pub mod fuzz_entry_points;
mod heif;
mod html;
mod identify;
mod key_backup;
mod keygen;
mod list;
mod locked_key;
mod new_keys;
mod office;
mod passes;
mod passphrase;
mod people;
mod photo_folders;
mod plots;
mod portrait;
mod protect;
mod rule_files;
mod ship;
mod threshold_choice;
mod user_folders;
mod verify;
mod workstation_keys;

pub use args::Arguments;

use args::Command;
use std::process::ExitCode;
use terminal::Answer;

/// Runs the command and returns the exit code: 0 yes, 1 no, 2 error.
pub fn run(arguments: &Arguments) -> ExitCode {
    terminal::start_log(arguments.verbosity);
    terminal::keep_memory_from_others();
    file_size_limit::make_it_an_error();
    if let Command::Model(command) = &arguments.command
        && let Some(code) = model_tools::confined::exit_code_of_work(command.limits())
    {
        return code;
    }
    terminal::exit_code(answer(arguments))
}

fn answer(arguments: &Arguments) -> anyhow::Result<Answer> {
    let verbosity = arguments.verbosity;
    match &arguments.command {
        Command::BuildDb(arguments) => build_db::run(arguments, verbosity),
        Command::List(arguments) => list::run(arguments),
        Command::Identify(arguments) => identify::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::DrillReport(arguments) => drill_report::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments, verbosity),
        Command::EvaluatePad(arguments) => evaluate_pad::run(arguments, verbosity),
        Command::Calibrate(arguments) => calibrate::run(arguments, verbosity),
        Command::Aim(arguments) => aim::run(arguments),
        Command::Desk(arguments) => desk::run(arguments, verbosity),
        Command::Ship(arguments) => ship::run(arguments, verbosity),
        Command::Fleet(command) => command.run(verbosity),
        Command::Keygen(arguments) => keygen::run(arguments),
        Command::Forget(arguments) => forget::run(arguments),
        Command::People(command) => people::run(command),
        Command::Pass(command) => command.run(),
        Command::Cache(command) => cache_command::run(*command),
        Command::DecodeHeif(arguments) => Err(heif::become_decoder(arguments).into()),
        Command::Model(command) => command.run(&sources(), verbosity),
    }
}

/// The functions that `model-tools` needs from this crate.
fn sources() -> model_tools::Sources {
    model_tools::Sources {
        photos_in: evaluate::photos_of_tree,
        names_in: evaluate::left_out,
        cache_of: evaluate::open_cache,
        reader: heif::photo_reader(),
    }
}
