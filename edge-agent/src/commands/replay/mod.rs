//! `replay`: repeats the decisions in the audit log with another threshold, or with a liveness signal required.

mod required;
mod tally;

use crate::audit_log::names::Names;
use crate::audit_log::read::lines_of;
use crate::commands::audit::Filter;
use crate::commands::moment::Moment;
use crate::config::{self, Config};
use anyhow::ensure;
use clap::Args;
use policy::Signal;
use required::Required;
use serde::Serialize;
use std::path::PathBuf;
use tally::{Replayed, Tally};
use terminal::{Answer, print, print_json};

/// Repeat the decisions in the audit log with another threshold, or with a liveness signal required: who would have been
/// let in, and who would not.
///
/// The log has only the distances of each approach's last judged frames. Refusals for another reason and grants by a
/// card alone are counted, but not decided again. A signal must have been measured: list it in [liveness] recorded for a
/// while before you require it. Nothing is changed.
///
/// Exit codes: 0 if something could be decided again, 1 if nothing could, 2 if something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The threshold to try: an L2 distance above 0 and below 1.414; smaller is stricter
    #[arg(long, value_name = "T", required_unless_present = "require")]
    threshold: Option<f32>,
    /// A signal to require: lamp, network, infrared or head-turn; may be given several times
    #[arg(long, value_name = "SIGNAL", value_parser = signal)]
    require: Vec<Signal>,
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
    #[serde(flatten)]
    by_threshold: Option<ByThreshold<'a>>,
    signals: &'a [Required],
}

#[derive(Serialize)]
struct ByThreshold<'a> {
    threshold: f32,
    consensus: usize,
    margin: f32,
    #[serde(flatten)]
    replayed: &'a Replayed,
}

fn signal(text: &str) -> Result<Signal, String> {
    let code = text.replace('-', "_");
    let known = Signal::ALL.into_iter().find(|signal| signal.code() == code);
    known.ok_or_else(|| "want lamp, network, infrared or head-turn".to_owned())
}

/// Repeats the decisions. Returns yes if there were any.
///
/// # Errors
/// If the log or the configuration cannot be read, or the threshold is out of range.
pub(crate) fn run(arguments: &Replay) -> anyhow::Result<Answer> {
    let &Replay { threshold, since, until, .. } = arguments;
    let highest = std::f32::consts::SQRT_2;
    if let Some(threshold) = threshold {
        let is_distance = threshold > 0.0 && threshold < highest;
        ensure!(is_distance, "--threshold {threshold}: want a distance above 0 and below 1.414");
    }
    let config = match &arguments.log {
        Some(_) if !arguments.config.exists() => Config::default(),
        _ => Config::read(&arguments.config)?,
    };
    let log = arguments.log.as_ref().unwrap_or(&config.audit.path);
    let names = Names::beside(log).unwrap_or_default();
    let rules = config.rules_with_threshold(1.0);
    let (consensus, margin) = (rules.consensus, rules.margin);
    let zone = config.clock.zone()?;
    let utc_ms = |moment: Option<Moment>| moment.map(|moment| moment.utc_ms(&zone)).transpose();
    let filter = Filter { since: utc_ms(since)?, until: utc_ms(until)?, ..Filter::default() };
    let mut tally = threshold.map(|threshold| Tally::new(threshold, consensus, margin));
    let mut signals: Vec<Required> =
        arguments.require.iter().map(|signal| Required::new(*signal, rules.liveness.if_unsure)).collect();
    for line in lines_of(log)? {
        let line = line?;
        let record = line.record();
        let is_wanted = record.as_ref().is_some_and(|record| filter.wants(record));
        if let Some(record) = record.as_ref().filter(|_| is_wanted) {
            signals.iter_mut().for_each(|required| required.take(&record.event));
        }
        let Some(tally) = &mut tally else { continue };
        match record {
            Some(record) if is_wanted => tally.take(&record.event, &names),
            Some(record) => tally.note_threshold(&record.event),
            None if line.bytes.ends_with(b"\n") => tally.note_unreadable(),
            None => {}
        }
    }
    let replayed = tally.map(Tally::finish);
    let by_threshold = threshold.zip(replayed.as_ref()).map(|(threshold, replayed)| ByThreshold {
        threshold,
        consensus,
        margin,
        replayed,
    });
    let report = Report { by_threshold, signals: &signals };
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&report.in_words())?;
    }
    let decided = replayed.as_ref().map_or(0, Replayed::decided) + signals.iter().map(Required::decided).sum::<u64>();
    Ok(Answer::yes_if(decided > 0))
}

impl Report<'_> {
    fn in_words(&self) -> String {
        let signals = self.signals.iter().map(Required::in_words);
        let by_threshold = self.by_threshold.as_ref();
        let by_threshold = by_threshold.map(|by| by.replayed.in_words(by.threshold, by.consensus, by.margin));
        signals.chain(by_threshold).collect::<Vec<_>>().join("\n")
    }
}
