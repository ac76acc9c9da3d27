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
    /// The file does not begin as a people database does.
    #[error(
        "not a people database: it does not begin with the eight characters that one begins with; was another file named?"
    )]
    NotADatabase,
    /// No unit reads so large a database.
    #[error(
        "a people database has at most {MAX_DATABASE_BYTES} bytes, this has {bytes}: enrol fewer people, or fewer photos of each"
    )]
    TooLarge {
        /// How many it has, or at least this many.
        bytes: u64,
    },
    /// The file was written in a format that this program does not know.
    #[error("byte 8: format version {found}, this program reads version {supported}: update this program")]
    Version {
        /// The version that this program reads.
        supported: u16,
        /// The version that the file names.
        found: u16,
    },
    /// The file cannot be understood without a feature that this program does not know.
    #[error(
        "byte 10: the database needs features that this program does not know (bits {unknown:#x}): update this program"
    )]
    Features {
        /// The bits that are not known.
        unknown: u64,
    },
    /// The file ends too early, or a length in it is wrong.
    #[error(
        "byte {byte}: {what} needs {wanted} bytes, but only {left} are left: the file is cut off or damaged, copy it again"
    )]
    CutOff {
        /// Where.
        byte: usize,
        /// What begins there.
        what: &'static str,
        /// Bytes that it needs.
        wanted: u64,
        /// Bytes that are there.
        left: usize,
    },
    /// The bytes are not those that were written.
    #[error(
        "bytes 0 to {end}: their checksum is {computed:08x}, not {stored:08x} as stored: the file is damaged, copy it again"
    )]
    Checksum {
        /// The checksum covers the bytes before this one.
        end: usize,
        /// CRC-32 in the file.
        stored: u32,
        /// CRC-32 of the bytes.
        computed: u32,
    },
    /// The file is not the one that was signed.
    #[error(
        "its signature by {signer} is not that of this file: it was changed after it was signed, or by somebody without the \
         key"
    )]
    Signature {
        /// Whose signature it is said to be.
        signer: Fingerprint,
    },
    /// The records cannot be sealed or opened.
    #[cfg(feature = "seal")]
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The file is complete, but its contents are invalid.
    #[error("byte {byte}: {problem}: build the database again")]
    Unsound {
        /// Where the section or record begins that says it.
        byte: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// What was to be put into a database cannot be.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The database was made with another model.
    #[error(
        "the database was made with model {found}, this program runs model {expected}: build it again with this model"
    )]
    OtherModel {
        /// The model that this program runs.
        expected: ModelHash,
        /// The model that the database names.
        found: ModelHash,
    },
}

