//! What opens a door: a grant, of one of several kinds.

use crate::credential::Credential;
use crate::enrolled::Neighbour;
use crate::rules::MAX_CONSENSUS_FRAMES;
use crate::signals::{Report, Reports};
use heapless::Vec;
use shared::gallery::PersonId;
use shared::schedule::ScheduleSet;

/// The permission to open the door, and the only value that a lock accepts.
#[derive(Debug, PartialEq)]
#[must_use = "an ignored grant leaves the door locked"]
#[non_exhaustive]
pub enum Grant {
    /// Lets in one person, once.
    Entry(Entry),
}

impl Grant {
    /// When it was made, milliseconds since 1970, UTC.
    pub fn utc_ms(&self) -> i64 {
        match self {
            Self::Entry(entry) => entry.utc_ms,
        }
    }
}

impl From<Entry> for Grant {
    fn from(entry: Entry) -> Self {
        Self::Entry(entry)
    }
}

/// The permission to let in one person, once. Like the other grants it can be neither made nor copied outside `exit`:
///
/// ```compile_fail,E0451
/// use shared::gallery::PersonId;
/// use policy::Entry;
/// let (distance, distances) = (None, Default::default());
/// let credential = policy::Credential::Card;
/// let forged = Entry { person: PersonId([0; 16]), credential, distance, distances, runner_up: None, face: None, is_grey: false, opens: Default::default(), signals: Default::default(), utc_ms: 0 };
/// ```
///
/// ```compile_fail,E0599
/// fn twice(entry: policy::Entry) -> (policy::Entry, policy::Entry) {
///     (entry.clone(), entry)
/// }
/// ```
#[derive(Debug, PartialEq)]
#[must_use = "an ignored grant leaves a person standing outside"]
pub struct Entry {
    pub(super) person: PersonId,
    pub(super) credential: Credential,
    pub(super) distance: Option<f32>,
    pub(super) distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
    pub(super) runner_up: Option<Neighbour>,
    pub(super) face: Option<usize>,
    pub(super) is_grey: bool,
    pub(super) opens: ScheduleSet,
    pub(super) signals: Reports,
    pub(super) utc_ms: i64,
}

impl Entry {
    /// The schedules that this entry opens.
    pub(crate) fn opens(&self) -> ScheduleSet {
        self.opens
    }

    /// Who is let in.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// The credential used.
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// L2 distance in the frame that decided; `None` if no face was judged.
    pub fn distance(&self) -> Option<f32> {
        self.distance
    }

    /// L2 distances in the frames that agreed, oldest first.
    pub fn distances(&self) -> &[f32] {
        &self.distances
    }

    /// The nearest other person in the frame that decided.
    pub fn runner_up(&self) -> Option<Neighbour> {
        self.runner_up
    }

    /// Which of the observation's faces was judged, if one was.
    pub fn face(&self) -> Option<usize> {
        self.face
    }

    /// Whether the face was judged in a picture without colour, by the grey threshold.
    pub fn is_grey(&self) -> bool {
        self.is_grey
    }

    /// What the signals reported, in the order of [`Signal::ALL`](crate::Signal::ALL).
    pub fn signals(&self) -> &[Report] {
        &self.signals
    }

    /// When it was granted, milliseconds since 1970, UTC.
    pub fn utc_ms(&self) -> i64 {
        self.utc_ms
    }
}
