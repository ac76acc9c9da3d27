//! `fleet ship`: brings a people database to units: to a few first, then to ten, then to all. Stops by itself when a unit
//! refuses it, fails its self-test, or does not confirm in time.
//!
//! A unit counts as done only when it states, in answer to a question of ours, that it uses exactly this file and that its
//! networks work. So running the same rollout again passes over those that have it, and a statement that somebody sends again
//! confirms nothing.

mod report;
mod verdict;

pub use report::{Delivered, RolloutReport, UnitDelivery};

use crate::campaign::{Campaign, Outgoing};
use crate::fleet_toml::Unit;
use crate::shipment::Shipment;
use crate::statements::Heard;
use crate::turns::{Pace, Turns};
use shared::delivery::{Outcome, Receipt};
use shared::seal::Fingerprint;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use verdict::{Verdict, verdict};

/// The units after the canaries.
const SECOND_WAVE: usize = 10;
/// How long units may take to answer the first question.
const SURVEY: Duration = Duration::from_secs(15);
/// How long it goes on after something went wrong, for units that have the database already.
const AFTERWARDS: Duration = Duration::from_secs(30);
/// A question that got no answer is asked again.
const ASKS: Pace = Pace { first: Duration::from_secs(5), longest: Duration::from_secs(60) };
/// A database that was not confirmed is sent again.
const SHIPS: Pace = Pace { first: Duration::from_secs(60), longest: Duration::from_secs(600) };
/// Between two questions to a unit that states something by itself.
const HURRY_MS: u64 = 1000;

/// What a rollout is to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many units get the database first, at least 1.
    pub canaries: usize,
    /// How long each wave may take.
    pub within: Duration,
    /// How many units may fail before it stops.
    pub may_fail: usize,
}

/// A rollout.
#[derive(Debug)]
pub struct Rollout {
    plan: Plan,
    shipment: Shipment,
    /// Where links can fetch it.
    address: Option<String>,
    order: Vec<Fingerprint>,
    units: HashMap<Fingerprint, Progress>,
    stage: Stage,
    asks: Turns,
    ships: Turns,
    /// Why it stops before all have it.
    stopped: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Which units are there, and which have the database already?
    Survey { until_ms: u64 },
    /// Units get it.
    Wave { number: usize, until_ms: u64 },
    /// Nothing more is sent.
    Over,
}

/// How far a unit is.
#[derive(Debug, Default)]
struct Progress {
    /// What it last stated.
    verdict: Option<Verdict>,
    /// Whether the survey heard it.
    is_there: bool,
    /// Whether it had refused this database before the rollout: then an old refusal says nothing.
    had_refused: bool,
    is_sent: bool,
    failure: Option<String>,
    asked_ms: u64,
}

impl Rollout {
    /// Brings this database to these units.
    pub fn new(plan: Plan, shipment: Shipment, address: Option<String>, units: &[&Unit]) -> Self {
        let mut asks = Turns::at(ASKS);
        units.iter().for_each(|unit| asks.add(unit.id, 0));
        let to_ask = Duration::from_secs(units.len() as u64 / crate::campaign::PER_SECOND);
        Self {
            plan,
            shipment,
            address,
            order: units.iter().map(|unit| unit.id).collect(),
            units: units.iter().map(|unit| (unit.id, Progress::default())).collect(),
            stage: Stage::Survey { until_ms: ms(SURVEY + to_ask) },
            asks,
            ships: Turns::at(SHIPS),
            stopped: None,
        }
    }

    /// Ends it now.
    pub fn interrupt(&mut self) {
        self.stopped.get_or_insert_with(|| "it was interrupted; run it again to go on".to_owned());
        self.stage = Stage::Over;
    }

    /// How many units use the database.
    pub fn confirmed(&self) -> usize {
        self.count(|progress| progress.verdict == Some(Verdict::Confirmed))
    }

