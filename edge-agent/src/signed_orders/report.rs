//! What became of an order, for people and programs.

use serde::{Deserialize, Serialize};
use shared::order::Order;

/// A signed order that a unit has judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderReport {
    /// Its number.
    pub(crate) number: u64,
    /// The code of the command, such as `lockdown_on`.
    pub(crate) command: String,
    /// Why the unit refused it; `None` if it carried it out.
    pub(crate) refused: Option<String>,
    /// What the unit did, for people.
    pub(crate) outcome: Option<String>,
}

impl OrderReport {
    pub(super) fn new(order: &Order, refused: Option<String>, outcome: Option<String>) -> Self {
        Self { number: order.number(), command: order.command().code().to_owned(), refused, outcome }
    }

    /// `lockdown off, number 1800000000000: the unit is not locked down`.
    pub(crate) fn in_words(&self) -> String {
        let what = self.command.replace('_', " ");
        let became = match (&self.refused, &self.outcome) {
            (Some(why), _) => format!("REFUSED: {why}"),
            (None, outcome) => outcome.clone().unwrap_or_default(),
        };
        format!("{what}, number {}: {became}", self.number)
    }
}
