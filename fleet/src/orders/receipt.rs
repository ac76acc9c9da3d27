//! What became of an order at each unit.

use super::Progress;
use crate::fleet_toml::Unit;
use fleet_messages::SignedStatement;
use serde::Serialize;

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderReceipts {
    /// Its number.
    pub number: u64,
    /// The code of the command.
    pub command: &'static str,
    /// Whether every unit has carried it out.
    pub all: bool,
    /// The units.
    pub units: Vec<UnitReceipt>,
}

/// What became of it at one unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitReceipt {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: OrderState,
    /// What the unit did, or why it did not.
    pub reason: Option<String>,
    /// The unit's signed statement, if it has carried out the order.
    pub receipt: Option<SignedStatement>,
}

/// How far a unit is with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderState {
    /// It has carried it out.
    CarriedOut,
    /// It refused it.
    Refused,
    /// It states that a later order came after; nobody can say whether it has carried out this one.
    Overtaken,
    /// It has not stated anything about it.
    NotConfirmed,
}

impl Progress {
    pub(super) fn receipt(self, unit: &Unit, number: u64) -> UnitReceipt {
        let (state, reason) = match &self.report {
            Some(report) if report.number > number => {
                (OrderState::Overtaken, Some(format!("the later order {} came after it", report.number)))
            }
            Some(report) => match &report.refused {
                Some(why) => (OrderState::Refused, Some(why.clone())),
                None => (OrderState::CarriedOut, report.outcome.clone()),
            },
            None => (OrderState::NotConfirmed, self.failure.clone()),
        };
        UnitReceipt { name: unit.name.clone(), id: unit.id.to_string(), state, reason, receipt: self.receipt }
    }
}
