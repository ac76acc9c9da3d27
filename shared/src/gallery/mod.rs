//! The people database: the enrolled people, their encodings, and the search for the person nearest to a probe.
//!
//! A [`Gallery`] is always valid: it is checked when it is decoded or built. `policy` decides whether a distance is
//! near enough; the programs decide which signer to trust and how to replace a file.

mod audience;
mod builder;
mod digests;
mod enrolled;
mod error;
#[cfg(feature = "seal")]
mod file;
mod header;
mod invariants;
mod name;
mod person;
mod size;

pub use crate::door_name::{ALL_DOORS, DoorGroup, DoorName, MAX_DOOR_GROUP_BYTES, NotADoor};
pub use crate::hex::HexError;
pub use crate::mode::Mode;
pub use crate::person_id::PersonId;
pub use crate::schedule::{MAX_GROUP_BYTES, MAX_GROUPS};
pub use audience::{Audience, AudienceError, MAX_UNITS, Units};
pub use builder::{GalleryBuilder, NewEncoding, NewPerson};
pub use digests::{DatabaseDigest, GateDigest, ModelHash};
pub use error::{GalleryError, Problem, Tag, require_size};
#[cfg(feature = "seal")]
pub use file::{BEGINNING_BYTES, DatabaseFile, FORMAT_VERSION, Protection, SealFor, require_beginning};
pub use header::{Calibration, GreyThreshold, Header};
pub use name::{MAX_NAME_BYTES, NameError, PersonName};
pub use person::{Details, MAX_CARDS, MAX_ENCODINGS_OF_PERSON, MAX_NOTE_BYTES, Person};
pub use size::{MAX_DATABASE_BYTES, MAX_PEOPLE};

use crate::card::{CardKey, CardNumber};
use crate::encoding::Encoding;
use crate::hex::hex_text;
use crate::matching::{self, DotsOfRows, PersonDistance, Probe};
use crate::pass::AcceptedPasses;
use crate::schedule::{Hours, Schedules};
use crate::seal::Fingerprint;
use alloc::vec::Vec;
use enrolled::Enrolled;
use zeroize::Zeroizing;

/// The first 8 bytes of the SHA-256 of a photo file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhotoDigest(pub [u8; 8]);
hex_text!(PhotoDigest, 8);

impl PhotoDigest {
    /// From the SHA-256 of the photo file.
    pub fn from_sha256(&[a, b, c, d, e, f, g, h, ..]: &[u8; 32]) -> Self {
        Self([a, b, c, d, e, f, g, h])
    }
}

/// A person who is near a probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// The person, an index into [`Gallery::people`].
    pub person: usize,
    /// The nearest of the person's encodings, 0 to [`Gallery::encoding_count`].
    pub encoding: usize,
    /// L2 distance to the person, 0 to 2, computed from the nearest encoding and the mean over all ([`matching`]).
    pub distance: f32,
}

/// The nearest person, and the nearest other one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// The nearest person.
    pub best: Match,
    /// The nearest other person; `None` if nobody else is enrolled.
    pub runner_up: Option<Match>,
}

/// An encoding as stored in the database.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct EnrolledEncoding<'a> {
    /// The encoding's direction as `dimensions` integers.
    pub numbers: &'a [i8],
    /// Scale: `scale * numbers` is the encoding.
    pub scale: f32,
    /// The photo that it was made from.
    pub photo: PhotoDigest,
    /// When it was made, Unix seconds.
    pub made_at: i64,
    /// Whether the gate rated the photo's face as recognisable as most faces. If not, or without a gate, a probe must
    /// be clearly nearer to it than to barely recognisable faces.
    pub is_plain: bool,
}

/// Two people whose encodings are too close to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LookAlikes {
    /// One of them: an index into [`Gallery::people`], lower than the other.
    pub one: usize,
    /// The other.
    pub other: usize,
    /// The smallest L2 distance from an encoding of either to the other.
    pub distance: f32,
}

impl LookAlikes {
    fn check(&self, people: usize) -> Result<(), Problem> {
        let sound = self.one < self.other && self.other < people && (0.0..=2.0).contains(&self.distance);
        if sound { Ok(()) } else { Err(Problem::LookAlikes) }
    }
}

/// A people database, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    header: Header,
    audience: Option<Audience>,
    gate: Option<GateDigest>,
    grey: Option<GreyThreshold>,
    people: Vec<Person>,
    enrolled: Enrolled,
    look_alikes: Vec<LookAlikes>,
    schedules: Schedules,
    card_key: Option<Zeroizing<CardKey>>,
    passes: AcceptedPasses,
}

impl Gallery {
    /// The head.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The doors that may use it; `None` if not specified, as in databases older than audiences.
    pub fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    /// The gate that people were enrolled with; `None` if there was none, or the database is older than gates.
    pub fn gate(&self) -> Option<GateDigest> {
        self.gate
    }

    /// The threshold for pictures without colour; `None` if it was not calibrated: the header's threshold applies then.
    pub fn grey_threshold(&self) -> Option<GreyThreshold> {
        self.grey
    }

