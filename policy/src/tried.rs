//! What an attempt is made with: a face, an unknown card, or the card of a person.

use serde::{Deserialize, Serialize};
use shared::gallery::PersonId;

/// What a failed attempt was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A face, compared with all enrolled people.
    Face,
    /// An unknown card.
    Card,
    /// A face with the card of this person.
    CardOf(PersonId),
}

/// Identifies a card of a person well enough to distinguish it from its replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CardIssue {
    /// The sequence number of the database in which it was found.
    pub database: u64,
    /// Eight bits derived from its number: enough to distinguish a new card from the old one in 255 of 256 cases, too
    /// few to reveal the number.
    pub tag: u8,
}

/// The kind of an attempt, and the card, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) kind: Kind,
    pub(super) card: CardIssue,
}

impl Tried {
    pub(super) const FACE: Self = Self { kind: Kind::Face, card: CardIssue { database: 0, tag: 0 } };
}
