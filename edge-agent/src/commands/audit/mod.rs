//! `audit verify | show | follow | report | present | export | send`: verifies, prints, sums up, exports and passes on the audit
//! log. The verbs never change the log. They can run while a unit writes to it, and on copied files on any computer.

mod args;
mod export;
mod filter;
mod follow;
mod logs;
mod period;
mod present;
mod report;
mod send;
mod show;
mod table;
mod verify;
mod words;

pub(crate) use args::Audit;
pub(crate) use filter::{Filter, people_in};
pub(crate) use words::{Detail, in_words};

use args::Command;
use terminal::{Answer, Verbosity};

/// Runs the verb.
///
/// # Errors
/// If the log, or a head or key to compare it with, cannot be read.
pub(crate) fn run(arguments: &Audit, verbosity: Verbosity) -> anyhow::Result<Answer> {
    match &arguments.command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Show(arguments) => show::run(arguments, verbosity),
        Command::Follow(arguments) => follow::run(arguments, verbosity),
        Command::Report(arguments) => report::run(arguments),
        Command::Present(arguments) => present::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Send(arguments) => send::run(arguments),
    }
}
