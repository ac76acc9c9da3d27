//! Making a people database, from nothing or from one that is there.

use super::error::GalleryError;
use super::header::{Calibration, ModelHash};
use super::name::PersonName;
use super::person::{Details, PersonId};
use super::{Gallery, PhotoDigest};
use crate::encoding::Encoding;
use alloc::vec::Vec;

/// An encoding to enrol.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEncoding {
    /// The encoding, of the builder's dimensions.
    pub encoding: Encoding,
    /// The photo that it was made from.
    pub photo: PhotoDigest,
    /// When it was made, Unix seconds.
    pub made_at: i64,
}

/// A person to enrol.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPerson {
    /// A random number, made by the caller, or the one that the person had before.
    pub id: PersonId,
    /// The name.
    pub name: PersonName,
    /// Note, groups, mode, validity and cards; `Details::default()` for none.
    pub details: Details,
    /// At least one encoding.
    pub encodings: Vec<NewEncoding>,
}

/// A people database in the making.
#[derive(Debug, Clone)]
pub struct GalleryBuilder {}

impl GalleryBuilder {
    /// A database without people.
    ///
    /// # Errors
    /// When dimensions are not 1 to [`MAX_DIMENSIONS`](crate::encoding::MAX_DIMENSIONS).
    pub fn new(_sequence: u64, _model: ModelHash, _dimensions: usize) -> Result<Self, GalleryError> {
        Ok(Self {})
    }

    /// What is there already, to be changed under a new sequence number.
    pub fn from_gallery(_gallery: Gallery, _sequence: u64) -> Self {
        Self {}
    }

    /// Stores a calibrated threshold (L2 distance, above 0 and at most 2) and what it was calibrated for.
    ///
    /// # Errors
    /// When the threshold or the rate is out of range.
    pub fn set_threshold(&mut self, _threshold: f32, _calibration: Option<Calibration>) -> Result<(), GalleryError> {
        Ok(())
    }

    /// Enrols a person.
    ///
    /// # Errors
    /// When the id or the name is taken, there is no encoding, or a bound is passed.
    pub fn add_person(&mut self, _person: NewPerson) -> Result<(), GalleryError> {
        Ok(())
    }

    /// Removes a person and everything of theirs; `false` if there is no such person.
    pub fn remove_person(&mut self, _id: &PersonId) -> bool {
        false
    }

    /// Notes that two people look alike (L2 distance of their nearest encodings).
    ///
    /// # Errors
    /// When one of them is not enrolled, or both are the same.
    pub fn add_look_alikes(&mut self, _one: &PersonId, _other: &PersonId, _distance: f32) -> Result<(), GalleryError> {
        Ok(())
    }

    /// The database in memory.
    ///
    /// # Errors
    /// When a bound is passed.
    pub fn build(self) -> Result<Gallery, GalleryError> {
        Err(GalleryError::DuplicateId { id: PersonId([0; 16]) })
    }

    /// The database as a file.
    ///
    /// # Errors
    /// When a bound is passed.
    pub fn encode(self) -> Result<Vec<u8>, GalleryError> {
        Ok(Vec::new())
    }
}
