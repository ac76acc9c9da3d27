//! What opens a door: a grant, of one of several kinds.

use super::visit::Visit;
use crate::credential::Credential;
use crate::door_hours::{HELD_OPEN_MS, HoldEnd};
use crate::enrolled::Neighbour;
use crate::rules::MAX_CONSENSUS_FRAMES;
use crate::signals::{Report, Reports};
use alloc::string::String;
use heapless::Vec;
use shared::gallery::PersonId;
use shared::schedule::ScheduleSet;

/// For how many milliseconds a lock test unlocks the door.
pub const LOCK_TEST_MS: u64 = 2000;

/// The permission to open the door, and the only value that a lock accepts.
#[derive(Debug, PartialEq)]
#[must_use = "an ignored grant leaves the door locked"]
#[non_exhaustive]
pub enum Grant {
    /// Lets in one person, once.
    Entry(Entry),
    /// Holds the door open for everybody.
    HeldOpen(HeldOpen),
    /// Opens it for an installer who tries the lock.
    LockTest(LockTest),
    /// Lets in one visitor, once.
    Visit(Visit),
}

impl Grant {
    /// When it was made, milliseconds since 1970, UTC.
    pub fn utc_ms(&self) -> i64 {
        match self {
            Self::Entry(entry) => entry.utc_ms,
            Self::HeldOpen(held) => held.utc_ms,
            Self::LockTest(test) => test.utc_ms,
            Self::Visit(visit) => visit.utc_ms(),
        }
    }

    /// For how many milliseconds it unlocks the door; `None` for the configured time.
    pub fn unlocks_for_ms(&self) -> Option<u64> {
        match self {
            Self::Entry(_) | Self::Visit(_) => None,
            Self::HeldOpen(_) => Some(HELD_OPEN_MS),
            Self::LockTest(_) => Some(LOCK_TEST_MS),
        }
    }
}

impl From<HeldOpen> for Grant {
    fn from(held: HeldOpen) -> Self {
        Self::HeldOpen(held)
    }
}

impl From<LockTest> for Grant {
    fn from(test: LockTest) -> Self {
        Self::LockTest(test)
    }
}

impl From<Entry> for Grant {
    fn from(entry: Entry) -> Self {
        Self::Entry(entry)
    }
}

impl From<Visit> for Grant {
    fn from(visit: Visit) -> Self {
        Self::Visit(visit)
    }
}

/// The permission to let in one person, once. Like the other grants it can be neither made nor copied outside `exit`:
///
/// ```compile_fail,E0451
/// use shared::gallery::PersonId;
/// use policy::Entry;
/// let (distance, distances) = (None, Default::default());
/// let credential = policy::Credential::Card;
/// let forged = Entry { person: PersonId([0; 16]), credential, distance, distances, runner_up: None, face: None, is_grey: false, opens: Default::default(), holds_open: Default::default(), signals: Default::default(), utc_ms: 0 };
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
    pub(super) holds_open: ScheduleSet,
    pub(super) signals: Reports,
    pub(super) utc_ms: i64,
}

impl Entry {
    /// The schedules that this entry opens.
    pub(crate) fn opens(&self) -> ScheduleSet {
        self.opens
    }

    /// The door hours that this entry begins.
    pub(crate) fn holds_open(&self) -> ScheduleSet {
        self.holds_open
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

/// The permission to keep the door open for a few seconds more, in hours in which it is held open for everybody.
#[derive(Debug, PartialEq)]
#[must_use = "without it the door locks"]
pub struct HeldOpen {
    pub(super) hours: String,
    pub(super) opened_by: PersonId,
    pub(super) utc_ms: i64,
}

impl HeldOpen {
    /// The name of the hours.
    pub fn hours(&self) -> &str {
        &self.hours
    }

    /// Whose entry opened the door for everybody.
    pub fn opened_by(&self) -> PersonId {
        self.opened_by
    }
}

/// The permission to unlock once for a few seconds, so that the installer sees the lock move.
#[derive(Debug, PartialEq)]
#[must_use = "an ignored grant leaves the door locked"]
pub struct LockTest {
    pub(super) utc_ms: i64,
}

/// Whether the door is held open.
#[derive(Debug, PartialEq)]
#[must_use = "a door that is not held open must lock"]
pub enum Hold {
    /// It is not.
    No,
    /// From now on: record it, then unlock the door.
    Begins(HeldOpen),
    /// Still: renew the unlock time.
    GoesOn(HeldOpen),
    /// No longer: lock the door, and record it.
    Ends {
        /// The name of the hours.
        hours: String,
        /// Why.
        because: HoldEnd,
    },
}
