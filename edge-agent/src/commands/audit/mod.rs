//! `audit verify | show | follow | export`: what a log says, and whether it is the one that was written. They only read,
//! also while a unit writes, and on copied files on any computer.

mod args;
mod export;
mod filter;
mod follow;
mod show;
mod verify;
mod words;

pub(crate) use args::Audit;
pub(crate) use filter::{Filter, people_in};
pub(crate) use words::{Detail, in_words};

use args::Command;
use terminal::{Answer, Verbosity};

/// Does what was asked.
///
/// # Errors
/// If the log, or what it is held against, cannot be read.
pub(crate) fn run(arguments: &Audit, verbosity: Verbosity) -> anyhow::Result<Answer> {
    match &arguments.command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Show(arguments) => show::run(arguments, verbosity),
        Command::Follow(arguments) => follow::run(arguments, verbosity),
        Command::Export(arguments) => export::run(arguments),
    }
}
