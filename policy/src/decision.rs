//! The decision on one frame. Only a grant opens a door, and only `exit` makes one.

use super::enrolled::{Claimed, Neighbour, Resemblance};
use super::exit::{Entry, Visit};
use super::reason::Reason;
use shared::gallery::PersonId;
use shared::pass::PassId;

/// The policy's decision on one frame.
#[derive(Debug, PartialEq)]
#[must_use = "an ignored decision leaves a person standing outside"]
pub enum Decision {
    /// Let this person in.
    Grant(Entry),
    /// Let this visitor in.
    Admit(Visit),
    /// Somebody is at the door and is not let in (yet).
    Refuse(Refusal),
    /// Nobody is at the door.
    Nobody,
}

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The person whose threshold the face is within, or the holder of the card.
    pub person: Option<PersonId>,
    /// L2 distance to the nearest person, known or not, or to the card's holder; `None` if no face was compared.
    pub distance: Option<f32>,
    /// The nearest other person.
    pub runner_up: Option<Neighbour>,
    /// Which of the observation's faces was judged, if one was.
    pub face: Option<usize>,
    /// The pass that was shown, if one was.
    pub pass: Option<PassId>,
}

impl Refusal {
    /// A refusal without person, distance or face.
    pub const fn new(reason: Reason) -> Self {
        Self { reason, person: None, distance: None, runner_up: None, face: None, pass: None }
    }

    /// The refusal of a pass.
    pub(super) const fn of_pass(reason: Reason, pass: PassId) -> Self {
        Self { pass: Some(pass), ..Self::new(reason) }
    }

    /// The refusal of a face that was not compared with anybody.
    pub(super) const fn unjudged(reason: Reason, face: usize) -> Self {
        Self { face: Some(face), ..Self::new(reason) }
    }

    /// The refusal of a card without a face.
    pub(super) const fn of_card(reason: Reason, person: Option<PersonId>) -> Self {
        Self { person, ..Self::new(reason) }
    }

    /// The refusal of a face that was compared with the holder of a card.
    pub(super) fn of_claim(reason: Reason, face: usize, holder: PersonId, claimed: Option<&Claimed>) -> Self {
        let distance = claimed.map(|claimed| claimed.distance).filter(|distance| distance.is_finite());
        let runner_up = claimed.and_then(|claimed| claimed.other).filter(|other| other.distance.is_finite());
        Self { person: Some(holder), distance, runner_up, face: Some(face), ..Self::new(reason) }
    }

    /// Adds the card's holder if a card was presented.
    pub(super) fn by(self, holder: Option<PersonId>) -> Self {
        Self { person: holder.or(self.person), ..self }
    }

    /// The refusal that replaces a grant.
    pub(super) fn in_place_of(grant: &Entry, reason: Reason) -> Self {
        let (distance, runner_up, face) = (grant.distance(), grant.runner_up(), grant.face());
        Self { person: Some(grant.person()), distance, runner_up, face, ..Self::new(reason) }
    }

    /// The refusal of a face that was compared with everybody enrolled.
    pub(super) fn judged(reason: Reason, face: usize, resembles: Option<&Resemblance>, threshold: f32) -> Self {
        let nearest = resembles.and_then(Neighbour::nearest_of);
        let runner_up = resembles.and_then(Neighbour::runner_up_of);
        let known = nearest.filter(|nearest| nearest.distance <= threshold);
        Self {
            reason,
            person: known.map(|nearest| nearest.person),
            distance: nearest.map(|nearest| nearest.distance),
            runner_up,
            face: Some(face),
            pass: None,
        }
    }
}
