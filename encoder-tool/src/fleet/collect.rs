//! `fleet collect`: collects the audit logs of all units until it is told to stop.

use super::notes::in_words;
use super::options::{FleetFile, stop_signal};
use clap::Args;
use fleet::collector::{CollectError, Said, collect};
use fleet_messages::Shard;
use std::path::PathBuf;
use terminal::{Answer, Help, Verbosity, counted, print_json};

/// Collect the audit logs of all units, each in a file of its own, until you stop it.
///
/// Each record is checked against the one before, and against the unit's signatures. A unit is told that its records are
/// collected only when they are on the disk. `edge-agent audit verify --log FILE --key KEY` checks a collected file.
///
/// Several collectors can share the work: each takes one part of the units.
///
/// Exit codes: 0 a signal ended it, 2 it cannot begin.
#[derive(Debug, Args)]
#[command(after_long_help = crate::examples::FLEET_COLLECT)]
pub(crate) struct FleetCollect {
    #[command(flatten)]
    file: FleetFile,
    /// The folder for the logs; it is made if it is missing, and only you may read it
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Collect one part of the units only, such as 1/4; the other collectors take 2/4, 3/4 and 4/4
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Print one JSON object for each thing that happens
    #[arg(long)]
    json: bool,
}

/// Collects until a signal comes.
///
/// # Errors
/// If it cannot begin.
pub(super) fn run(arguments: &FleetCollect, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let fleet = arguments.file.read()?;
    let stop = stop_signal()?;
    let mut say = |said: &Said| match arguments.json {
        // A reader that is gone is no reason to stop collecting.
        true => drop(print_json(said)),
        false => verbosity.note(&in_words(said, &fleet)),
    };
    let collected = collect(&fleet, arguments.shard, &arguments.to, &stop, &mut say);
    let help = collected.as_ref().err().map_or("", CollectError::help);
    let totals = collected.help(help)?;
    verbosity.note(&format!(
        "collected {} from {}, with {}",
        counted(totals.records, "record"),
        counted(totals.messages, "message"),
        counted(totals.syncs, "file sync"),
    ));
    Ok(Answer::Yes)
}
