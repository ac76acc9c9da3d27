//! `replay`: repeats the decisions in the audit log with another threshold.

mod tally;

use crate::audit_log::names::Names;
use crate::audit_log::read::lines_of;
use crate::commands::audit::Filter;
use crate::commands::moment::Moment;
use crate::config::{self, Config};
use anyhow::ensure;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use tally::{Replayed, Tally};
use terminal::{Answer, print, print_json};

/// Repeat the decisions in the audit log with another threshold: who would have been let in, and who would not.
///
/// The log has only the distances of each approach's last judged frames. Refusals for another reason and grants by a
/// card alone are counted, but not decided again. Nothing is changed.
///
/// Exit codes: 0 if something could be decided again, 1 if nothing could, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The threshold to try: an L2 distance above 0 and below 1.414; smaller is stricter
    #[arg(long, value_name = "T")]
    threshold: f32,
    /// Only records from this time on: 2027-01-31, 2027-01-31T18:00 (local time) or 2027-01-31T18:00:00Z
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Only records before this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,
    /// The log, instead of the configured one
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The configuration, whose [policy] sets the margin and how many frames must agree; with --log, the defaults if
    /// the file does not exist
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    threshold: f32,
    consensus: usize,
    margin: f32,
    #[serde(flatten)]
    replayed: &'a Replayed,
}

/// Repeats the decisions. Returns yes if there were any.
///
/// # Errors
/// If the log or the configuration cannot be read, or the threshold is out of range.
pub(crate) fn run(arguments: &Replay) -> anyhow::Result<Answer> {
    let &Replay { threshold, since, until, .. } = arguments;
    let highest = std::f32::consts::SQRT_2;
    ensure!(threshold > 0.0 && threshold < highest, "--threshold {threshold}: want a distance above 0 and below 1.414");
    let config = match &arguments.log {
        Some(_) if !arguments.config.exists() => Config::default(),
        _ => Config::read(&arguments.config)?,
    };
    let log = arguments.log.as_ref().unwrap_or(&config.audit.path);
    let names = Names::beside(log).unwrap_or_default();
    let rules = config.policy.with_threshold(threshold);
    let (consensus, margin) = (rules.consensus, rules.margin);
    let zone = config.clock.zone()?;
    let utc_ms = |moment: Option<Moment>| moment.map(|moment| moment.utc_ms(&zone)).transpose();
    let filter = Filter { since: utc_ms(since)?, until: utc_ms(until)?, ..Filter::default() };
    let mut tally = Tally::new(threshold, consensus, margin);
    for line in lines_of(log)? {
        let line = line?;
        match line.record() {
            Some(record) if filter.wants(&record) => tally.take(&record.event, &names),
            Some(record) => tally.note_threshold(&record.event),
            None if line.bytes.ends_with(b"\n") => tally.note_unreadable(),
            None => {}
        }
    }
    let replayed = tally.finish();
    if arguments.json {
        print_json(&Report { threshold, consensus, margin, replayed: &replayed })?;
    } else {
        print(&replayed.in_words(threshold, consensus, margin))?;
    }
    Ok(Answer::yes_if(replayed.decided() > 0))
}
