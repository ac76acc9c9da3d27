//! Why a file is not a people database, or why a database cannot be built or used.

use super::audience::AudienceError;
use super::digests::ModelHash;
use super::name::NameError;
use super::size::{MAX_DATABASE_BYTES, MAX_PEOPLE};
use crate::encoding::MAX_DIMENSIONS;
use crate::person_id::PersonId;
use crate::schedule::ScheduleError;
#[cfg(feature = "seal")]
use crate::seal::EnvelopeError;
use crate::seal::Fingerprint;
use alloc::string::String;
use core::fmt;

/// What a section of a database file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub(super) [u8; 4]);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Why a people database was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GalleryError {
    /// The file does not begin with the magic number of a people database.
    #[error("not a people database: the file does not begin with its eight characters; check the file name")]
    NotADatabase,
    /// The database is too large for any unit.
    #[error(
        "a people database has at most {MAX_DATABASE_BYTES} bytes, this one {bytes}: enrol fewer people, or fewer photos of each"
    )]
    TooLarge {
        /// Its length, or a lower bound of it.
        bytes: u64,
    },
    /// The file has a format version that this program does not support.
    #[error("byte 8: format version {found}, this program reads version {supported}: update this program")]
    Version {
        /// The version that this program reads.
        supported: u16,
        /// The version of the file.
        found: u16,
    },
    /// The file requires a feature that this program does not support.
    #[error(
        "byte 10: the database needs features that this program does not know (bits {unknown:#x}): update this program"
    )]
    Features {
        /// The unknown bits.
        unknown: u64,
    },
    /// The file ends too early, or a length in it is wrong.
    #[error(
        "byte {byte}: {what} needs {wanted} bytes, but only {left} are left: the file is cut off or damaged, copy it again"
    )]
    CutOff {
        /// Position in the file.
        byte: usize,
        /// What begins at this position.
        what: &'static str,
        /// The bytes that it needs.
        wanted: u64,
        /// The remaining bytes.
        left: usize,
    },
    /// The checksum is wrong.
    #[error(
        "bytes 0 to {end}: the checksum is {computed:08x}, but {stored:08x} is stored: the file is damaged, copy it again"
    )]
    Checksum {
        /// The checksum covers the bytes before this one.
        end: usize,
        /// CRC-32 in the file.
        stored: u32,
        /// CRC-32 of the bytes.
        computed: u32,
    },
    /// The signature is not valid for this file.
    #[error(
        "the signature by {signer} is not valid for this file: the file was changed after it was signed, or by somebody \
         without the key"
    )]
    Signature {
        /// The signer that the file names.
        signer: Fingerprint,
    },
    /// The records cannot be sealed or opened.
    #[cfg(feature = "seal")]
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The file is complete, but its contents are invalid.
    #[error("byte {byte}: {problem}: build the database again")]
    Unsound {
        /// Where the section or record begins.
        byte: usize,
        /// The problem.
        problem: Problem,
    },
    /// Something cannot be added to the database.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The database was made with another model.
    #[error(
        "the database was made with model {found}, this program runs model {expected}: build it again with this model"
    )]
    OtherModel {
        /// The model that this program runs.
        expected: ModelHash,
        /// The model that made the database.
        found: ModelHash,
    },
}

