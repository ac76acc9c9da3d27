//! Builds a people database, from scratch or from an existing one.

use super::audience::Audience;
use super::digests::{GateDigest, ModelHash};
use super::enrolled::Enrolled;
use super::error::{GalleryError, Problem};
use super::header::{Calibration, GreyThreshold, Header};
use super::invariants::{Taken, check_grey, check_header, check_person, check_schedules, require_card_key};
use super::name::PersonName;
use super::person::{Details, Person};
use super::size::MAX_PEOPLE;
use super::{Gallery, LookAlikes, PhotoDigest};
use crate::card::CardKey;
use crate::encoding::Encoding;
use crate::pass::AcceptedPasses;
use crate::person_id::PersonId;
use crate::schedule::Schedules;
use alloc::vec::Vec;
use zeroize::Zeroizing;

/// An encoding to enrol.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEncoding {
    /// The encoding, with the builder's dimensions.
    pub encoding: Encoding,
    /// The photo that it was made from.
    pub photo: PhotoDigest,
    /// When it was made, Unix seconds.
    pub made_at: i64,
    /// See [`EnrolledEncoding::is_plain`](super::EnrolledEncoding::is_plain).
    pub is_plain: bool,
}

/// A person to enrol.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPerson {
    /// A random number from the caller, or the id that the person had before.
    pub id: PersonId,
    /// The name.
    pub name: PersonName,
    /// Note, groups, mode, validity and cards; `Details::default()` for none.
    pub details: Details,
    /// None if the person enters by card alone, else at least one; see [`Mode`](super::Mode).
    pub encodings: Vec<NewEncoding>,
}

/// A people database under construction. A failed call leaves it unchanged.
#[derive(Debug, Clone)]
pub struct GalleryBuilder {
    gallery: Gallery,
    taken: Taken,
}

impl GalleryBuilder {
    /// Makes an empty database.
    ///
    /// # Errors
    /// If dimensions are not 1 to [`MAX_DIMENSIONS`](crate::encoding::MAX_DIMENSIONS).
    pub fn new(sequence: u64, model: ModelHash, dimensions: usize) -> Result<Self, GalleryError> {
        let header = Header {
            sequence,
            model,
            dimensions: u16::try_from(dimensions).map_err(|_| Problem::Dimensions(dimensions))?,
            threshold: None,
            calibration: None,
            people: 0,
            encodings: 0,
        };
        check_header(&header)?;
        let gallery = Gallery {
            header,
            audience: None,
            gate: None,
            grey: None,
            people: Vec::new(),
            enrolled: Enrolled::new(dimensions),
            look_alikes: Vec::new(),
            schedules: Schedules::default(),
            card_key: None,
            passes: AcceptedPasses::NONE,
        };
        Ok(Self { gallery, taken: Taken::default() })
    }

    /// Starts from an existing gallery, with a new sequence number.
    pub fn from_gallery(gallery: Gallery, sequence: u64) -> Self {
        let mut builder = Self { gallery, taken: Taken::default() };
        builder.gallery.header.sequence = sequence;
        for person in &builder.gallery.people {
            // A gallery has no duplicates, so this cannot fail.
            let _ = builder.taken.take(person.id, &person.name, &person.details.cards);
        }
        builder
    }

    /// Sets the doors that may use the database, and replaces earlier ones.
    pub fn set_audience(&mut self, audience: Audience) {
        self.gallery.audience = Some(audience);
    }

    /// Sets the gate that people were enrolled with, and replaces an earlier one.
    pub fn set_gate(&mut self, gate: Option<GateDigest>) {
        self.gallery.gate = gate;
    }

    /// Stores a calibrated threshold (L2 distance, above 0 and at most 2) and what it was calibrated for. Discards the
    /// threshold for pictures without colour, which belonged to the previous one.
    ///
    /// # Errors
    /// If the threshold or the rate is out of range.
    pub fn set_threshold(&mut self, threshold: f32, calibration: Option<Calibration>) -> Result<(), GalleryError> {
        let header = Header { threshold: Some(threshold), calibration, ..self.gallery.header };
        check_header(&header)?;
        self.gallery.header = header;
        self.gallery.grey = None;
        Ok(())
    }

    /// Stores a calibrated threshold for pictures without colour, in addition to the one in the header.
    ///
    /// # Errors
    /// If the threshold or the rate is out of range.
    pub fn set_grey_threshold(&mut self, grey: GreyThreshold) -> Result<(), GalleryError> {
        check_grey(&grey)?;
        self.gallery.grey = Some(grey);
        Ok(())
    }

