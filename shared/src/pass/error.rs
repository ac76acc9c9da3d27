//! Why a text is not a pass, or a pass cannot be made.

use super::{MAX_PASS_CHARACTERS, MAX_PASS_DOORS, MAX_PASS_MINUTES};

/// Why a text is not a pass, or a pass cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// The text is longer than any pass.
    #[error("the text has {0} characters, a pass at most {MAX_PASS_CHARACTERS}")]
    TooLong(usize),
    /// A character is not one of base45.
    #[error("character {position} is not one of a pass (base45)")]
    Character {
        /// Its index in bytes, from 0.
        position: usize,
    },
    /// Characters stand for no bytes.
    #[error("the characters from {position} on stand for no bytes of a pass (base45)")]
    Group {
        /// The index of the first one, from 0.
        position: usize,
    },
    /// It has another version.
    #[error("version {0} of passes, this program reads version 1: update this program")]
    Version(u8),
    /// It is too short or too long for what its first byte says.
    #[error("{found} bytes instead of {expected}")]
    Length {
        /// The number of bytes that follows from the first byte.
        expected: usize,
        /// The number of bytes.
        found: usize,
    },
    /// None of the known keys has signed it: it was changed, or made with another key.
    #[error("no known key has signed this pass: it was changed, or made with another key")]
    NotSigned,
    /// There are no doors or too many.
    #[error("a pass is for 1 to {MAX_PASS_DOORS} doors, not for {0}; put more into a group")]
    Doors(usize),
    /// A door occurs twice.
    #[error("a door occurs twice")]
    DoorTwice,
    /// Uses cannot be counted at several doors.
    #[error(
        "the uses of a pass for {0} doors cannot be counted: no door knows what another one has counted; make it for one \
         unit, or leave out the number of uses"
    )]
    UsesAtSeveralDoors(usize),
    /// It could never be used.
    #[error("a pass has at least one use")]
    NoUses,
    /// The validity is empty or too long.
    #[error("a pass is valid for 1 to {MAX_PASS_MINUTES} minutes (366 days), not for {0}")]
    Hours(u32),
    /// It begins before 1970 or too late for its format.
    #[error("a pass cannot begin at this time: it must be after 1970 and before the year 10000")]
    Begin,
}