/// What is wrong with the contents of a people database, or with something to be added to it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A required section is missing.
    #[error("the section {0} is missing")]
    MissingSection(Tag),
    /// A section occurs twice.
    #[error("the section {0} occurs twice")]
    SecondSection(Tag),
    /// A section has a different length than the header implies.
    #[error("the section {tag} has {found} bytes, but {expected} according to the header")]
    SectionLength {
        /// Which section.
        tag: Tag,
        /// The length that the header implies.
        expected: u64,
        /// The length that it has.
        found: usize,
    },
    /// A section occurs without its required feature.
    #[error("the section {0} occurs, but its required feature is not set")]
    Unannounced(Tag),
    /// A section of a sealed database is outside the authenticated part.
    #[error("the section {0} follows the sealed records, where anybody can add one")]
    BehindTheBody(Tag),
    /// The last section is not a signature.
    #[error("the last section is not a signature, although the required features say so")]
    NoSignature,
    /// The audience is invalid.
    #[error(transparent)]
    Audience(AudienceError),
    /// The units that may use the database are not in order, or one occurs twice.
    #[error("the units that may use the database are not in order, or one occurs twice")]
    UnitOrder,
    /// The schedules are invalid.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A schedule names somebody who is not enrolled.
    #[error("the schedule {schedule:?} names the person {id}, who is not enrolled")]
    ScheduleOfStranger {
        /// The schedule's name.
        schedule: String,
        /// The id that it names.
        id: PersonId,
    },
    /// A schedule names a group without members.
    #[error("the schedule {schedule:?} names the group {group:?}, which has no members")]
    ScheduleOfNoGroup {
        /// The schedule's name.
        schedule: String,
        /// The group.
        group: String,
    },
    /// A record cannot be read.
    #[error("the {0} cannot be read")]
    Record(&'static str),
    /// Bytes are left after the last record of a section.
    #[error("{0} bytes are left after the last record of the section")]
    BytesLeft(usize),
    /// The dimensions are out of range.
    #[error("{0} numbers in an encoding: must be 1 to {MAX_DIMENSIONS}")]
    Dimensions(usize),
    /// The threshold is out of range.
    #[error("threshold {0}: must be an L2 distance above 0 and at most 2")]
    Threshold(f32),
    /// The calibration is out of range, or there is no threshold.
    #[error("calibration for an FPIR of {0}: needs a threshold, and a rate above 0 and below 1")]
    Calibration(f32),
    /// There are too many people or encodings.
    #[error("too many people or encodings for one database: at most {MAX_PEOPLE} people can be enrolled")]
    TooMany,
    /// A name is invalid.
    #[error("{name:?}: {source}")]
    Name {
        /// The text.
        name: String,
        /// Why.
        source: NameError,
    },
    /// A name is not in the canonical form.
    #[error("the name {0:?} is not in normal form C or has white space around it")]
    NameForm(String),
    /// Two people have names that differ at most in case or Unicode form.
    #[error(
        "the name {0:?} is the name of another person (case and Unicode form are ignored): give one of them another name"
    )]
    NameTaken(String),
    /// Two people have the same id.
    #[error("the id {0} is the id of another person")]
    IdTaken(PersonId),
    /// Two people have the same card.
    #[error("{0:?} has a card twice, or the card of another person")]
    CardTaken(String),
    /// A note is too long or contains control characters.
    #[error("the note of {0:?} is too long or contains control characters other than line feed")]
    Note(String),
    /// There are too many groups, or a name of one is empty, too long, or has control characters.
    #[error("the groups of {0:?} are too many, or the name of one is empty, too long, or has control characters")]
    Groups(String),
    /// There are too many cards.
    #[error("{0:?} has too many cards")]
    TooManyCards(String),
    /// A person has a card, but there is no key for the hashes.
    #[error("{0:?} has a card, but the database has no key for the hashes of cards")]
    CardsWithoutKey(String),
    /// The key for the hashes of cards would replace another one.
    #[error("the key for the hashes of cards cannot be set once somebody has a card")]
    SecondCardKey,
    /// Validity ends before it begins.
    #[error("the validity of {0:?} ends before it begins")]
    Validity(String),
    /// A person has neither an encoding nor a card.
    #[error("{0:?} has neither a face nor a card, so nothing lets this person in")]
    NeitherFaceNorCard(String),
    /// A person without an encoding has a mode that needs one.
    #[error("{0:?} must show a face, but none is enrolled")]
    ModeWithoutFace(String),
    /// A person whose card is enough has encodings all the same.
    #[error("{0:?} enters by card alone, so no face of this person may be stored")]
    FaceOfCardHolder(String),
    /// People without an encoding are not announced, or announced and missing.
    #[error("the required feature for people without a face is set, and there are none, or the other way round")]
    PeopleWithoutFace,
    /// A person has too many encodings.
    #[error("{name:?} has {found} encodings: at most {most}", most = super::person::MAX_ENCODINGS_OF_PERSON)]
    EncodingsOfPerson {
        /// The person's name.
        name: String,
        /// The number of encodings.
        found: usize,
    },
    /// The people's encodings do not add up to the number in the header.
    #[error("the people have {claimed} encodings in total, but the header says {stored}")]
    EncodingsOfNobody {
        /// The sum over all people.
        claimed: u64,
        /// The number in the header.
        stored: u32,
    },
    /// An encoding does not have the dimensions of the database.
    #[error("an encoding of {name:?} has {found} numbers, the database has {expected}")]
    OtherDimensions {
        /// The person's name.
        name: String,
        /// The dimensions of the database.
        expected: usize,
        /// The dimensions of the encoding.
        found: usize,
    },
    /// The integers cannot come from an encoding.
    #[error("the integers of encoding {0} are invalid: the largest is not 127")]
    NotAnEncoding(usize),
    /// The time between two encodings is too long to be stored.
    #[error("two encodings were made more than 2^63 seconds apart: the clock of one of them was wrong")]
    TimeApart,
    /// The pass keys or the revoked passes are invalid.
    #[error("the pass keys or the revoked passes are too many, out of order, twice there, or no keys")]
    Passes,
    /// A pair of look-alikes is invalid.
    #[error("a pair of look-alikes names a person twice or an unknown one, or its distance is not a number")]
    LookAlikes,
}

/// Refuses a database that is too large for any unit.
///
/// # Errors
/// [`GalleryError::TooLarge`] if it has more than [`MAX_DATABASE_BYTES`].
pub fn require_size(bytes: u64) -> Result<(), GalleryError> {
    match bytes > MAX_DATABASE_BYTES {
        true => Err(GalleryError::TooLarge { bytes }),
        false => Ok(()),
    }
}

impl Problem {
    pub(super) fn at(self, byte: usize) -> GalleryError {
        GalleryError::Unsound { byte, problem: self }
    }
}
