//! `fleet lockdown`, `face-recognition`, `forget` and `clear-lockouts`: signed orders, and a receipt from each door.

use super::carry_out::carry_out;
use super::options::{FleetFile, chosen, duration, stop_signal};
use crate::database_files;
use crate::workstation_keys::{self, KeyChoice, Unlock};
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use fleet::orders::{OrderCampaign, OrderReceipts, OrderState};
use jiff::Timestamp;
use shared::gallery::PersonId;
use shared::order::Command;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use terminal::{Answer, Help, ShowPath, Verbosity, counted, print, print_json, to_json};

/// Lock doors down: nobody is let in.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetLockdown {
    On(LockdownOn),
    Off(LockdownOff),
}

/// Begin a lockdown.
///
/// Exit codes: 0 every unit is locked down, 1 not every one has confirmed it, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = crate::examples::FLEET_LOCKDOWN)]
pub(crate) struct LockdownOn {
    #[command(flatten)]
    order: OrderArguments,
    /// The group of people who may still enter
    #[arg(long, value_name = "GROUP")]
    admit: Option<String>,
}

/// End the lockdown that was ordered.
///
/// Exit codes: 0 every unit has ended it, 1 not every one has confirmed it, 2 error.
#[derive(Debug, Args)]
pub(crate) struct LockdownOff {
    #[command(flatten)]
    order: OrderArguments,
}

/// Switch face recognition on or off: while it is off, nobody is let in by their face.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetFaceRecognition {
    /// Recognise faces again
    On(OrderArguments),
    /// Let in nobody by their face
    Off(OrderArguments),
}

/// Have each door erase the name of a person beside its audit log, and give a receipt.
///
/// First take the person out of the database with `encoder-tool forget`, and ship that database.
///
/// Exit codes: 0 every unit has erased it, 1 not every one has confirmed it, 2 error.
#[derive(Debug, Args)]
#[command(after_long_help = crate::examples::FLEET_FORGET)]
pub(crate) struct FleetForget {
    /// The person's id, which `encoder-tool forget` prints; or the name, with --db
    #[arg(value_name = "NAME_OR_ID")]
    person: String,
    /// A people database that still has the person, to find the id of the name
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    #[command(flatten)]
    keys: KeyChoice,
    #[command(flatten)]
    order: OrderArguments,
}

/// Clear all lockouts, after too many failed attempts.
///
/// Exit codes: 0 every unit has cleared them, 1 not every one has confirmed it, 2 error.
#[derive(Debug, Args)]
pub(crate) struct FleetClearLockouts {
    #[command(flatten)]
    order: OrderArguments,
}

/// What all orders have in common.
#[derive(Debug, Args)]
pub(crate) struct OrderArguments {
    #[command(flatten)]
    file: FleetFile,
    /// The units: a group, the name or the id of a unit, or all; can be repeated
    #[arg(long, value_name = "GROUP|UNIT", required = true)]
    to: Vec<String>,
    /// The signing key, instead of ~/.config/encoder-tool/signing.key
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    /// How long to wait for the units
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    within: Duration,
    /// A unit that is away carries the order out when it is back, up to this time
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    expires: Duration,
    /// Write each unit's signed statement into this folder, as a receipt
    #[arg(long, value_name = "FOLDER")]
    receipts: Option<PathBuf>,
    /// Print one JSON object, with the receipts
    #[arg(long)]
    json: bool,
}

impl FleetLockdown {
    pub(super) fn run(&self, verbosity: Verbosity) -> anyhow::Result<Answer> {
        match self {
            Self::On(LockdownOn { order, admit }) => {
                order.give(&Command::LockdownOn { admits: admit.clone() }, verbosity)
            }
            Self::Off(LockdownOff { order }) => order.give(&Command::LockdownOff, verbosity),
        }
    }
}

impl FleetFaceRecognition {
    pub(super) fn run(&self, verbosity: Verbosity) -> anyhow::Result<Answer> {
        match self {
            Self::On(order) => order.give(&Command::FaceRecognitionOn, verbosity),
            Self::Off(order) => order.give(&Command::FaceRecognitionOff, verbosity),
        }
    }
}

impl FleetForget {
    pub(super) fn run(&self, verbosity: Verbosity) -> anyhow::Result<Answer> {
        let person = self.person_id()?;
        self.order.give(&Command::Forget { person }, verbosity)
    }