    /// What became of it.
    pub fn report(&self, units: &[&Unit]) -> RolloutReport {
        let delivery = |unit: &&Unit| {
            let progress = self.units.get(&unit.id);
            let (delivered, reason) = progress.map_or((Delivered::NotSent, None), Progress::outcome);
            UnitDelivery { name: unit.name.clone(), id: unit.id.to_string(), delivered, reason }
        };
        let units: Vec<UnitDelivery> = units.iter().map(delivery).collect();
        RolloutReport {
            sequence: self.shipment.sequence,
            digest: self.shipment.digest,
            people: self.shipment.people,
            all: units.iter().all(|unit| unit.delivered == Delivered::Confirmed),
            stopped: self.stopped.clone(),
            units,
        }
    }

    fn count(&self, is: impl Fn(&Progress) -> bool) -> usize {
        self.units.values().filter(|progress| is(progress)).count()
    }

    /// The units that neither use the database nor have failed, those first that answer and have not refused it before.
    fn remaining(&self) -> Vec<Fingerprint> {
        let is_left = |progress: &Progress| matches!(progress.verdict, None | Some(Verdict::Pending));
        let mut left: Vec<Fingerprint> =
            self.order.iter().filter(|unit| self.units.get(unit).is_some_and(is_left)).copied().collect();
        left.sort_by_key(|unit| self.units.get(unit).map(|progress| (!progress.is_there, progress.had_refused)));
        left
    }

    /// Begins the next wave, or ends.
    fn next_wave(&mut self, number: usize, now_ms: u64) {
        let left = self.remaining();
        if left.is_empty() {
            self.stage = Stage::Over;
            return;
        }
        let size = match number {
            0 => self.plan.canaries.max(1),
            1 => SECOND_WAVE,
            _ => left.len(),
        };
        for unit in left.into_iter().take(size) {
            self.ships.add(unit, now_ms);
            self.asks.add(unit, now_ms + ms(ASKS.first));
        }
        self.stage = Stage::Wave { number, until_ms: now_ms.saturating_add(ms(self.plan.within)) };
    }

    /// Sends nothing more, and waits a little for those who have it already.
    fn stop(&mut self, why: String, now_ms: u64) {
        if self.stopped.is_some() {
            return;
        }
        self.stopped = Some(why);
        if let Stage::Wave { number, until_ms } = self.stage {
            self.stage = Stage::Wave { number, until_ms: until_ms.min(now_ms + ms(AFTERWARDS)) };
        }
        let unsent: HashSet<Fingerprint> =
            self.ships.units().filter(|unit| self.units.get(unit).is_some_and(|progress| !progress.is_sent)).collect();
        for unit in unsent {
            self.ships.remove(unit);
            self.asks.remove(unit);
        }
    }

    fn move_on(&mut self, now_ms: u64) {
        match self.stage {
            Stage::Survey { until_ms } if now_ms >= until_ms || self.units.values().all(|unit| unit.is_there) => {
                let asked: Vec<Fingerprint> = self.asks.units().collect();
                asked.into_iter().for_each(|unit| self.asks.remove(unit));
                self.next_wave(0, now_ms);
            }
            Stage::Wave { .. } if self.stopped.is_some() && self.ships.count() == 0 => self.stage = Stage::Over,
            Stage::Wave { number, .. } if self.ships.count() == 0 => self.next_wave(number + 1, now_ms),
            Stage::Wave { until_ms, .. } if now_ms >= until_ms => {
                let silent = self.ships.count();
                self.stop(format!("{silent} of the units did not confirm in time"), now_ms);
                self.stage = Stage::Over;
            }
            _ => {}
        }
    }

    /// A unit will not use the database.
    fn unit_failed(&mut self, unit: &Unit, why: &str, now_ms: u64) {
        self.asks.remove(unit.id);
        self.ships.remove(unit.id);
        let failed = self.count(|progress| progress.verdict.as_ref().is_some_and(Verdict::is_failure));
        if failed > self.plan.may_fail {
            self.stop(format!("{}: {why}", unit.name), now_ms);
        }
    }

