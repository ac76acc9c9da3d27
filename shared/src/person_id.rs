//! What identifies a person in databases, schedules, card hashes and logs.

use crate::hex::hex_text;

/// A person's stable random number. The log contains it instead of a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(pub [u8; 16]);
hex_text!(PersonId, 16);