    fn person_id(&self) -> anyhow::Result<PersonId> {
        if let Ok(id) = self.person.parse() {
            return Ok(id);
        }
        let Some(db) = &self.db else {
            return Err(anyhow!("{:?} is not the id of a person", self.person)).help(
                "give the id, which `encoder-tool forget` printed; or a database that has the name, with --db FILE",
            );
        };
        let gallery = database_files::read(db, &self.keys)?.gallery;
        let found = database_files::person_named(&gallery, &self.person).map(|index| gallery.people()[index].id);
        found
            .ok_or_else(|| anyhow!("nobody in {} is called {:?}", db.shown(), self.person))
            .help("give the id, which `encoder-tool forget` printed")
    }
}

impl FleetClearLockouts {
    pub(super) fn run(&self, verbosity: Verbosity) -> anyhow::Result<Answer> {
        self.order.give(&Command::ClearLockouts, verbosity)
    }
}

impl OrderArguments {
    /// Signs the order, gives it, and prints what became of it. Yes if every unit has carried it out.
    fn give(&self, command: &Command, verbosity: Verbosity) -> anyhow::Result<Answer> {
        let fleet = self.file.read()?;
        let units = chosen(&fleet, &self.to)?;
        let key = match &self.sign {
            Some(path) => path.clone(),
            None => workstation_keys::folder()?.join(workstation_keys::SIGNING),
        };
        let key = self.unlock.signing_key(&key)?;
        let now_ms = Timestamp::now().as_millisecond();
        let number = u64::try_from(now_ms).context("the clock of this computer is wrong")?;
        let expires_ms = now_ms.saturating_add(i64::try_from(self.expires.as_millis()).unwrap_or(i64::MAX));
        let mut campaign = OrderCampaign::new(&units, command, number, expires_ms, &key, self.within)?;
        let stop = stop_signal()?;
        carry_out(&mut campaign, (&fleet, &units), &stop, verbosity, self.json, OrderCampaign::carried_out)?;
        let receipts = campaign.finish(&units);
        if let Some(folder) = &self.receipts {
            write_receipts(folder, &receipts)?;
        }
        match self.json {
            true => print_json(&receipts)?,
            false => print(&in_words(&receipts))?,
        }
        Ok(Answer::yes_if(receipts.all))
    }
}

/// Writes each receipt into a file of its own, which only the owner can read.
fn write_receipts(folder: &Path, receipts: &OrderReceipts) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.shown()))?;
    for unit in receipts.units.iter().filter(|unit| unit.receipt.is_some()) {
        let path = folder.join(format!("{}-{}.json", unit.id, receipts.number));
        let text = to_json(unit)? + "\n";
        files::replace(&path, files::Access::Private, text.as_bytes())
            .help("make room, or check who may write there")?;
    }
    Ok(())
}

fn in_words(receipts: &OrderReceipts) -> String {
    let command = receipts.command.replace('_', " ");
    let done = receipts.units.iter().filter(|unit| unit.state == OrderState::CarriedOut).count();
    let mut lines = vec![format!(
        "{command}, number {}: carried out by {done} of {}",
        receipts.number,
        counted(receipts.units.len() as u64, "unit")
    )];
    for unit in &receipts.units {
        let state = match unit.state {
            OrderState::CarriedOut => "done",
            OrderState::Refused => "REFUSED",
            OrderState::Overtaken => "OVERTAKEN",
            _ => "NOT CONFIRMED",
        };
        let reason = unit.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
        lines.push(format!("{}: {state}{reason}", unit.name));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleet::orders::UnitReceipt;

    #[test]
    fn doors_that_have_not_confirmed_are_listed() {
        let unit = |name: &str, state, reason: Option<&str>| UnitReceipt {
            name: name.to_owned(),
            id: "i".to_owned(),
            state,
            reason: reason.map(str::to_owned),
            receipt: None,
        };
        let receipts = OrderReceipts {
            number: 7,
            command: "lockdown_on",
            all: false,
            units: vec![
                unit("front", OrderState::CarriedOut, Some("nobody may enter")),
                unit("back", OrderState::Refused, Some("expired")),
                unit("side", OrderState::NotConfirmed, None),
            ],
        };
        let expected = "\
lockdown on, number 7: carried out by 1 of 3 units
front: done: nobody may enter
back: REFUSED: expired
side: NOT CONFIRMED";
        assert_eq!(in_words(&receipts), expected);
    }
}
