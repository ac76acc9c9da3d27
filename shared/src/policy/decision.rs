//! What was decided about one frame. A [`Grant`] is the only thing that opens a door, and only this policy makes one.

use super::observation::{Candidate, Resemblance};
use super::reason::Reason;
use super::rules::MAX_CONSENSUS_FRAMES;
use crate::gallery::PersonId;
use crate::schedule::ScheduleSet;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// What the policy decided about one frame.
#[derive(Debug, PartialEq)]
#[must_use = "a decision that nobody acts on leaves a person standing outside"]
pub enum Decision {
    /// Let this person in.
    Grant(Grant),
    /// Somebody is there and is not let in (yet).
    Deny(Refusal),
    /// Nobody is there.
    Nobody,
}

/// What somebody was let in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Credential {
    /// Their face, among all enrolled.
    #[default]
    Face,
    /// Their card.
    Card,
    /// Their card, and the face that belongs to it.
    CardAndFace,
}

impl Credential {
    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Card => "card",
            Self::CardAndFace => "card_and_face",
        }
    }
}

/// An enrolled person and how far a face was from them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Who.
    pub person: PersonId,
    /// L2 distance.
    pub distance: f32,
}

impl Neighbour {
    /// `None` if the distance is not finite.
    pub(super) fn of(candidate: &Candidate) -> Option<Self> {
        let Candidate { person, distance, .. } = *candidate;
        distance.is_finite().then_some(Self { person, distance })
    }

    pub(super) fn runner_up_of(found: &Resemblance) -> Option<Self> {
        Self::of(found.runner_up.as_ref()?)
    }
}

/// The permission to open the door once, for one person. It can be neither made nor copied outside the policy:
///
/// ```compile_fail,E0451
/// use shared::gallery::PersonId;
/// use shared::policy::Grant;
/// let (distance, distances) = (None, Default::default());
/// let credential = shared::policy::Credential::Card;
/// let forged = Grant { person: PersonId([0; 16]), credential, distance, distances, runner_up: None, face: None, opens: Default::default(), utc_ms: 0 };
/// ```
///
/// ```compile_fail,E0624
/// use shared::gallery::PersonId;
/// use shared::policy::{Credential, Grant, Neighbour};
/// let near = Neighbour { person: PersonId([0; 16]), distance: 0.0 };
/// let forged = Grant::by_face(Credential::Face, near, None, Default::default(), 0, 0);
/// ```
///
/// ```compile_fail,E0624
/// let forged = shared::policy::Grant::by_card(shared::gallery::PersonId([0; 16]), 0);
/// ```
///
/// ```compile_fail,E0599
/// fn twice(grant: shared::policy::Grant) -> (shared::policy::Grant, shared::policy::Grant) {
///     (grant.clone(), grant)
/// }
/// ```
#[derive(Debug, PartialEq)]
#[must_use = "a grant that nobody acts on leaves a person standing outside"]
pub struct Grant {
    person: PersonId,
    credential: Credential,
    distance: Option<f32>,
    distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
    runner_up: Option<Neighbour>,
    face: Option<usize>,
    opens: ScheduleSet,
    utc_ms: i64,
}

impl Grant {
    /// For a face, judged in so many frames.
    pub(super) fn by_face(
        credential: Credential,
        nearest: Neighbour,
        runner_up: Option<Neighbour>,
        distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
        face: usize,
        utc_ms: i64,
    ) -> Self {
        let Neighbour { person, distance } = nearest;
        let (distance, face, opens) = (Some(distance), Some(face), ScheduleSet::NONE);
        Self { person, credential, distance, distances, runner_up, face, opens, utc_ms }
    }

    /// For a card alone.
    pub(super) fn by_card(person: PersonId, utc_ms: i64) -> Self {
        let (credential, distances, opens) = (Credential::Card, Vec::new(), ScheduleSet::NONE);
        Self { person, credential, distance: None, distances, runner_up: None, face: None, opens, utc_ms }
    }

    /// The same, whose coming opens the hours of others.
    pub(super) fn opening(self, opens: ScheduleSet) -> Self {
        Self { opens, ..self }
    }

    pub(super) fn opens(&self) -> ScheduleSet {
        self.opens
    }

    /// Who is let in.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// By what.
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

    /// When it was granted, milliseconds since 1970, UTC.
    pub fn utc_ms(&self) -> i64 {
        self.utc_ms
    }
}

/// Somebody was not let in.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Who it is, where the face is within the threshold of somebody; or whose card it is.
    pub person: Option<PersonId>,
    /// L2 distance to the nearest person, known or not, or to the card's holder; `None` if no face was compared.
    pub distance: Option<f32>,
    /// The nearest other person.
    pub runner_up: Option<Neighbour>,
    /// Which of the observation's faces was judged, if one was.
    pub face: Option<usize>,
}

impl Refusal {
    /// A face that was not compared with anybody.
    pub(super) const fn unjudged(reason: Reason, face: usize) -> Self {
        Self { reason, person: None, distance: None, runner_up: None, face: Some(face) }
    }

    /// A card, without a face.
    pub(super) const fn of_card(reason: Reason, person: Option<PersonId>) -> Self {
        Self { reason, person, distance: None, runner_up: None, face: None }
    }

    /// A face that was compared with the holder of a card.
    pub(super) fn of_claim(reason: Reason, face: usize, holder: PersonId, claimed: Option<&Neighbour>) -> Self {
        let distance = claimed.map(|claimed| claimed.distance).filter(|distance| distance.is_finite());
        Self { reason, person: Some(holder), distance, runner_up: None, face: Some(face) }
    }

    /// The same, of somebody whose card was presented.
    pub(super) const fn by(self, holder: PersonId) -> Self {
        Self { person: Some(holder), ..self }
    }

    /// Somebody who had been granted entry.
    pub(super) fn in_place_of(grant: &Grant, reason: Reason) -> Self {
        let Grant { person, distance, runner_up, face, .. } = *grant;
        Self { reason, person: Some(person), distance, runner_up, face }
    }

    /// A face that was compared with everybody enrolled.
    pub(super) fn judged(reason: Reason, face: usize, resembles: Option<&Resemblance>, threshold: f32) -> Self {
        let nearest = resembles.and_then(|found| Neighbour::of(&found.best));
        let runner_up = resembles.and_then(Neighbour::runner_up_of);
        let known = nearest.filter(|nearest| nearest.distance <= threshold);
        Self {
            reason,
            person: known.map(|nearest| nearest.person),
            distance: nearest.map(|nearest| nearest.distance),
            runner_up,
            face: Some(face),
        }
    }
}
