//! A lockdown: nobody is let in, except the people that it still admits.

use alloc::vec::Vec;
use shared::gallery::PersonId;

/// A lockdown in force, and who may still enter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lockdown {
    /// In order.
    admits: Vec<PersonId>,
}

impl Lockdown {
    /// A lockdown in which these people may still enter, by the usual rules.
    pub fn admitting(people: impl IntoIterator<Item = PersonId>) -> Self {
        let mut admits: Vec<PersonId> = people.into_iter().collect();
        admits.sort_unstable();
        Self { admits }
    }

    /// Whether a person may still enter.
    pub fn admits(&self, person: PersonId) -> bool {
        self.admits.binary_search(&person).is_ok()
    }
}
