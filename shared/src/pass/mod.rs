//! Visitor passes: what a pass permits, its signed text for a QR code, and what a database says about passes.
//!
//! A pass has no name in it. The workstation keeps the names, the database holds the public keys of those who issue
//! passes and the ids that were revoked, and `policy` decides whether a pass lets somebody in and counts its uses.
//!
//! The text is base45 (RFC 9285), which QR codes store as compactly as bytes and which survives every reader. It stands
//! for these bytes, big-endian:
//!
//! | bytes | contents |
//! |---|---|
//! | 1 | version 1 (four bits), whether a host must be there (one bit), number of doors (three bits) |
//! | 6 | id |
//! | 4 | first minute, since 1970, UTC |
//! | 3 | number of minutes |
//! | 1 | number of uses; 0 for any number |
//! | 4 each | the doors |
//! | 5 | only if a host must be there: the first bytes of the host's id |
//! | 64 | Ed25519 signature over a label and all bytes before |

mod accepted;
mod base45;
mod error;
mod format;
#[cfg(feature = "seal")]
mod signed;

pub use accepted::{AcceptedPasses, MAX_PASS_ISSUERS, MAX_REVOKED_PASSES, RevokedPass};
pub use error::PassError;

use crate::hex::hex_text;
use crate::person_id::PersonId;
use crate::seal::Fingerprint;
use sha2::{Digest, Sha256};

/// Largest length of a pass as text. Every pass is shorter or equal: it has four doors and a host at most.
pub const MAX_PASS_CHARACTERS: usize = 150;
/// Largest number of doors of a pass. A group of doors counts as one.
pub const MAX_PASS_DOORS: usize = 4;
/// Longest validity of a pass, in minutes: 366 days.
pub const MAX_PASS_MINUTES: u32 = 366 * 24 * 60;
/// Largest number of uses of a pass that counts them.
pub const MAX_PASS_USES: u8 = u8::MAX;

/// Identifies a pass: a random number. Logs contain it instead of a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PassId(pub [u8; 6]);
hex_text!(PassId, 6);

/// A door of a pass: the beginning of the hash of the unit's key, or of the name of a group of doors. Two doors of one
/// site have the same one in one of 2^32 cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DoorTag(pub(crate) [u8; 4]);

impl DoorTag {
    /// The unit with this id.
    pub fn of_unit(unit: Fingerprint) -> Self {
        let [a, b, c, d, ..] = unit.to_bytes();
        Self([a, b, c, d])
    }

    /// The units that belong to the group of doors with this name.
    pub fn of_group(name: &str) -> Self {
        let digest = Sha256::new().chain_update(b"group of doors\n").chain_update(name).finalize();
        Self([digest[0], digest[1], digest[2], digest[3]])
    }
}

/// The host of a visitor: the beginning of a person's random id, long enough to be the only one of 100 000 people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostTag(pub(crate) [u8; 5]);

impl HostTag {
    /// The host with this id.
    pub fn of(person: &PersonId) -> Self {
        let [a, b, c, d, e, ..] = person.0;
        Self([a, b, c, d, e])
    }

    /// Whether the person is the host.
    pub fn is(self, person: &PersonId) -> bool {
        Self::of(person) == self
    }
}

/// When a pass is valid: from a minute until before another one, both since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassHours {
    /// The first minute.
    pub from_minute: u32,
    /// How many minutes, 1 to [`MAX_PASS_MINUTES`].
    pub minutes: u32,
}

impl PassHours {
    /// The first minute after the validity.
    pub fn until_minute(self) -> u64 {
        u64::from(self.from_minute) + u64::from(self.minutes)
    }
}

/// What a pass permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    id: PassId,
    hours: PassHours,
    uses: Option<u8>,
    doors: heapless::Vec<DoorTag, MAX_PASS_DOORS>,
    host: Option<HostTag>,
}

impl Pass {
    /// Makes a pass. `uses` is `None` for any number of uses.
    ///
    /// # Errors
    /// If a limit is exceeded, or uses are limited at several doors: no door knows what another one has counted.
    pub fn new(
        id: PassId,
        hours: PassHours,
        uses: Option<u8>,
        doors: &[DoorTag],
        host: Option<HostTag>,
    ) -> Result<Self, PassError> {
        if !(1..=MAX_PASS_MINUTES).contains(&hours.minutes) {
            return Err(PassError::Hours(hours.minutes));
        }
        if uses == Some(0) {
            return Err(PassError::NoUses);
        }
        let is_twice = |(index, door): (usize, &DoorTag)| doors[..index].contains(door);
        let doors_kept = heapless::Vec::from_slice(doors).ok().filter(|doors| !doors.is_empty());
        let Some(doors_kept) = doors_kept else { return Err(PassError::Doors(doors.len())) };
        if doors.iter().enumerate().any(is_twice) {
            return Err(PassError::DoorTwice);
        }
        if uses.is_some() && doors.len() > 1 {
            return Err(PassError::UsesAtSeveralDoors(doors.len()));
        }
        Ok(Self { id, hours, uses, doors: doors_kept, host })
    }

