//! Who is let in: matches, rules and time in, a [`Decision`] out. It asks nobody for anything and keeps no more than
//! the current approach.
//!
//! Terms: an *approach* begins when a face is big enough and ends when none was for a while; a *judged* frame is one
//! that passed the quality gate; a *consensus* is enough judged frames that agree on one person.
//!
//! Only the nearest face is judged. Its frames count as long as it is seen in every frame, at a place that overlaps the
//! one before; anything else starts the consensus over. A frame in which it is nobody, somebody else, ambiguous or in
//! company that the rules forbid counts against.
//!
//! An approach lets each person in once, and only after a consensus of their own: whoever steps up while the first is
//! still in view, as in a queue, is a person with a permission and would be let in a second later anyway, whereas the
//! first, who may stand in the open door, does not keep it open by being looked at. A grant uses up the consensus that
//! it was made from.

mod approach;
mod consensus;
mod decision;
mod gate;
mod observation;
mod permission;
mod reason;
mod recognition;
mod rules;

pub use approach::{Approach, MAX_GRANTS_OF_APPROACH};
pub use decision::{Decision, Grant, Neighbour, Refusal};
pub use observation::{Bounds, Candidate, ClockTrust, Landmark, Now, Observation, ObservedFace, Quality, Resemblance};
pub use reason::Reason;
pub use rules::{MAX_CONSENSUS_FRAMES, Rules, RulesError, SeveralFaces};

use approach::Approaches;
use consensus::Consensus;

/// The policy of one door.
#[derive(Debug)]
pub struct Policy {
    rules: Rules,
    consensus: Consensus,
    approaches: Approaches,
    last_ms: u64,
}

impl Policy {
    /// A policy that has seen nobody yet.
    ///
    /// # Errors
    /// When a rule is out of its range.
    pub fn new(rules: Rules) -> Result<Self, RulesError> {
        rules.check()?;
        Ok(Self { rules, consensus: Consensus::default(), approaches: Approaches::default(), last_ms: 0 })
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Why a face's picture is not good enough to be judged, `None` if it is: ask before spending time on encoding it,
    /// but after measuring what the rules ask for.
    pub fn quality_problem(&self, face: &ObservedFace) -> Option<Reason> {
        gate::problem(&self.rules, face)
    }

    /// Decides about one frame. Call it for frames without faces too, so that approaches end.
    pub fn decide(&mut self, observation: &Observation<'_>, now: &Now) -> Decision {
        self.let_time_pass(now.monotonic_ms);
        let Some((index, face)) = observation.nearest() else {
            self.consensus.start_over();
            return Decision::Nobody;
        };
        self.consensus.follow(face, observation.faces);
        if observation.faces.iter().any(|face| gate::is_at_door(&self.rules, face)) {
            self.approaches.see(now);
        }
        match self.judge(observation.faces, index, now) {
            Ok(grant) => {
                self.consensus.start_over();
                self.approaches.note_grant(&grant);
                Decision::Grant(grant)
            }
            Err(refusal) => {
                self.approaches.note_refusal(&refusal);
                Decision::Deny(refusal)
            }
        }
    }

    /// Takes back a grant that the door does not act upon: the person is not let in for this reason, and may be, after
    /// a new consensus, before the approach has ended.
    pub fn withhold(&mut self, grant: Grant, reason: Reason) -> Refusal {
        let refusal = Refusal::in_place_of(&grant, reason);
        self.approaches.take_back(&grant);
        self.approaches.note_refusal(&refusal);
        refusal
    }

    /// The approach that ended since this was last asked, if one did. Ask after every frame: the next one that ends
    /// takes its place.
    pub fn take_ended_approach(&mut self) -> Option<Approach> {
        self.approaches.take_ended()
    }

    /// Ends the approach in progress, if there is one: no more frames will come.
    pub fn end_approach(&mut self) {
        self.consensus.start_over();
        self.approaches.end();
    }

    fn let_time_pass(&mut self, now_ms: u64) {
        let went_back = now_ms < core::mem::replace(&mut self.last_ms, now_ms);
        let everybody_left = self.approaches.end_after(self.rules.approach_gap_ms, now_ms);
        if went_back || everybody_left {
            self.consensus.start_over();
        }
    }

    fn judge(&mut self, faces: &[ObservedFace], index: usize, now: &Now) -> Result<Grant, Refusal> {
        let face = &faces[index];
        if let Some(problem) = gate::problem(&self.rules, face) {
            return Err(Refusal::unjudged(problem, index));
        }
        let refused = |reason| Refusal::judged(reason, index, face.resembles.as_ref());
        let recognised = recognition::recognise(&self.rules, faces, index);
        self.consensus.count(recognised.ok().as_ref().and_then(Neighbour::of), now.monotonic_ms);
        let candidate = recognised.map_err(refused)?;
        if !self.approaches.may_let_in(candidate.person) {
            return Err(refused(Reason::AlreadyGranted));
        }
        let agreed = self.consensus.agreed(candidate.person, &self.rules, now.monotonic_ms);
        let distances = agreed.ok_or(Reason::Deciding).map_err(refused)?;
        permission::check(&self.rules, &candidate, now).map_err(refused)?;
        let nearest = Neighbour { person: candidate.person, distance: candidate.distance };
        let runner_up = face.resembles.as_ref().and_then(Neighbour::runner_up_of);
        Ok(Grant::new(nearest, runner_up, distances, index, now.utc_ms))
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
