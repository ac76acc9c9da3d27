//! How people name a door: by its unit's id, or by a group of doors.

use crate::seal::Fingerprint;
use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// Largest length of a door group's name, in bytes.
pub const MAX_DOOR_GROUP_BYTES: usize = 32;
/// The word for every door; it cannot be a group's name.
pub const ALL_DOORS: &str = "all";

/// The name of a group of doors: 1 to [`MAX_DOOR_GROUP_BYTES`] lower-case letters, digits and `-`, with at least one
/// letter after `f`, so that an incomplete unit id is never a valid group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DoorGroup(String);

/// One door or a group of doors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DoorName {
    /// The unit with this id.
    Unit(Fingerprint),
    /// Every unit that belongs to this group according to its configuration.
    Group(DoorGroup),
}

/// Why a text names no door.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is neither a unit's id (five groups of four hexadecimal digits) nor a group of doors (1 to \
     {MAX_DOOR_GROUP_BYTES} lower-case letters, digits and \"-\", with a letter beyond \"f\", and not \"{ALL_DOORS}\")"
)]
pub struct NotADoor(String);

impl DoorName {
    /// Whether it names this unit. `unit` is its id if it has a key of its own, `groups` are its groups.
    pub fn includes(&self, unit: Option<Fingerprint>, groups: &[DoorGroup]) -> bool {
        match self {
            Self::Unit(named) => unit == Some(*named),
            Self::Group(group) => groups.contains(group),
        }
    }
}

impl DoorGroup {
    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DoorName {
    type Err = NotADoor;

    fn from_str(text: &str) -> Result<Self, NotADoor> {
        text.parse().map(Self::Unit).or_else(|_| text.parse().map(Self::Group))
    }
}

impl TryFrom<String> for DoorName {
    type Error = NotADoor;

    fn try_from(text: String) -> Result<Self, NotADoor> {
        text.parse()
    }
}

impl From<DoorName> for String {
    fn from(name: DoorName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for DoorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(unit) => unit.fmt(f),
            Self::Group(group) => group.fmt(f),
        }
    }
}

impl FromStr for DoorGroup {
    type Err = NotADoor;

    fn from_str(text: &str) -> Result<Self, NotADoor> {
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_name = (1..=MAX_DOOR_GROUP_BYTES).contains(&text.len())
            && text.chars().all(sound)
            && text.chars().any(|c| c > 'f')
            && text != ALL_DOORS;
        if is_name { Ok(Self(text.into())) } else { Err(NotADoor(text.into())) }
    }
}

impl fmt::Display for DoorGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DoorGroup {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_named_by_its_id_or_one_of_its_groups() {
        let unit = Fingerprint::from_bytes([7; 10]);
        let name = |text: &str| text.parse::<DoorName>().unwrap();
        let groups = ["lab".parse().unwrap()];
        for (named, expected) in
            [(&*unit.to_string(), true), ("0808-0808-0808-0808-0808", false), ("lab", true), ("office", false)]
        {
            assert_eq!(name(named).includes(Some(unit), &groups), expected, "{named}");
            assert_eq!(name(named).to_string(), named);
        }
        assert!(!name(&unit.to_string()).includes(None, &groups), "a unit without a key has no id");
    }

    #[test]
    fn an_incomplete_id_and_the_word_all_are_not_groups() {
        for name in ["office", "floor-2", "0west", "z"] {
            assert_eq!(name.parse::<DoorGroup>().unwrap().to_string(), name);
        }
        let id = Fingerprint::from_bytes([7; 10]).to_string();
        for name in ["", "all", "5f0c-8a71", &id, "cafe", "Office", "büro", "a b", "x".repeat(33).as_str(), "../x"] {
            assert!(name.parse::<DoorGroup>().is_err(), "{name}");
        }
    }
}
