//! What locks the unit down, for people and programs.

use super::Lockdowns;
use serde::{Deserialize, Serialize};
use shared::gallery::Gallery;
use terminal::counted;

/// A lockdown in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockdownReport {
    /// What locks the unit down: `command`, `switch`, `restart` (an order from before the last start), `damaged_file`.
    pub(crate) locked_by: Vec<String>,
    /// The number of people who may still enter.
    pub(crate) admitted: usize,
    /// Why a restart may end the lockdown; `None` if it does not.
    #[serde(default)]
    pub(crate) not_saved: Option<String>,
}

impl LockdownReport {
    /// The lockdown of a unit with these people; `None` if there is none.
    pub(crate) fn new(lockdowns: &Lockdowns, gallery: &Gallery) -> Option<Self> {
        let lockdown = lockdowns.for_people(gallery)?;
        let locked_by = lockdowns.in_force().map(|(source, _)| source.code().to_owned()).collect();
        let admitted = gallery.people().iter().filter(|person| lockdown.admits(person.id)).count();
        Some(Self { locked_by, admitted, not_saved: lockdowns.unsaved().map(str::to_owned) })
    }

    /// `LOCKED DOWN by the switch; nobody may enter`.
    pub(crate) fn in_words(&self) -> String {
        let by: Vec<&str> = self.locked_by.iter().map(|source| source_in_words(source)).collect();
        let who = if self.admitted == 0 { "nobody".to_owned() } else { counted(self.admitted, "person") };
        let lost = self.not_saved.as_ref().map(|why| format!("; A RESTART MAY END IT: {why}")).unwrap_or_default();
        in_words(&by, &who) + &lost
    }
}

/// `LOCKED DOWN by the switch; nobody may enter`.
pub(crate) fn in_words(by: &[&str], who: &str) -> String {
    format!("LOCKED DOWN by {}; {who} may enter", by.join(" and "))
}

/// What locks the unit down, by its code.
pub(crate) fn source_in_words(code: &str) -> &'static str {
    match code {
        "command" => "a command",
        "switch" => "the switch",
        "restart" => "a command before the last start",
        "link" => "the link",
        "signed_order" => "a signed order",
        _ => "a damaged file",
    }
}
