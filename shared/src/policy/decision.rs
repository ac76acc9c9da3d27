//! What was decided about one frame. A [`Grant`] is the only thing that opens a door, and only this policy makes one.

use super::observation::{Candidate, Resemblance};
use super::reason::Reason;
use super::rules::MAX_CONSENSUS_FRAMES;
use crate::gallery::PersonId;
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
/// let forged = Grant { person: PersonId([0; 16]), distance: 0.0, distances: Default::default(), runner_up: None, face: 0, utc_ms: 0 };
/// ```
///
/// ```compile_fail,E0624
/// use shared::gallery::PersonId;
/// use shared::policy::{Grant, Neighbour};
/// let forged = Grant::new(Neighbour { person: PersonId([0; 16]), distance: 0.0 }, None, Default::default(), 0, 0);
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
    distance: f32,
    distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
    runner_up: Option<Neighbour>,
    face: usize,
    utc_ms: i64,
}

impl Grant {
    pub(super) fn new(
        nearest: Neighbour,
        runner_up: Option<Neighbour>,
        distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
        face: usize,
        utc_ms: i64,
    ) -> Self {
        Self { person: nearest.person, distance: nearest.distance, distances, runner_up, face, utc_ms }
    }

    /// Who is let in.
    pub fn person(&self) -> PersonId {
        self.person
    }

    /// L2 distance in the frame that decided.
    pub fn distance(&self) -> f32 {
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

    /// Which of the observation's faces was judged.
    pub fn face(&self) -> usize {
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
    /// Who it is; only where the face is within the threshold of somebody.
    pub person: Option<PersonId>,
    /// L2 distance to the nearest person, known or not; `None` if the face was not compared.
    pub distance: Option<f32>,
    /// The nearest other person.
    pub runner_up: Option<Neighbour>,
    /// Which of the observation's faces was judged.
    pub face: usize,
}

impl Refusal {
    /// A face that was not compared with anybody.
    pub(super) const fn unjudged(reason: Reason, face: usize) -> Self {
        Self { reason, person: None, distance: None, runner_up: None, face }
    }

    /// Somebody who had been granted entry.
    pub(super) fn in_place_of(grant: &Grant, reason: Reason) -> Self {
        let Grant { person, distance, runner_up, face, .. } = *grant;
        Self { reason, person: Some(person), distance: Some(distance), runner_up, face }
    }

    /// A face that was compared with everybody enrolled.
    pub(super) fn judged(reason: Reason, face: usize, resembles: Option<&Resemblance>) -> Self {
        let nearest = resembles.and_then(|found| Neighbour::of(&found.best));
        let runner_up = resembles.and_then(Neighbour::runner_up_of);
        let known = nearest.filter(|_| reason != Reason::NotKnown);
        Self {
            reason,
            person: known.map(|nearest| nearest.person),
            distance: nearest.map(|nearest| nearest.distance),
            runner_up,
            face,
        }
    }
}
