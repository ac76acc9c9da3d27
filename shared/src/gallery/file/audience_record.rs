//! The doors that a database is for, as they stand in its file, in postcard.

use crate::door_name::NotADoor;
use crate::gallery::audience::{Audience, Units};
use crate::gallery::error::Problem;
use crate::seal::Fingerprint;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One record.
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
            Audience::Group(group) => Self::Group(group.as_str()),
            Audience::Units(Units(units)) => Self::Units(units.iter().map(|unit| unit.to_bytes()).collect()),
        }
    }

    /// Requires units in order without duplicates, so that each audience has a single form.
    pub(super) fn checked(self) -> Result<Audience, Problem> {
        match self {
            Self::AllDoors => Ok(Audience::AllDoors),
            Self::Group(name) => {
                name.parse().map(Audience::Group).map_err(|error: NotADoor| Problem::Audience(error.into()))
            }
            Self::Units(units) if !units.is_sorted_by(|one, next| one < next) => Err(Problem::UnitOrder),
            Self::Units(units) => {
                Audience::units(units.into_iter().map(Fingerprint::from_bytes)).map_err(Problem::Audience)
            }
        }
    }
}
