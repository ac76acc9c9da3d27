//! What a collector reports, in words.

use fleet::collector::{BrokerNote, Gap, Note, Problem, Said};
use fleet::fleet_toml::Fleet;
use terminal::counted;

/// One line for what a collector says.
pub(super) fn in_words(said: &Said, fleet: &Fleet) -> String {
    match said {
        Said::Note(Note::Unit { unit, problem }) => {
            format!("{}: {}", named(unit, fleet), problem_in_words(problem))
        }
        Said::Note(Note::UnknownUnit { unit }) => {
            format!("{unit}: fleet.toml has no such unit, so its records are not collected")
        }
        Said::Note(Note::Unreachable { unit, reason }) => {
            format!("{}: no connection over ssh: {reason}; it is tried again", named(unit, fleet))
        }
        Said::Note(Note::DiskFails { problem }) => {
            format!("nothing can be written: {problem}; the units keep their records and are asked again")
        }
        Said::Note(Note::DiskWorks) => "the disk works again".to_owned(),
        Said::Broker(BrokerNote::Connected) => "connected to the broker".to_owned(),
        Said::Broker(BrokerNote::Disconnected { reason }) => format!("the broker: {reason}; it is tried again"),
        _ => "something that this version has no words for".to_owned(),
    }
}

fn named(unit: &str, fleet: &Fleet) -> String {
    let found = unit.parse().ok().and_then(|id| fleet.unit(id));
    found.map_or_else(|| unit.to_owned(), |found| format!("{} ({unit})", found.name))
}

fn problem_in_words(problem: &Problem) -> String {
    match problem {
        Problem::Forged { problem } => {
            format!("refused: {problem}; somebody between has forged it, or the unit's log was rewritten")
        }
        Problem::Replaced { from, records } => format!(
            "{} from record {from} on gave way to others that the unit has signed: somebody had forged them",
            counted(*records, "record")
        ),
        Problem::Missing { from, through } => {
            format!("it is said to have removed records {from} to {through}, before they were collected")
        }
        Problem::Gap(Gap { from, through, unsigned_from, removed_by }) => {
            let doubt =
                unsigned_from.map(|first| format!("; records {first} to {} are not signed", from.saturating_sub(1)));
            format!(
                "GAP: it removed records {from} to {through} before they were collected, as its signed record {removed_by} \
                 says{}",
                doubt.unwrap_or_default()
            )
        }
        Problem::Torn { bytes } => {
            format!("{} after the last whole record were cut off: they come again", counted(*bytes, "byte"))
        }
        Problem::Damaged { problem } => format!(
            "its collected file cannot be continued: {problem}; check it with `edge-agent audit verify`, and move it away to \
             collect anew"
        ),
        _ => "something that this version has no words for".to_owned(),
    }
}