    /// Sets the schedules, and replaces earlier ones.
    ///
    /// # Errors
    /// If a schedule names a person who is not enrolled, or a group without members: it would restrict nobody, or
    /// never open.
    pub fn set_schedules(&mut self, schedules: Schedules) -> Result<(), GalleryError> {
        check_schedules(&schedules, &self.gallery.people)?;
        self.gallery.schedules = schedules;
        Ok(())
    }

    /// Sets who may issue visitor passes and which are revoked, and replaces earlier ones.
    pub fn set_passes(&mut self, passes: AcceptedPasses) {
        self.gallery.passes = passes;
    }

    /// Sets the key of the card hashes. Must be called before anybody has a card.
    ///
    /// # Errors
    /// If somebody already has a card, which was hashed with another key.
    pub fn set_card_key(&mut self, key: CardKey) -> Result<(), GalleryError> {
        if self.gallery.people.iter().any(|person| !person.details.cards.is_empty()) {
            return Err(Problem::SecondCardKey.into());
        }
        self.gallery.card_key = Some(Zeroizing::new(key));
        Ok(())
    }

    /// Enrols a person.
    ///
    /// # Errors
    /// If the id, the name or a card is taken, there is neither an encoding nor a card, an encoding contradicts the mode,
    /// there is a card but no key, or a limit is exceeded.
    pub fn add_person(&mut self, person: NewPerson) -> Result<(), GalleryError> {
        let NewPerson { id, name, details, encodings } = person;
        check_person(&name, &details, encodings.len())?;
        require_card_key(self.gallery.card_key.as_deref(), &name, &details)?;
        let expected = usize::from(self.gallery.header.dimensions);
        let other = |new: &&NewEncoding| new.encoding.dimensions() != expected;
        if let Some(new) = encodings.iter().find(other) {
            let found = new.encoding.dimensions();
            return Err(Problem::OtherDimensions { name: name.as_str().into(), expected, found }.into());
        }
        let first = self.gallery.encoding_count();
        let range = first..first + encodings.len();
        let owner = self.gallery.header.people;
        let people = owner.checked_add(1).filter(|people| *people <= MAX_PEOPLE);
        let (Some(people), Ok(count)) = (people, u32::try_from(range.end)) else {
            return Err(Problem::TooMany.into());
        };
        self.taken.take(id, &name, &details.cards)?;
        for (index, new) in encodings.iter().enumerate() {
            if self.gallery.enrolled.push(new, owner).is_none() {
                self.gallery.enrolled.remove(owner, first..first + index);
                self.taken.release(&id, &name, &details.cards);
                return Err(Problem::NotAnEncoding(first + index).into());
            }
        }
        self.gallery.people.push(Person { id, name, details, encodings: range });
        self.gallery.header.people = people;
        self.gallery.header.encodings = count;
        Ok(())
    }

    /// Removes a person and all their data; `false` if there is no such person.
    pub fn remove_person(&mut self, id: &PersonId) -> bool {
        let gallery = &mut self.gallery;
        let Some(index) = gallery.person_by_id(id) else { return false };
        let Person { name, details, encodings, .. } = gallery.people.remove(index);
        self.taken.release(id, &name, &details.cards);
        for later in &mut gallery.people[index..] {
            later.encodings = later.encodings.start - encodings.len()..later.encodings.end - encodings.len();
        }
        // Not truncated: people and encodings are at most u32::MAX.
        gallery.header.people -= 1;
        gallery.header.encodings -= encodings.len() as u32;
        gallery.enrolled.remove(index as u32, encodings);
        gallery.schedules = core::mem::take(&mut gallery.schedules).without(id);
        gallery.look_alikes.retain(|pair| pair.one != index && pair.other != index);
        for pair in &mut gallery.look_alikes {
            pair.one -= usize::from(pair.one > index);
            pair.other -= usize::from(pair.other > index);
        }
        true
    }

    /// Records two people as look-alikes, and replaces an earlier record of the pair. `distance` is the smallest L2
    /// distance from an encoding of either to the other person.
    ///
    /// # Errors
    /// If one of them is not enrolled, both are the same, or the distance is not a number.
    pub fn add_look_alikes(&mut self, one: &PersonId, other: &PersonId, distance: f32) -> Result<(), GalleryError> {
        let of = |id| self.gallery.person_by_id(id).ok_or(Problem::LookAlikes);
        let (one, other) = (of(one)?, of(other)?);
        let pair = LookAlikes { one: one.min(other), other: one.max(other), distance };
        pair.check(self.gallery.people.len())?;
        self.gallery.look_alikes.retain(|known| (known.one, known.other) != (pair.one, pair.other));
        self.gallery.look_alikes.push(pair);
        Ok(())
    }

    /// The current contents.
    pub fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// Finishes the gallery.
    pub fn build(self) -> Gallery {
        self.gallery
    }
}
