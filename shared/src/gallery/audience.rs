//! The doors that a people database is for. Without this, the signed database of one door could be copied to open
//! another.
//!
//! The unit knows its own id and groups.

use super::error::Problem;
use crate::seal::{Fingerprint, MAX_RECIPIENTS};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// The most units that one database can name: it can be sealed for all of them and for the workstation.
pub const MAX_UNITS: usize = MAX_RECIPIENTS - 1;
/// The most bytes in the name of a group of doors.
pub const MAX_DOOR_GROUP_BYTES: usize = 32;
/// The word for every door; it cannot be a group's name.
pub const ALL_DOORS: &str = "all";

/// The doors that may use a database. The signature covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every door that trusts the signer.
    AllDoors,
    /// Every unit whose configuration says that it belongs to this group.
    Group(DoorGroup),
    /// These units and no others.
    Units(Units),
}

/// 1 to [`MAX_UNITS`] units, each by the fingerprint of its own sealing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units(Vec<Fingerprint>);

/// The name of a group of doors: 1 to [`MAX_DOOR_GROUP_BYTES`] lower-case letters, digits and `-`, at least one of the
/// letters beyond `f`, so that an incomplete id of a unit is never taken for a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DoorGroup(String);

/// Why an audience is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudienceError {
    /// No units, or too many.
    #[error("a database is for 1 to {MAX_UNITS} units, not for {0}; put more into a group")]
    UnitCount(usize),
    /// Not the name of a group.
    #[error(
        "{0:?} is neither a unit's id (five groups of four hexadecimal digits) nor a group of doors (1 to \
         {MAX_DOOR_GROUP_BYTES} lower-case letters, digits and \"-\", with a letter beyond \"f\", and not \"{ALL_DOORS}\")"
    )]
    NotAGroup(String),
}

impl Audience {
    /// These units; one that is named twice counts once.
    ///
    /// # Errors
    /// [`AudienceError::UnitCount`]
    pub fn units(units: impl IntoIterator<Item = Fingerprint>) -> Result<Self, AudienceError> {
        let mut units: Vec<Fingerprint> = units.into_iter().collect();
        units.sort_unstable();
        units.dedup();
        if !(1..=MAX_UNITS).contains(&units.len()) {
            return Err(AudienceError::UnitCount(units.len()));
        }
        Ok(Self::Units(Units(units)))
    }

    /// Whether a unit may use the database: by its id, if it has a key of its own, and the groups that it belongs to.
    pub fn includes(&self, unit: Option<Fingerprint>, groups: &[DoorGroup]) -> bool {
        match self {
            Self::AllDoors => true,
            Self::Group(group) => groups.contains(group),
            Self::Units(Units(units)) => unit.is_some_and(|unit| units.contains(&unit)),
        }
    }
}

impl Units {
    /// Their ids, in order.
    pub fn ids(&self) -> &[Fingerprint] {
        &self.0
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllDoors => write!(f, "all doors"),
            Self::Group(group) => write!(f, "the doors of the group {group}"),
            Self::Units(Units(units)) => {
                write!(f, "{}", if units.len() == 1 { "the unit " } else { "the units " })?;
                units.iter().enumerate().try_for_each(|(index, unit)| {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}{unit}")
                })
            }
        }
    }
}

impl FromStr for DoorGroup {
    type Err = AudienceError;

    fn from_str(text: &str) -> Result<Self, AudienceError> {
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_name = (1..=MAX_DOOR_GROUP_BYTES).contains(&text.len())
            && text.chars().all(sound)
            && text.chars().any(|c| c > 'f')
            && text != ALL_DOORS;
        if is_name { Ok(Self(text.into())) } else { Err(AudienceError::NotAGroup(text.into())) }
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

/// As it stands in a file, in postcard.
#[derive(Serialize, Deserialize)]
pub(super) enum AudienceRecord<'a> {
    AllDoors,
    Group(&'a str),
    Units(Vec<[u8; 10]>),
}

impl<'a> AudienceRecord<'a> {
    pub(super) fn new(audience: &'a Audience) -> Self {
        match audience {
            Audience::AllDoors => Self::AllDoors,
            Audience::Group(DoorGroup(name)) => Self::Group(name),
            Audience::Units(Units(units)) => Self::Units(units.iter().map(|unit| unit.to_bytes()).collect()),
        }
    }

    /// Units must stand in order, each once: one audience is written in one way.
    pub(super) fn checked(self) -> Result<Audience, Problem> {
        match self {
            Self::AllDoors => Ok(Audience::AllDoors),
            Self::Group(name) => name.parse().map(Audience::Group).map_err(Problem::Audience),
            Self::Units(units) if !units.is_sorted_by(|one, next| one < next) => Err(Problem::UnitOrder),
            Self::Units(units) => {
                Audience::units(units.into_iter().map(Fingerprint::from_bytes)).map_err(Problem::Audience)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn unit(number: u8) -> Fingerprint {
        Fingerprint::from_bytes([number; 10])
    }

    fn group(name: &str) -> DoorGroup {
        name.parse().unwrap()
    }

    #[test]
    fn a_unit_is_included_by_its_id_or_by_one_of_its_groups() {
        let some = Audience::units([unit(2), unit(1), unit(2)]).unwrap();
        let office = Audience::Group(group("office"));
        for (audience, id, groups, expected) in [
            (&Audience::AllDoors, None, &[][..], true),
            (&some, Some(unit(1)), &[], true),
            (&some, Some(unit(3)), &["office"], false),
            (&some, None, &["office"], false),
            (&office, Some(unit(1)), &["lab", "office"], true),
            (&office, Some(unit(1)), &["lab"], false),
            (&office, None, &[], false),
        ] {
            let groups: Vec<DoorGroup> = groups.iter().map(|name| group(name)).collect();
            assert_eq!(audience.includes(id, &groups), expected, "{audience} {id:?} {groups:?}");
        }
    }

    #[test]
    fn sixty_four_units_and_no_more() {
        for (count, fits) in [(0, false), (1, true), (64, true), (65, false), (200, false)] {
            let audience = Audience::units((0..count).map(unit));
            assert_eq!(audience.is_ok(), fits, "{count}");
        }
    }

    #[test]
    fn an_incomplete_id_and_all_are_no_groups() {
        for name in ["office", "floor-2", "0west", "z"] {
            assert_eq!(group(name).to_string(), name);
        }
        let id = unit(7).to_string();
        for name in ["", "all", "5f0c-8a71", &id, "cafe", "Office", "büro", "a b", "x".repeat(33).as_str(), "../x"] {
            assert!(name.parse::<DoorGroup>().is_err(), "{name}");
        }
    }

    #[test]
    fn words() {
        assert_eq!(Audience::AllDoors.to_string(), "all doors");
        assert_eq!(Audience::Group(group("office")).to_string(), "the doors of the group office");
        let two = Audience::units([unit(0xcd), unit(0xab)]).unwrap().to_string();
        assert_eq!(two, "the units abab-abab-abab-abab-abab, cdcd-cdcd-cdcd-cdcd-cdcd");
    }
}
