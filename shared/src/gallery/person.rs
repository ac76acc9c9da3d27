//! An enrolled person: identity, and what the door requires.

use super::name::PersonName;
use crate::card::CardHash;
use crate::mode::Mode;
use crate::person_id::PersonId;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Largest length of a note, in bytes.
pub const MAX_NOTE_BYTES: usize = 512;
/// The most cards of one person.
pub const MAX_CARDS: usize = 8;
/// Largest number of encodings of a person.
pub const MAX_ENCODINGS_OF_PERSON: usize = 1000;

/// What an administrator records about a person besides the name; all fields are optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Free text, at most [`MAX_NOTE_BYTES`] bytes, without control characters except line feed.
    pub note: String,
    /// Groups, at most [`MAX_GROUPS`](crate::schedule::MAX_GROUPS), each 1 to
    /// [`MAX_GROUP_BYTES`](crate::schedule::MAX_GROUP_BYTES) bytes without control characters.
    pub groups: Vec<String>,
    /// What the person must show.
    pub mode: Mode,
    /// First second at which the person may enter, Unix time.
    pub valid_from: Option<i64>,
    /// First second at which the person may no longer enter, Unix time.
    pub valid_until: Option<i64>,
    /// Cards, at most [`MAX_CARDS`], hashed with the key of the database.
    pub cards: Vec<CardHash>,
}

/// An enrolled person.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Person {
    /// The stable id.
    pub id: PersonId,
    /// The name.
    pub name: PersonName,
    /// Note, groups, mode, validity and cards.
    pub details: Details,
    /// The range of the person's encodings in the gallery.
    pub encodings: Range<usize>,
}