    /// Its id.
    pub fn id(&self) -> PassId {
        self.id
    }

    /// When it is valid.
    pub fn hours(&self) -> PassHours {
        self.hours
    }

    /// How often it lets somebody in; `None` for any number.
    pub fn uses(&self) -> Option<u8> {
        self.uses
    }

    /// The host whose card must be presented as well.
    pub fn host(&self) -> Option<HostTag> {
        self.host
    }

    /// Whether it is for the unit with this tag, in these groups. A pass whose uses are counted names its unit: each unit
    /// of a group would count for itself.
    pub fn is_for(&self, unit: Option<DoorTag>, groups: &[DoorTag]) -> bool {
        let is_by_group = self.uses.is_none() && groups.iter().any(|group| self.doors.contains(group));
        is_by_group || unit.is_some_and(|unit| self.doors.contains(&unit))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const HOURS: PassHours = PassHours { from_minute: 30_000_000, minutes: 180 };

    pub(crate) fn pass(uses: Option<u8>, doors: usize, host: bool) -> Pass {
        let doors: std::vec::Vec<DoorTag> = (0..doors).map(|door| DoorTag([9, 9, 9, door as u8])).collect();
        Pass::new(PassId([1, 2, 3, 4, 5, 6]), HOURS, uses, &doors, host.then_some(HostTag([7; 5]))).unwrap()
    }

    #[test]
    fn limits() {
        let (one, other) = (DoorTag([1; 4]), DoorTag([2; 4]));
        let made = |minutes, uses, doors: &[DoorTag]| {
            Pass::new(PassId([0; 6]), PassHours { minutes, ..HOURS }, uses, doors, None).map(drop)
        };
        for (minutes, uses, doors, expected) in [
            (1, Some(1), &[one][..], Ok(())),
            (MAX_PASS_MINUTES, None, &[one, other], Ok(())),
            (0, None, &[one], Err(PassError::Hours(0))),
            (MAX_PASS_MINUTES + 1, None, &[one], Err(PassError::Hours(MAX_PASS_MINUTES + 1))),
            (1, Some(0), &[one], Err(PassError::NoUses)),
            (1, Some(2), &[one, other], Err(PassError::UsesAtSeveralDoors(2))),
            (1, None, &[one, other, one], Err(PassError::DoorTwice)),
            (1, None, &[], Err(PassError::Doors(0))),
            (1, None, &[one; 5], Err(PassError::Doors(5))),
        ] {
            assert_eq!(made(minutes, uses, doors), expected, "{minutes} {uses:?} {doors:?}");
        }
    }

    #[test]
    fn a_pass_that_counts_uses_is_for_a_unit_and_never_for_a_group() {
        let (unit, group) = (DoorTag::of_unit(Fingerprint::from_bytes([9; 10])), DoorTag::of_group("office"));
        assert_ne!(group, DoorTag::of_group("offices"));
        let made = |uses, door| Pass::new(PassId([0; 6]), HOURS, uses, &[door], None).unwrap();
        for (uses, door, by_unit, by_group) in [
            (None, unit, true, false),
            (None, group, false, true),
            (Some(1), unit, true, false),
            (Some(1), group, false, false),
            (None, DoorTag([0; 4]), false, false),
        ] {
            let pass = made(uses, door);
            let other = Some(DoorTag([3; 4]));
            assert_eq!(pass.is_for(Some(unit), &[]), by_unit, "{uses:?} {door:?}");
            assert_eq!(pass.is_for(other, &[DoorTag([4; 4]), group]), by_group, "{uses:?} {door:?}");
            assert!(!pass.is_for(None, &[]) && !pass.is_for(other, &[]));
        }
    }

    #[test]
    fn a_host_is_known_by_the_beginning_of_an_id() {
        let host = PersonId([5; 16]);
        let tag = HostTag::of(&host);
        let mut others = [PersonId([5; 16]); 2];
        (others[0].0[4], others[1].0[5]) = (6, 6);
        assert_eq!([tag.is(&host), tag.is(&others[0]), tag.is(&others[1])], [true, false, true]);
    }
}
