//! Signed orders to units: lockdown, face recognition, forgetting somebody, lockouts.
//!
//! A unit has carried out an order when it states, in answer to a question of ours, that the last order it judged is this
//! one and that it did not refuse it. That statement, with the unit's signature, is the receipt.

mod receipt;

pub use receipt::{OrderReceipts, OrderState, UnitReceipt};

use crate::campaign::{Campaign, Outgoing, PER_SECOND};
use crate::fleet_toml::Unit;
use crate::statements::Heard;
use crate::turns::{Pace, Turns};
use fleet_messages::{OrderReport, SignedStatement};
use shared::gallery::{Audience, AudienceError};
use shared::order::{Command, MAX_UNITS, Order, OrderError};
use shared::seal::{Fingerprint, SigningKey};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A question that got no answer, or an answer from before the order, is asked again.
const ASKS: Pace = Pace { first: Duration::from_secs(2), longest: Duration::from_secs(30) };
/// An order that was not judged is sent again. A unit carries it out once.
const ORDERS: Pace = Pace { first: Duration::from_secs(15), longest: Duration::from_secs(120) };
/// How long after an order a unit is asked.
const FIRST_ASK_MS: u64 = 700;
/// A refusal is believed when it still stands after this: while a unit carries out an order, it says that it did not
/// finish.
const REFUSAL_STANDS_MS: u64 = 5000;

/// Why an order cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeError {
    /// The order.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// Its doors.
    #[error(transparent)]
    Audience(#[from] AudienceError),
}

/// One order to units, signed.
#[derive(Debug)]
pub struct OrderCampaign {
    number: u64,
    command: &'static str,
    until_ms: u64,
    texts: HashMap<Fingerprint, Arc<str>>,
    units: HashMap<Fingerprint, Progress>,
    asks: Turns,
    orders: Turns,
}

/// How far a unit is.
#[derive(Debug, Default)]
struct Progress {
    report: Option<OrderReport>,
    receipt: Option<SignedStatement>,
    /// Since when it says that it refused the order.
    refused_since_ms: Option<u64>,
    failure: Option<String>,
}

impl OrderCampaign {
    /// Orders these units to do this. The order names each of them, so that no other unit carries it out. `number` is larger
    /// than that of every earlier order, the time in milliseconds since 1970, UTC; it expires at `expires_utc_ms`.
    ///
    /// # Errors
    /// [`MakeError`]
    pub fn new(
        units: &[&Unit],
        command: &Command,
        number: u64,
        expires_utc_ms: i64,
        key: &SigningKey,
        patience: Duration,
    ) -> Result<Self, MakeError> {
        let mut texts = HashMap::new();
        for units in units.chunks(MAX_UNITS) {
            let doors = Audience::units(units.iter().map(|unit| unit.id))?;
            let text: Arc<str> = Order::new(number, doors, expires_utc_ms, command.clone())?.sign(key).into();
            texts.extend(units.iter().map(|unit| (unit.id, text.clone())));
        }
        let (mut asks, mut orders) = (Turns::at(ASKS), Turns::at(ORDERS));
        for unit in units {
            orders.add(unit.id, 0);
            asks.add(unit.id, FIRST_ASK_MS);
        }
        let until = patience + Duration::from_secs(2 * units.len() as u64 / PER_SECOND);
        Ok(Self {
            number,
            command: command.code(),
            until_ms: u64::try_from(until.as_millis()).unwrap_or(u64::MAX),
            units: units.iter().map(|unit| (unit.id, Progress::default())).collect(),
            texts,
            asks,
            orders,
        })
    }

    /// How many units have carried it out.
    pub fn carried_out(&self) -> usize {
        self.units.values().filter(|progress| progress.receipt.is_some()).count()
    }

    /// What became of it.
    pub fn finish(mut self, units: &[&Unit]) -> OrderReceipts {
        let receipts: Vec<UnitReceipt> = units
            .iter()
            .map(|unit| self.units.remove(&unit.id).unwrap_or_default().receipt(unit, self.number))
            .collect();
        OrderReceipts {
            number: self.number,
            command: self.command,
            all: receipts.iter().all(|unit| unit.state == OrderState::CarriedOut),
            units: receipts,
        }
    }

    fn is_settled(&mut self, unit: Fingerprint) {
        self.asks.remove(unit);
        self.orders.remove(unit);
    }
}

impl Campaign for OrderCampaign {
    fn heard(&mut self, unit: &Unit, heard: &Heard, now_ms: u64) {
        if !heard.is_fresh || !self.asks.has(unit.id) {
            return;
        }
        let Some(report) = heard.statement.report.order.as_ref().filter(|order| order.number >= self.number) else {
            return;
        };
        let Some(progress) = self.units.get_mut(&unit.id) else { return };
        progress.report = Some(report.clone());
        // It is judged: sending it again changes nothing.
        self.orders.remove(unit.id);
        if report.number > self.number {
            self.is_settled(unit.id);
        } else if report.refused.is_none() {
            progress.receipt = Some(heard.signed.clone());
            self.is_settled(unit.id);
        } else if now_ms >= progress.refused_since_ms.get_or_insert(now_ms).saturating_add(REFUSAL_STANDS_MS) {
            self.is_settled(unit.id);
        }
    }

    fn failed(&mut self, unit: &Unit, why: &str, _now_ms: u64) {
        if let Some(progress) = self.units.get_mut(&unit.id) {
            progress.failure = Some(why.to_owned());
        }
    }

    fn send(&mut self, out: &mut Outgoing<'_>) {
        let Self { texts, asks, orders, .. } = self;
        out.each_turn(orders, |out, unit| match texts.get(&unit.id) {
            Some(order) => out.order(unit, order),
            None => Ok(()),
        });
        out.each_turn(asks, |out, unit| out.ask(unit));
    }

    fn is_over(&self, now_ms: u64) -> bool {
        self.asks.count() == 0 || now_ms >= self.until_ms
    }
}

#[cfg(test)]
mod tests;
