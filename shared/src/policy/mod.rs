//! Who is let in: matches, rules and time in, a [`Decision`] out. It asks nobody for anything and keeps no more than
//! the current approach.
//!
//! Terms: an *approach* begins when a face is big enough and ends when none was for a while; a *judged* frame is one
//! that passed the quality gate; a *consensus* is enough judged frames that agree on one person.

mod decision;
mod observation;
mod reason;
mod rules;

pub use decision::{Decision, Grant, Neighbour, Refusal};
pub use observation::{Bounds, Candidate, ClockTrust, Landmark, Now, Observation, ObservedFace, Quality, Resemblance};
pub use reason::Reason;
pub use rules::{MAX_CONSENSUS_FRAMES, Rules, RulesError, SeveralFaces};

/// The policy of one door.
#[derive(Debug)]
pub struct Policy {
    rules: Rules,
}

impl Policy {
    /// A policy that has seen nobody yet.
    ///
    /// # Errors
    /// When a rule is out of its range.
    pub fn new(rules: Rules) -> Result<Self, RulesError> {
        rules.check()?;
        Ok(Self { rules })
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Why a face's picture is not good enough to be judged, `None` if it is: ask before spending time on encoding it.
    pub fn quality_problem(&self, _face: &ObservedFace) -> Option<Reason> {
        None
    }

    /// Decides about one frame. Call it for frames without faces too, so that approaches end.
    pub fn decide(&mut self, _observation: &Observation<'_>, _now: &Now) -> Decision {
        Decision::Nobody
    }

    /// The approach that ended since this was last asked, if one did.
    pub fn take_ended_approach(&mut self) -> Option<Approach> {
        None
    }
}

/// A finished approach, for the record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Approach {
    /// When it began, milliseconds since 1970, UTC.
    pub began_utc_ms: i64,
    /// When somebody was last seen, milliseconds since 1970, UTC.
    pub ended_utc_ms: i64,
    /// How many people were let in.
    pub grants: usize,
    /// The last reason why somebody was not let in; one about the match rather than about the picture, if there was one.
    pub reason: Option<Reason>,
    /// Who it was, if within the threshold of somebody.
    pub person: Option<crate::gallery::PersonId>,
    /// L2 distances of the last judged frames to whoever was nearest, oldest first.
    pub distances: heapless::Vec<f32, MAX_CONSENSUS_FRAMES>,
    /// The nearest other person in the last judged frame.
    pub runner_up: Option<Neighbour>,
}
