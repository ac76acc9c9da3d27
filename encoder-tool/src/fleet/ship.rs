//! `fleet ship`: brings a people database to units, a few first.

use super::carry_out::carry_out;
use super::options::{FleetFile, chosen, duration, stop_signal};
use anyhow::anyhow;
use clap::Args;
use files::read_bounded;
use fleet::fleet_toml::{Fleet, Unit};
use fleet::place::{PlaceError, publish};
use fleet::rollout::{Delivered, Plan, Rollout, RolloutReport};
use fleet::shipment::Shipment;
use shared::gallery::MAX_DATABASE_BYTES;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;
use terminal::{Answer, Help, ShowPath, Verbosity, counted, print, print_json};

/// The most units that an error or an answer names.
const NAMED: usize = 10;

/// Ship a people database to many units: first to a few, then to ten, then to all.
///
/// The file is published at the [place] of fleet.toml, and each unit's link is told where to fetch it; units with `ssh` get it
/// over ssh. A unit counts as done when it states, signed and in answer to a question, that it uses this database and that
/// its networks work. Shipping stops by itself when a unit refuses the database, fails its self-test, or does not confirm in
/// time. Run the same command again to go on: units that have the database are passed over.
///
/// Exit codes: 0 every unit uses it, 1 not every one, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = crate::examples::FLEET_SHIP)]
pub(crate) struct FleetShip {
    /// The people database
    db: PathBuf,
    #[command(flatten)]
    file: FleetFile,
    /// The units: a group, the name or the id of a unit, or all; can be repeated
    #[arg(long, value_name = "GROUP|UNIT", required = true)]
    to: Vec<String>,
    /// How many units get it first
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    canary: u16,
    /// How long each of the three steps may take
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    within: Duration,
    /// How many units may fail before it stops
    #[arg(long, value_name = "N", default_value_t = 0)]
    may_fail: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Ships and prints. Yes if every unit uses the database.
///
/// # Errors
/// If the database or the fleet cannot be used, or no connection can be tried.
pub(super) fn run(arguments: &FleetShip, verbosity: Verbosity) -> anyhow::Result<Answer> {
    let fleet = arguments.file.read()?;
    let units = chosen(&fleet, &arguments.to)?;
    let bytes =
        read_bounded(&arguments.db, MAX_DATABASE_BYTES).help("give the people database that `build-db` wrote")?;
    let shipment = Shipment::new(bytes)
        .map_err(|error| anyhow!("{} cannot be shipped: {error}", arguments.db.shown()))
        .help("use a complete copy")?;
    require_for_all(&shipment, &units)?;
    let address = address(&fleet, &units, &shipment)?;
    let stop = stop_signal()?;
    verbosity.note(&format!("shipping {} to {}", arguments.db.shown(), counted(units.len() as u64, "unit")));
    let plan = Plan { canaries: arguments.canary.into(), within: arguments.within, may_fail: arguments.may_fail };
    let mut rollout = Rollout::new(plan, shipment, address, &units);
    carry_out(&mut rollout, (&fleet, &units), &stop, verbosity, arguments.json, Rollout::confirmed)?;
    if stop.load(Ordering::Relaxed) {
        rollout.interrupt();
    }
    let report = rollout.report(&units);
    match arguments.json {
        true => print_json(&report)?,
        false => print(&in_words(&report))?,
    }
    Ok(Answer::yes_if(report.all))
}

/// Refuses a database that units would refuse.
fn require_for_all(shipment: &Shipment, units: &[&Unit]) -> anyhow::Result<()> {
    let refused: Vec<String> = units
        .iter()
        .filter_map(|unit| shipment.require_for(unit).err().map(|why| format!("{}: {why}", unit.name)))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let count = counted(refused.len() as u64, "unit");
    Err(anyhow!("{count} would refuse this database: {}", named(&refused)))
        .help("build it for these doors with --for, sealed with --encrypt-to for each; or choose other units with --to")
}

/// Publishes the database if a link has to fetch it.
fn address(fleet: &Fleet, units: &[&Unit], shipment: &Shipment) -> anyhow::Result<Option<String>> {
    if units.iter().all(|unit| unit.ssh.is_some()) {
        return Ok(None);
    }
    let published = publish(fleet.place.as_ref(), shipment);
    let help = published.as_ref().err().map_or("", PlaceError::help);
    Ok(Some(published.help(help)?))
}

fn named(words: &[String]) -> String {
    let mut named = words.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if words.len() > NAMED {
        named += &format!("; and {} more", words.len() - NAMED);
    }
    named
}

fn in_words(report: &RolloutReport) -> String {
    let of = |delivered: Delivered| report.units.iter().filter(move |unit| unit.delivered == delivered);
    let confirmed = of(Delivered::Confirmed).count();
    let RolloutReport { sequence, digest, people, .. } = report;
    let what = format!("sequence {sequence}, {}, SHA-256 {digest}", counted(*people, "person"));
    let mut lines = vec![format!("{confirmed} of {} units use the database: {what}", report.units.len())];
    for (delivered, words) in [
        (Delivered::Refused, "refused it"),
        (Delivered::Unfit, "do not work with it"),
        (Delivered::NotConfirmed, "have not confirmed it"),
        (Delivered::NotSent, "have not been sent it"),
    ] {
        let units: Vec<String> = of(delivered)
            .map(|unit| match &unit.reason {
                Some(reason) => format!("{} ({reason})", unit.name),
                None => unit.name.clone(),
            })
            .collect();
        if !units.is_empty() {
            lines.push(format!("{words}: {}", named(&units)));
        }
    }
    if let Some(why) = &report.stopped {
        lines.push(format!("STOPPED: {why}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::rollout::UnitDelivery;
    use shared::gallery::DatabaseDigest;

    #[test]
    fn units_are_named_by_what_became_of_it() {
        let unit = |name: &str, delivered, reason: Option<&str>| UnitDelivery {
            name: name.to_owned(),
            id: "i".to_owned(),
            delivered,
            reason: reason.map(str::to_owned),
        };
        let mut units = vec![
            unit("front", Delivered::Confirmed, None),
            unit("back", Delivered::Refused, Some("older")),
            unit("side", Delivered::NotConfirmed, None),
        ];
        units.extend((0..12).map(|number| unit(&format!("d{number}"), Delivered::NotSent, None)));
        let report = RolloutReport {
            sequence: 7,
            digest: DatabaseDigest([0xab; 32]),
            people: 3,
            all: false,
            stopped: Some("back: older".to_owned()),
            units,
        };
        let words = in_words(&report);
        let lines: Vec<&str> = words.lines().collect();
        assert!(lines[0].starts_with("1 of 15 units use the database: sequence 7, 3 people, SHA-256 abab"), "{words}");
        assert_eq!(lines[1..3], ["refused it: back (older)", "have not confirmed it: side"]);
        assert!(
            lines[3].starts_with("have not been sent it: d0; d1;") && lines[3].ends_with("; and 2 more"),
            "{words}"
        );
        assert_eq!(lines[4], "STOPPED: back: older");
    }
}