    /// Everybody enrolled.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The encodings of one person; none if there is no such person.
    pub fn encodings_of(&self, person: usize) -> impl Iterator<Item = EnrolledEncoding<'_>> {
        let encodings = self.people.get(person).map_or(0..0, |person| person.encodings.clone());
        self.enrolled.range(encodings)
    }

    /// Number of encodings of all people.
    pub fn encoding_count(&self) -> usize {
        self.header.encodings as usize
    }

    /// Pairs of people who look too similar for the face alone to distinguish them.
    pub fn look_alikes(&self) -> &[LookAlikes] {
        &self.look_alikes
    }

    /// When people may enter.
    pub fn schedules(&self) -> &Schedules {
        &self.schedules
    }

    /// Leaves out the hours of other doors than this unit's, once the unit has verified the database. `unit` is its id
    /// if it has a key of its own, `groups` are its groups.
    #[must_use]
    pub fn at_door(mut self, unit: Option<Fingerprint>, groups: &[DoorGroup]) -> Self {
        self.schedules.keep_door(unit, groups);
        self
    }

    /// Who may issue visitor passes, and which passes are revoked. Databases older than passes name nobody.
    pub fn passes(&self) -> &AcceptedPasses {
        &self.passes
    }

    /// How the schedules apply to a person; empty if there is no such person.
    pub fn hours_of(&self, person: usize) -> Hours {
        let person = self.people.get(person);
        person.map_or_else(Hours::default, |person| self.schedules.hours_of(&person.id, &person.details.groups))
    }

    /// Whether the person looks like somebody else enrolled.
    pub fn has_look_alike(&self, person: usize) -> bool {
        self.look_alikes.iter().any(|pair| pair.one == person || pair.other == person)
    }

    /// Whether two people are recorded as look-alikes.
    pub fn are_look_alikes(&self, person: usize, other: usize) -> bool {
        let pair = (person.min(other), person.max(other));
        self.look_alikes.iter().any(|known| (known.one, known.other) == pair)
    }

    /// Refuses a database of another model.
    ///
    /// # Errors
    /// [`GalleryError::OtherModel`] with both hashes.
    pub fn require_model(&self, model: &ModelHash) -> Result<(), GalleryError> {
        self.header.require_model(model)
    }

    /// The nearest person; the first of equally near ones. `None` in an empty gallery, or if the probe has other
    /// dimensions.
    pub fn nearest(&self, probe: &Encoding, dots_of_rows: DotsOfRows) -> Option<Match> {
        self.nearest_where(probe, dots_of_rows, |_| true)
    }

    /// The nearest person and the nearest other person, in one pass.
    pub fn nearest_two(&self, probe: &Encoding, dots_of_rows: DotsOfRows) -> Option<Nearest> {
        let (rows, owners) = (self.enrolled.rows()?, self.enrolled.owners());
        let (best, other) = matching::nearest_two(&rows, owners, &Probe::new(probe), dots_of_rows)?;
        Some(Nearest { best: self.match_of(best)?, runner_up: other.and_then(|other| self.match_of(other)) })
    }

    /// How near one person is; `None` if there is no such person, or the probe has other dimensions.
    pub fn nearest_of(&self, person: usize, probe: &Encoding, dots_of_rows: DotsOfRows) -> Option<Match> {
        let encodings = self.people.get(person)?.encodings.clone();
        let rows = self.enrolled.rows()?.range(encodings.clone())?;
        let found = matching::distance_of(&rows, &Probe::new(probe), dots_of_rows)?;
        self.match_of(PersonDistance { nearest_row: encodings.start + found.nearest_row, ..found })
    }

    /// The nearest of the wanted people; `None` if there are none, or the probe has other dimensions.
    pub fn nearest_where(
        &self,
        probe: &Encoding,
        dots_of_rows: DotsOfRows,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Option<Match> {
        let (rows, owners) = (self.enrolled.rows()?, self.enrolled.owners());
        let is_wanted = |owner: u32| is_wanted(owner as usize);
        self.match_of(matching::nearest_where(&rows, owners, &Probe::new(probe), dots_of_rows, is_wanted)?)
    }

    fn match_of(&self, found: PersonDistance) -> Option<Match> {
        let person = *self.enrolled.owners().get(found.nearest_row)? as usize;
        Some(Match { person, encoding: found.nearest_row, distance: found.distance })
    }

    /// The person whose name is equal, ignoring case and Unicode form.
    pub fn person_by_name(&self, name: &PersonName) -> Option<usize> {
        let key = name.collision_key();
        self.people.iter().position(|person| person.name.collision_key() == key)
    }

    /// The person who has this card.
    pub fn person_with_card(&self, card: CardNumber) -> Option<usize> {
        let hash = self.card_key.as_ref()?.hash(card);
        self.people.iter().position(|person| person.details.cards.contains(&hash))
    }

    /// The person with this id.
    pub fn person_by_id(&self, id: &PersonId) -> Option<usize> {
        self.people.iter().position(|person| person.id == *id)
    }
}
