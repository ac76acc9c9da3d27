//! What the door asks for at this hour, and what keeps it open or closed for everybody.

use crate::lockdown::LockdownReport;
use policy::Policy;
use serde::{Deserialize, Serialize};
use shared::gallery::Mode;

/// What holds for everybody at the door now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct AccessReport {
    /// `face`, `card`, `card_or_face` or `card_and_face`; empty in reports of earlier versions.
    pub(crate) asks_for: String,
    /// The name of the hours in which the door is held open now.
    pub(crate) held_open: Option<String>,
    /// The lockdown in force.
    pub(crate) lockdown: Option<LockdownReport>,
}

impl AccessReport {
    /// The report of a unit with this policy and this lockdown.
    pub(crate) fn new(policy: &Policy, lockdown: Option<LockdownReport>) -> Self {
        let asks_for = match policy.mode_now() {
            Mode::Default => Mode::CardAndFace,
            mode => mode,
        };
        Self { asks_for: asks_for.in_json().to_owned(), held_open: policy.held_open_by().map(str::to_owned), lockdown }
    }

    /// Lines of text for people: label and value.
    pub(super) fn in_words(&self) -> Vec<(&'static str, String)> {
        let asks_for = Some(self.asks_for.replace('_', " ")).filter(|asks_for| !asks_for.is_empty());
        let held_open = self.held_open.as_ref().map(|hours| format!("HELD OPEN for everybody in the hours {hours}"));
        let lockdown = self.lockdown.as_ref().map(LockdownReport::in_words);
        let rows = [("asks for", asks_for), ("hours", held_open), ("lockdown", lockdown)];
        rows.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }
}
