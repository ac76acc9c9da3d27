//! The doors that a people database is for. Without this, the signed database of one door could be copied to open
//! another.
//!
//! The unit knows its own id and groups.

use crate::door_name::{DoorGroup, NotADoor};
use crate::seal::{Fingerprint, MAX_RECIPIENTS, write_first};
use alloc::vec::Vec;
use core::fmt;

/// Largest number of units that a database can name. It can be sealed for all of them and the workstation.
pub const MAX_UNITS: usize = MAX_RECIPIENTS - 1;

/// The doors that may use a database. The signature covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Every door that trusts the signer.
    AllDoors,
    /// Every unit that belongs to this group according to its configuration.
    Group(DoorGroup),
    /// These units and no others.
    Units(Units),
}

/// 1 to [`MAX_UNITS`] units, each by the fingerprint of its own sealing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units(pub(super) Vec<Fingerprint>);

/// Why an audience is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudienceError {
    /// There are no units or too many.
    #[error("a database is for 1 to {MAX_UNITS} units, not for {0}; put more into a group")]
    UnitCount(usize),
    /// The name of a group is invalid.
    #[error(transparent)]
    NotAGroup(#[from] NotADoor),
}

impl Audience {
    /// Makes an audience of these units. Duplicates count once.
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

    /// Whether a unit may use the database. `unit` is its id if it has a key of its own, `groups` are its groups.
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
                write_first(units, f)
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
    fn a_unit_is_included_by_its_id_or_one_of_its_groups() {
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
    fn as_many_units_as_an_envelope_has_room_for() {
        let unit = |number: u16| {
            Fingerprint::from_bytes([[0; 8].as_slice(), &number.to_be_bytes()].concat().try_into().unwrap())
        };
        for (count, fits) in [(0, false), (1, true), (1024, true), (1025, false), (3000, false)] {
            let audience = Audience::units((0..count).map(unit));
            assert_eq!(audience.is_ok(), fits, "{count}");
            assert!(audience.is_err() || audience.unwrap().to_string().len() < 250, "a message stays short");
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