    /// How long links may wait before they fetch the file: the more units, the longer, but never most of a wave's time.
    fn spread(&self) -> Duration {
        Duration::from_millis(100 * self.ships.count() as u64).min(self.plan.within / 4)
    }
}

impl Campaign for Rollout {
    fn heard(&mut self, unit: &Unit, heard: &Heard, now_ms: u64) {
        let is_survey = matches!(self.stage, Stage::Survey { .. });
        let digest = self.shipment.digest;
        let Some(progress) = self.units.get_mut(&unit.id) else { return };
        if !heard.is_fresh {
            // It may be news, or somebody sends it again: the unit is asked.
            if now_ms.saturating_sub(progress.asked_ms) >= HURRY_MS {
                self.asks.hurry(unit.id, now_ms);
            }
            return;
        }
        let found = verdict(&heard.statement.report, digest);
        progress.is_there = true;
        if is_survey {
            progress.had_refused |= matches!(found, Verdict::Refused(_));
            if found == Verdict::Confirmed {
                progress.verdict = Some(found);
            }
            return;
        }
        if !self.ships.has(unit.id) {
            return;
        }
        let found = match found {
            Verdict::Refused(_) if progress.had_refused => Verdict::Pending,
            found => found,
        };
        progress.verdict = Some(found.clone());
        match &found {
            Verdict::Confirmed => {
                self.asks.remove(unit.id);
                self.ships.remove(unit.id);
            }
            Verdict::Pending => {}
            Verdict::Refused(why) | Verdict::Unfit(why) => self.unit_failed(unit, why, now_ms),
        }
    }

    fn receipt(&mut self, unit: &Unit, receipt: &Receipt, now_ms: u64) {
        let Some(progress) = self.units.get_mut(&unit.id) else { return };
        let reason = receipt.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
        match receipt.outcome {
            // Only its statement counts.
            Outcome::Running => self.asks.hurry(unit.id, now_ms),
            Outcome::Refused if self.ships.has(unit.id) => {
                progress.verdict = Some(Verdict::Refused(reason.clone()));
                self.unit_failed(unit, &reason, now_ms);
            }
            _ => progress.failure = Some(reason),
        }
    }

    fn failed(&mut self, unit: &Unit, why: &str, _now_ms: u64) {
        if let Some(progress) = self.units.get_mut(&unit.id) {
            progress.failure = Some(why.to_owned());
        }
    }

    fn send(&mut self, out: &mut Outgoing<'_>) {
        let now_ms = out.now_ms();
        self.move_on(now_ms);
        if self.stage == Stage::Over {
            return;
        }
        let spread = self.spread();
        let Self { shipment, address, units, ships, asks, .. } = self;
        out.each_turn(ships, |out, unit| {
            out.ship(unit, shipment, address.as_deref(), spread)?;
            units.entry(unit.id).and_modify(|progress| progress.is_sent = true);
            Ok(())
        });
        out.each_turn(asks, |out, unit| {
            out.ask(unit)?;
            units.entry(unit.id).and_modify(|progress| progress.asked_ms = now_ms);
            Ok(())
        });
    }

    fn is_over(&self, _now_ms: u64) -> bool {
        self.stage == Stage::Over
    }
}

impl Progress {
    fn outcome(&self) -> (Delivered, Option<String>) {
        match &self.verdict {
            Some(Verdict::Confirmed) => (Delivered::Confirmed, None),
            Some(Verdict::Refused(why)) => (Delivered::Refused, Some(why.clone())),
            Some(Verdict::Unfit(why)) => (Delivered::Unfit, Some(why.clone())),
            _ if self.is_sent => (Delivered::NotConfirmed, self.failure.clone()),
            _ => (Delivered::NotSent, self.failure.clone()),
        }
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
