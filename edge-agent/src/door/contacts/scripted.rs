//! Contacts that change as a test or a simulation says.

use super::{Change, Contact, Contacts};
use std::collections::VecDeque;

/// Reports changes at their planned times.
#[derive(Debug, Clone, Default)]
pub struct ScriptedContacts {
    changes: VecDeque<Change>,
}

impl ScriptedContacts {
    /// A closed door with these changes, oldest first.
    pub fn new(changes: impl IntoIterator<Item = (u64, Contact)>) -> Self {
        Self { changes: changes.into_iter().map(|(at_ms, contact)| Change { contact, at_ms }).collect() }
    }
}

impl Contacts for ScriptedContacts {
    fn states(&self) -> Vec<Contact> {
        vec![Contact::Door { open: false }]
    }

    fn changes(&mut self, now_ms: u64) -> Vec<Change> {
        let due = self.changes.iter().take_while(|change| change.at_ms <= now_ms).count();
        self.changes.drain(..due).collect()
    }
}
