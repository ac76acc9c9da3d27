//! The people database in memory: who is enrolled, with which encodings, and who of them is nearest to a probe.

mod builder;
mod error;
mod header;
mod name;
mod person;

pub use crate::hex::HexError;
pub use builder::{GalleryBuilder, NewEncoding, NewPerson};
pub use error::GalleryError;
pub use header::{Calibration, Header, ModelHash};
pub use name::{MAX_NAME_BYTES, NameError, PersonName};
pub use person::{
    CardFormat, CardHash, Details, MAX_CARDS, MAX_ENCODINGS_OF_PERSON, MAX_GROUP_BYTES, MAX_GROUPS, MAX_NOTE_BYTES,
    Mode, Person, PersonId,
};

use crate::encoding::Encoding;
use crate::hex::hex_text;
use alloc::vec::Vec;

/// The first 8 bytes of the SHA-256 of a photo file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoDigest(pub [u8; 8]);
hex_text!(PhotoDigest, 8);

/// A row of the gallery that is near a probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// Whose it is: an index into [`Gallery::people`].
    pub person: usize,
    /// Which encoding: 0 to [`Gallery::encoding_count`].
    pub encoding: usize,
    /// L2 distance, 0 to 2.
    pub distance: f32,
}

/// The nearest person, and the nearest other one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// The nearest encoding of all.
    pub best: Match,
    /// The nearest encoding of any other person; `None` if nobody else is enrolled.
    pub runner_up: Option<Match>,
}

/// One encoding as the database holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct EnrolledEncoding<'a> {
    /// The encoding's direction in integers, `dimensions` of them.
    pub numbers: &'a [i8],
    /// Times `numbers` makes the encoding.
    pub scale: f32,
    /// The photo that it was made from.
    pub photo: PhotoDigest,
    /// When it was made, Unix seconds.
    pub made_at: i64,
}

/// Two people whose encodings are nearer to each other than is safe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LookAlikes {
    /// One of them: an index into [`Gallery::people`], lower than the other.
    pub one: usize,
    /// The other.
    pub other: usize,
    /// L2 distance of their nearest encodings.
    pub distance: f32,
}

/// A people database, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    header: Header,
    people: Vec<Person>,
    look_alikes: Vec<LookAlikes>,
}

impl Gallery {
    /// Reads a database file.
    ///
    /// # Errors
    /// When the file is not whole or not sound.
    pub fn decode(_bytes: &[u8]) -> Result<Self, GalleryError> {
        Err(GalleryError::DuplicateId { id: PersonId([0; 16]) })
    }

    /// The head.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Everybody enrolled.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The encodings of one person; none if there is no such person.
    pub fn encodings_of(&self, _person: usize) -> impl Iterator<Item = EnrolledEncoding<'_>> {
        core::iter::empty()
    }

    /// How many encodings all people have together.
    pub fn encoding_count(&self) -> usize {
        self.header.encodings as usize
    }

    /// Pairs of people who look too alike for the face alone.
    pub fn look_alikes(&self) -> &[LookAlikes] {
        &self.look_alikes
    }

    /// Refuses a database of another model.
    ///
    /// # Errors
    /// [`GalleryError::OtherModel`] with both hashes.
    pub fn require_model(&self, model: &ModelHash) -> Result<(), GalleryError> {
        if self.header.model == *model {
            return Ok(());
        }
        Err(GalleryError::OtherModel { expected: *model, found: self.header.model })
    }

    /// The nearest encoding; the first of equally near ones. `None` in an empty gallery, or if the probe has other
    /// dimensions.
    pub fn nearest(&self, _probe: &Encoding) -> Option<Match> {
        None
    }

    /// The nearest person and the nearest other person, in one pass.
    pub fn nearest_two(&self, _probe: &Encoding) -> Option<Nearest> {
        None
    }

    /// The nearest encoding of one person.
    pub fn nearest_of(&self, _person: usize, _probe: &Encoding) -> Option<Match> {
        None
    }

    /// The person whose name is equal but for case and Unicode form.
    pub fn person_by_name(&self, name: &PersonName) -> Option<usize> {
        let key = name.collision_key();
        self.people.iter().position(|person| person.name.collision_key() == key)
    }

    /// The person with this id.
    pub fn person_by_id(&self, id: &PersonId) -> Option<usize> {
        self.people.iter().position(|person| person.id == *id)
    }
}
