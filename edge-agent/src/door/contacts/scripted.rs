//! Contacts that change as a test or a simulation says.

use super::{Change, Contact, Contacts};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Reports changes at their planned times. Clones share the contacts.
#[derive(Debug, Clone, Default)]
pub struct ScriptedContacts(Arc<Mutex<VecDeque<Change>>>);

impl ScriptedContacts {
    /// A closed door with these changes, oldest first.
    pub fn new(changes: impl IntoIterator<Item = (u64, Contact)>) -> Self {
        let contacts = Self::default();
        changes.into_iter().for_each(|(at_ms, contact)| contacts.change(contact, at_ms));
        contacts
    }

    /// Plans a change after all earlier ones.
    pub fn change(&self, contact: Contact, at_ms: u64) {
        self.planned().push_back(Change { contact, at_ms });
    }

    fn planned(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contacts for ScriptedContacts {
    fn states(&self) -> Vec<Contact> {
        vec![Contact::Door { open: false }]
    }

    fn changes(&mut self, now_ms: u64) -> Vec<Change> {
        let mut planned = self.planned();
        let due = planned.iter().take_while(|change| change.at_ms <= now_ms).count();
        planned.drain(..due).collect()
    }
}
