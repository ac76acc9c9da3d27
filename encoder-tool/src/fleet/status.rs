//! `fleet status`: asks every unit how it is, and prints a table.

use super::carry_out::carry_out;
use super::options::{FleetFile, chosen, duration, stop_signal};
use clap::Args;
use fleet::status::{FleetStatus, StatusCampaign, UnitStatus};
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;
use terminal::{Answer, Verbosity, print, print_json};

/// Ask every unit how it is: database, clock, lockouts, drill, audit log.
///
/// A unit's answer is signed and as new as the question, so nobody in between can change or replace it.
///
/// Exit codes: 0 every unit answers and is well, 1 not, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = crate::examples::FLEET_STATUS)]
pub(crate) struct FleetStatusArguments {
    #[command(flatten)]
    file: FleetFile,
    /// Ask only these: a group, the name or the id of a unit, or all; can be repeated
    #[arg(long = "of", value_name = "GROUP|UNIT", default_value = "all")]
    of: Vec<String>,
    /// The folder of a collector, to compare the logs with; can be repeated
    #[arg(long, value_name = "FOLDER")]
    collected: Vec<PathBuf>,
    /// How long to wait for answers. Default: 15s, and longer for many units
    #[arg(long, value_name = "TIME", value_parser = duration)]
    within: Option<Duration>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Asks and prints. Yes if every unit is well.
///
/// # Errors
/// If the fleet cannot be read, or no connection can be tried.
pub(super) fn run(arguments: &FleetStatusArguments, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let fleet = arguments.file.read()?;
    let units = chosen(&fleet, &arguments.of)?;
    let stop = stop_signal()?;
    let mut campaign = StatusCampaign::new(&units, &arguments.collected, arguments.within);
    carry_out(&mut campaign, (&fleet, &units), &stop, verbosity, arguments.json, StatusCampaign::answered)?;
    let status = campaign.finish(&units);
    match arguments.json {
        true => print_json(&status)?,
        false => print(&in_words(&status))?,
    }
    Ok(Answer::yes_if(status.well))
}

const HEADINGS: [&str; 8] = ["unit", "heard", "database", "people", "clock", "lockouts", "drill", "log verified up to"];

fn in_words(status: &FleetStatus) -> String {
    let rows: Vec<[String; 8]> =
        std::iter::once(HEADINGS.map(str::to_owned)).chain(status.units.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    let line = |row: &[String; 8]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    for unit in &status.units {
        lines.extend(unit.problems.iter().map(|problem| format!("{}: {problem}", unit.name)));
        if let Some(stated) = &unit.stated {
            if !stated.locked_down_by.is_empty() {
                lines.push(format!("{}: locked down by {}", unit.name, stated.locked_down_by.join(", ")));
            }
            if stated.face_recognition_off {
                lines.push(format!("{}: face recognition is off", unit.name));
            }
        }
    }
    let well = status.units.iter().filter(|unit| unit.problems.is_empty()).count();
    lines.push(format!("{well} of {} units are well", status.units.len()));
    lines.join("\n")
}

fn row(unit: &UnitStatus) -> [String; 8] {
    let log = unit.log.as_ref().map_or_else(String::new, |log| match &log.unusable {
        Some(_) => "unusable".to_owned(),
        None => format!("{} of {}", log.verified, log.collected),
    });
    let none = || "-".to_owned();
    let Some(stated) = &unit.stated else {
        let last = unit.log.as_ref().and_then(|log| log.last_utc_ms).map_or("no".to_owned(), minute);
        return [unit.name.clone(), last, none(), none(), none(), none(), none(), log];
    };
    [
        unit.name.clone(),
        "now".to_owned(),
        format!("{}{}", stated.database_sequence, if stated.behind { " BEHIND" } else { "" }),
        stated.people.to_string(),
        stated.clock.clone(),
        stated.lockouts.to_string(),
        drill(&stated.drill),
        log,
    ]
}

/// The day of the last drill, and what it showed.
fn drill(drill: &serde_json::Value) -> String {
    let text = |key: &str| drill.get(key).and_then(serde_json::Value::as_str);
    match (text("state"), text("ended_at")) {
        (Some("done"), Some(ended_at)) => {
            let let_in = drill.pointer("/attacks/count").and_then(serde_json::Value::as_u64).unwrap_or(0);
            let day = ended_at.get(..10).unwrap_or(ended_at);
            if let_in > 0 { format!("{day} FAILED") } else { day.to_owned() }
        }
        (Some("unusable"), _) => "unusable".to_owned(),
        _ => "none".to_owned(),
    }
}

fn minute(utc_ms: i64) -> String {
    Timestamp::from_millisecond(utc_ms).map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%dT%H:%MZ").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::status::{Log, Stated};
    use serde_json::json;

    #[test]
    fn a_table_and_what_is_wrong() {
        let stated = Stated {
            version: "1".to_owned(),
            utc_ms: 0,
            door: "locked".to_owned(),
            clock: "trusted".to_owned(),
            database_sequence: 1_800_000_000,
            database_digest: None,
            people: 12,
            behind: true,
            lockouts: 0,
            locked_down_by: vec!["order".to_owned()],
            face_recognition_off: false,
            drill: json!({"state": "done", "ended_at": "2027-01-15T08:00:00Z", "attacks": {"count": 0}}),
            audit_sequence: 40,
            log_hash: "0".repeat(64).parse().unwrap(),
        };
        let log = Log { collected: 40, verified: 38, last_utc_ms: Some(1_800_000_000_000), hash: None, unusable: None };
        let unit = |name: &str, stated, log, problems: &[&str]| UnitStatus {
            name: name.to_owned(),
            id: "i".to_owned(),
            stated,
            log,
            problems: problems.iter().map(|problem| (*problem).to_owned()).collect(),
        };
        let status = FleetStatus {
            well: false,
            units: vec![
                unit("front", Some(stated), None, &[]),
                unit("back door", None, Some(log), &["it does not answer"]),
            ],
        };
        let expected = "\
unit       heard              database           people  clock    lockouts  drill       log verified up to
front      now                1800000000 BEHIND  12      trusted  0         2027-01-15
back door  2027-01-15T08:00Z  -                  -       -        -         -           38 of 40
front: locked down by order
back door: it does not answer
1 of 2 units are well";
        assert_eq!(in_words(&status), expected);
    }
}