/// What is wrong with something in a people database, or with something that was to be put into one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A required section is not there.
    #[error("the section {0} is missing")]
    MissingSection(Tag),
    /// A section is there twice.
    #[error("the section {0} is there twice")]
    SecondSection(Tag),
    /// A section has a different length than the header implies.
    #[error("the section {tag} has {found} bytes, but {expected} according to the header")]
    SectionLength {
        /// Which section.
        tag: Tag,
        /// The length that the header implies.
        expected: u64,
        /// Bytes that it has.
        found: usize,
    },
    /// A section is there that the required features do not announce.
    #[error("the section {0} is there, and the features that the file requires do not announce it")]
    Unannounced(Tag),
    /// A section of a sealed database stands where the seal does not hold.
    #[error("the section {0} stands behind the sealed records, where anybody can add one")]
    BehindTheBody(Tag),
    /// The signature is not the last section, or no signature.
    #[error("the last section is not a signature, as the features that the file requires announce it")]
    NoSignature,
    /// The doors that may use the database make no sense.
    #[error(transparent)]
    Audience(AudienceError),
    /// The units that may use the database are not in order, or one is there twice.
    #[error("the units that may use the database are not in order, or one is there twice")]
    UnitOrder,
    /// The schedules make no sense.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A schedule names somebody who is not enrolled.
    #[error("the schedule {schedule:?} names the person {id}, who is not enrolled")]
    ScheduleOfStranger {
        /// The schedule's name.
        schedule: String,
        /// Who it names.
        id: PersonId,
    },
    /// A schedule names a group that nobody is in.
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
    /// Dimensions out of range.
    #[error("{0} numbers in an encoding: must be 1 to {MAX_DIMENSIONS}")]
    Dimensions(usize),
    /// A threshold out of range.
    #[error("threshold {0}: must be an L2 distance above 0 and at most 2")]
    Threshold(f32),
    /// A calibration out of range, or without a threshold.
    #[error("the threshold is calibrated for an FPIR of {0}: want a threshold, and a rate above 0 and below 1")]
    Calibration(f32),
    /// More than fits.
    #[error("too many people or encodings for one database: at most {MAX_PEOPLE} people can be enrolled")]
    TooMany,
    /// A name cannot be used.
    #[error("{name:?}: {source}")]
    Name {
        /// The text.
        name: String,
        /// Why.
        source: NameError,
    },
    /// A name is not written as this program writes it.
    #[error("the name {0:?} is not in normal form C or has white space around it")]
    NameForm(String),
    /// Two people have names that differ at most in case or Unicode form.
    #[error(
        "the name {0:?} is that of another person, but perhaps for case or Unicode form: give one of them another name"
    )]
    NameTaken(String),
    /// Two people have the same id.
    #[error("the id {0} is that of another person")]
    IdTaken(PersonId),
    /// Two people have the same card.
    #[error("{0:?} has a card that another person has, or has it twice")]
    CardTaken(String),
    /// A note is too long or holds control characters.
    #[error("the note of {0:?} is too long or holds control characters other than line feed")]
    Note(String),
    /// Groups are too many, or their names too long, empty or with control characters.
    #[error("the groups of {0:?} are too many, or one has an empty or too long name or control characters in it")]
    Groups(String),
    /// There are too many cards.
    #[error("{0:?} has too many cards")]
    TooManyCards(String),
    /// Somebody has a card, and there is no key to hash cards with.
    #[error("{0:?} has a card, and the database has no key for the hashes of cards")]
    CardsWithoutKey(String),
    /// The key for the hashes of cards would replace another one.
    #[error("the key for the hashes of cards cannot be set once somebody has a card")]
    SecondCardKey,
    /// Validity ends before it begins.
    #[error("the validity of {0:?} ends before it begins")]
    Validity(String),
    /// A person has no encodings or too many.
    #[error("{name:?} has {found} encodings: must be 1 to {most}", most = super::person::MAX_ENCODINGS_OF_PERSON)]
    EncodingsOfPerson {
        /// Who.
        name: String,
        /// How many.
        found: usize,
    },
    /// There are encodings that belong to nobody, or fewer than people say.
    #[error("the people have {claimed} encodings together, the header says {stored}")]
    EncodingsOfNobody {
        /// Encodings that people say to have.
        claimed: u64,
        /// Encodings that the header says to be there.
        stored: u32,
    },
    /// An encoding has other dimensions than the database.
    #[error("an encoding of {name:?} has {found} numbers, the database {expected}")]
    OtherDimensions {
        /// Whose.
        name: String,
        /// Numbers in an encoding of the database.
        expected: usize,
        /// Numbers in this one.
        found: usize,
    },
    /// Integers that no encoding becomes.
    #[error("encoding {0} is not the integers of an encoding: the largest is not 127")]
    NotAnEncoding(usize),
    /// Two encodings were made too far apart for the difference to be written.
    #[error("two encodings were made more than 2^63 seconds apart: the clock of one of them was wrong")]
    TimeApart,
    /// A pair of people who look alike names the same person twice, nobody, or no distance.
    #[error("a pair of people who look alike names nobody, one person twice, or no distance")]
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
