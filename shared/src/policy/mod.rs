//! Who is let in: matches, rules and time in, a [`Decision`] out. It asks nobody for anything.
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
//!
//! A card changes whom a face is compared with, never how well. Where card and face are asked for, it claims to be its
//! holder for a while, and the nearest face is judged against that one person, from a new consensus on. Where either is
//! enough, it opens by itself. Where the face is enough, it says nothing. The last card counts; it opens once, and each
//! time it is presented.
//!
//! What one approach leaves behind for the next ones is little, and survives the unit: see [`Memory`].

mod advice;
mod approach;
mod card;
mod consensus;
mod decision;
mod gate;
mod liveness;
mod lockout;
mod memory;
mod observation;
mod passages;
mod permission;
mod reason;
mod recognition;
mod rules;

pub use advice::Advice;
pub use approach::{Approach, MAX_GRANTS_OF_APPROACH, Tailgating};
pub use card::PresentedCard;
pub use decision::{Credential, Decision, Grant, Neighbour, Refusal};
pub use liveness::{CHALLENGE_MS, CHALLENGED_GROUP, Liveness, Side, TURN, TURNED_FRAMES, nose_across};
pub use lockout::{Failures, Kind, LONG_STAY_MS, Locked, Lockout, LockoutEnd, MAX_REMEMBERED};
pub use memory::{Memory, Opened};
pub use observation::{
    Bounds, Candidate, CardHolder, ClockTrust, Landmark, Now, Observation, ObservedFace, Quality, Resemblance,
};
pub use passages::{AntiPassback, Direction, MAX_PASSAGES, Passage};
pub use reason::Reason;
pub use rules::{MAX_CONSENSUS_FRAMES, MAX_FREE_ATTEMPTS, Rules, RulesError, SeveralFaces};

use crate::gallery::{Mode, PersonId};
use crate::schedule::Schedules;
use alloc::vec::Vec;
use approach::Approaches;
use card::{Cards, Meaning};
use consensus::Consensus;
use liveness::Challenge;
use lockout::Attempt;
use memory::Remembered;
use permission::Circumstances;

/// The policy of one door.
#[derive(Debug)]
pub struct Policy {
    rules: Rules,
    schedules: Schedules,
    consensus: Consensus,
    approaches: Approaches,
    cards: Cards,
    attempt: Attempt,
    challenge: Challenge,
    remembered: Remembered,
    last_ms: u64,
}

impl Policy {
    /// A policy that has seen nobody yet, of people whom no schedule binds.
    ///
    /// # Errors
    /// When a rule is out of its range.
    pub fn new(rules: Rules) -> Result<Self, RulesError> {
        rules.check()?;
        Ok(Self {
            rules,
            schedules: Schedules::default(),
            consensus: Consensus::default(),
            approaches: Approaches::default(),
            cards: Cards::default(),
            attempt: Attempt::default(),
            challenge: Challenge::default(),
            remembered: Remembered::default(),
            last_ms: 0,
        })
    }

    /// The same for people whom these schedules bind: those of their database. Whoever is bound by one that the policy
    /// does not have may not enter.
    #[must_use]
    pub fn with_schedules(self, schedules: Schedules) -> Self {
        Self { schedules, ..self }
    }

    /// What was to be remembered when the unit was switched off: to be told before the first frame.
    pub fn remember(&mut self, memory: &Memory, now: &Now) {
        self.remembered = Remembered::of(memory, &self.rules, now.monotonic_ms);
    }

    /// What is to be remembered, if that has changed since this was last asked. Ask after every frame.
    pub fn take_changed_memory(&mut self) -> Option<Memory> {
        self.remembered.take_changed()
    }

    /// Somebody went through another door.
    pub fn hear_of(&mut self, passage: &Passage) {
        self.remembered.hear_of(passage);
    }

    /// The lockout that began since this was last asked, if one did.
    pub fn take_begun_lockout(&mut self) -> Option<Lockout> {
        self.remembered.lockouts.take_begun()
    }

    /// What is refused now after failed attempts.
    pub fn locked_out(&self, now: &Now) -> Vec<Locked> {
        self.remembered.lockouts.locked(now.monotonic_ms).collect()
    }

    /// Failed attempts of one kind, or of all, that no grant has followed.
    pub fn failures(&self, of: Option<Kind>) -> Vec<Failures> {
        self.remembered.lockouts.failures().filter(|failures| of.is_none_or(|of| of == failures.kind)).collect()
    }

    /// An administrator forgives failed attempts of one kind, or of all: nothing is locked out for them any more.
    pub fn clear_lockouts(&mut self, of: Option<Kind>) {
        self.remembered.clear_lockouts(of);
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

    /// Whom a card says to be at the door: the face that is judged must be compared with this person too, and put into
    /// [`ObservedFace::claimed`].
    pub fn claimed(&self) -> Option<PersonId> {
        self.cards.claimed().map(|holder| holder.person)
    }

    /// Takes notice of a card. What follows from it is decided with the next frame, even if that shows nobody.
    pub fn present_card(&mut self, card: &PresentedCard, now: &Now) {
        self.let_time_pass(now.monotonic_ms);
        match self.cards.present(card, &self.rules, now.monotonic_ms) {
            Some(Meaning::Claim(holder) | Meaning::Pass(holder)) => {
                self.approaches.see(now);
                self.approaches.may_enter_again(holder.person);
                self.forget_face();
            }
            Some(Meaning::Notice(_)) => self.approaches.see(now),
            None => {}
        }
        if *card == PresentedCard::Unknown {
            self.remembered.note_failure(Kind::Card, &self.rules, now.monotonic_ms);
        }
    }

    /// Decides about one frame. Call it for frames without faces too, so that approaches end.
    pub fn decide(&mut self, observation: &Observation<'_>, now: &Now) -> Decision {
        self.let_time_pass(now.monotonic_ms);
        match observation.nearest() {
            Some((_, face)) => {
                if !self.consensus.follow(face, observation.faces) {
                    self.challenge.start_over();
                }
                self.challenge.see(face, now.monotonic_ms);
            }
            None => self.forget_face(),
        }
        let at_door = observation.faces.iter().filter(|face| gate::is_at_door(&self.rules, face)).count();
        if at_door > 0 || self.cards.claimed().is_some() {
            self.approaches.see(now);
        }
        let decision = match self.judge(observation, now) {
            None => Decision::Nobody,
            Some(Ok(grant)) => {
                self.note_grant(&grant, now);
                Decision::Grant(grant)
            }
            Some(Err(refusal)) => {
                self.approaches.note_refusal(&refusal);
                self.cards.note_refusal(&refusal, now.monotonic_ms);
                Decision::Deny(refusal)
            }
        };
        self.approaches.see_together(at_door, self.rules.tailgating_ms, now.monotonic_ms);
        decision
    }

    /// Nobody is followed any more.
    fn forget_face(&mut self) {
        self.consensus.start_over();
        self.challenge.start_over();
    }

    fn note_grant(&mut self, grant: &Grant, now: &Now) {
        self.forget_face();
        self.attempt.end();
        self.approaches.note_grant(grant, now.monotonic_ms);
        self.cards.note_grant(grant);
        self.remembered.note_grant(grant, &self.rules, &self.schedules, now);
    }

    /// Takes back a grant that the door does not act upon: the person is not let in for this reason, and may be, after
    /// a new consensus, before the approach has ended. A card must be presented again.
    pub fn withhold(&mut self, grant: Grant, reason: Reason) -> Refusal {
        let refusal = Refusal::in_place_of(&grant, reason);
        self.approaches.take_back(&grant);
        self.approaches.note_refusal(&refusal);
        self.remembered.take_back(&grant);
        refusal
    }

    /// The approach that ended since this was last asked, if one did. Ask after every frame: the next one that ends
    /// takes its place.
    pub fn take_ended_approach(&mut self) -> Option<Approach> {
        self.approaches.take_ended()
    }

    /// Ends the approach in progress, if there is one: no more frames will come.
    pub fn end_approach(&mut self) {
        self.forget_face();
        self.attempt.end();
        self.approaches.end();
    }

    /// From now on these rules and schedules hold, and nothing that was seen before counts any more: for another people
    /// database. Ends the approach in progress. What is remembered is not forgotten.
    ///
    /// # Errors
    /// When a rule is out of its range; nothing has changed then.
    pub fn start_afresh(&mut self, rules: Rules, schedules: Schedules) -> Result<(), RulesError> {
        rules.check()?;
        self.end_approach();
        self.cards = Cards::default();
        (self.rules, self.schedules) = (rules, schedules);
        Ok(())
    }

    fn let_time_pass(&mut self, now_ms: u64) {
        let went_back = now_ms < core::mem::replace(&mut self.last_ms, now_ms);
        let everybody_left = self.approaches.end_after(self.rules.approach_gap_ms, now_ms);
        self.cards.end_at(now_ms);
        self.remembered.let_time_pass(&self.rules, now_ms);
        if went_back || everybody_left {
            self.forget_face();
            self.attempt.end();
        }
    }

    /// `None` if nobody is there.
    fn judge(&mut self, observation: &Observation<'_>, now: &Now) -> Option<Result<Grant, Refusal>> {
        let nearest = observation.nearest().map(|(index, _)| index);
        match self.cards.meaning() {
            Some(Meaning::Pass(holder)) => Some(self.admit(&holder, now)),
            Some(Meaning::Claim(holder)) => Some(match nearest {
                Some(index) => self.verify(observation, index, &holder, now),
                None => Err(Refusal::of_card(Reason::FaceNeeded, Some(holder.person))),
            }),
            Some(Meaning::Notice(refusal)) => {
                let granted = nearest.and_then(|index| self.identify(observation, index, now).ok());
                Some(granted.ok_or(refusal))
            }
            None => nearest.map(|index| self.identify(observation, index, now)),
        }
    }

    /// By the card alone.
    fn admit(&self, holder: &CardHolder, now: &Now) -> Result<Grant, Refusal> {
        let refused = |reason| Refusal::of_card(reason, Some(holder.person));
        if self.remembered.lockouts.is_locked_out(Kind::Card, now.monotonic_ms) {
            return Err(refused(Reason::LockedOut));
        }
        permission::check_moment(&self.circumstances(now), holder).map_err(refused)?;
        if !self.approaches.has_room() {
            return Err(refused(Reason::AlreadyGranted));
        }
        Ok(Grant::by_card(holder.person, now.utc_ms).opening(holder.hours.opens))
    }

    /// Whether the face is that of the card's holder: one person is compared, and no other.
    fn verify(
        &mut self,
        observation: &Observation<'_>,
        index: usize,
        holder: &CardHolder,
        now: &Now,
    ) -> Result<Grant, Refusal> {
        let Observation { faces, chance } = *observation;
        let face = &faces[index];
        if let Some(problem) = self.bar_to_judging(face, Kind::CardOf(holder.person), now) {
            return Err(Refusal::unjudged(problem, index).by(holder.person));
        }
        let refused = |reason| Refusal::of_claim(reason, index, holder.person, face.claimed.as_ref());
        let verified = recognition::verify(&self.rules, faces, index, holder.person);
        self.consensus.count(verified.ok(), now.monotonic_ms);
        if verified == Err(Reason::NotCardHolder) {
            self.note_no_match(Kind::CardOf(holder.person), now);
        }
        let verified = verified.map_err(refused)?;
        if !self.approaches.has_room() {
            return Err(refused(Reason::AlreadyGranted));
        }
        let agreed = self.consensus.agreed(holder.person, &self.rules, now.monotonic_ms);
        let distances = agreed.ok_or(Reason::Deciding).map_err(refused)?;
        self.attempt.end();
        permission::check_moment(&self.circumstances(now), holder).map_err(refused)?;
        self.require_liveness(holder, chance, now).map_err(refused)?;
        let grant = Grant::by_face(Credential::CardAndFace, verified, None, distances, index, now.utc_ms);
        Ok(grant.opening(holder.hours.opens))
    }

    /// Whose face it is, of everybody enrolled, and whether that is enough.
    fn identify(&mut self, observation: &Observation<'_>, index: usize, now: &Now) -> Result<Grant, Refusal> {
        let Observation { faces, chance } = *observation;
        let face = &faces[index];
        if let Some(problem) = self.bar_to_judging(face, Kind::Face, now) {
            return Err(Refusal::unjudged(problem, index));
        }
        let threshold = self.rules.threshold;
        let refused = |reason| Refusal::judged(reason, index, face.resembles.as_ref(), threshold);
        let recognised = recognition::recognise(&self.rules, faces, index);
        self.consensus.count(recognised.ok().as_ref().and_then(Neighbour::of), now.monotonic_ms);
        // At a door that asks for cards a face without one is no attempt.
        if recognised == Err(Reason::NotKnown) && self.rules.mode != Mode::CardAndFace {
            self.note_no_match(Kind::Face, now);
        }
        let candidate = recognised.map_err(|reason| refused(permission::with_card_asked_for(&self.rules, reason)))?;
        if !self.approaches.may_let_in(candidate.person) {
            return Err(refused(Reason::AlreadyGranted));
        }
        let agreed = self.consensus.agreed(candidate.person, &self.rules, now.monotonic_ms);
        let distances = agreed.ok_or(Reason::Deciding).map_err(refused)?;
        self.attempt.end();
        permission::check(&self.circumstances(now), &candidate).map_err(refused)?;
        self.require_liveness(&candidate.holder(), chance, now).map_err(refused)?;
        let nearest = Neighbour { person: candidate.person, distance: candidate.distance };
        let runner_up = face.resembles.as_ref().and_then(Neighbour::runner_up_of);
        let grant = Grant::by_face(Credential::Face, nearest, runner_up, distances, index, now.utc_ms);
        Ok(grant.opening(candidate.hours.opens))
    }

    /// Whether somebody who would be let in has turned their head, if they must.
    fn require_liveness(&mut self, holder: &CardHolder, chance: u64, now: &Now) -> Result<(), Reason> {
        match self.rules.liveness {
            Liveness::Off => Ok(()),
            Liveness::Marked if !holder.is_challenged => Ok(()),
            Liveness::Marked | Liveness::Everybody => {
                let required = self.challenge.require(chance, now.monotonic_ms);
                if required.is_err() {
                    // Whoever has turned their head must be seen to be the same person afterwards.
                    self.consensus.forget_votes();
                }
                required
            }
        }
    }

    /// Why a face is not compared with anybody: it is asked to turn, its picture, or too many failed attempts before.
    fn bar_to_judging(&self, face: &ObservedFace, kind: Kind, now: &Now) -> Option<Reason> {
        if let Some(asked) = self.challenge.pending() {
            return Some(asked);
        }
        let is_locked_out = || self.remembered.lockouts.is_locked_out(kind, now.monotonic_ms);
        gate::problem(&self.rules, face).or_else(|| is_locked_out().then_some(Reason::LockedOut))
    }

    fn note_no_match(&mut self, kind: Kind, now: &Now) {
        if self.attempt.goes_on(kind, &self.rules, now.monotonic_ms) {
            self.remembered.note_failure(kind, &self.rules, now.monotonic_ms);
        }
    }

    fn circumstances<'a>(&'a self, now: &'a Now) -> Circumstances<'a> {
        let Self { rules, schedules, remembered: Remembered { openings, passages, .. }, .. } = self;
        Circumstances { rules, schedules, openings, passages, now }
    }
}

#[cfg(test)]
mod attempt_tests;
#[cfg(test)]
mod card_tests;
#[cfg(test)]
mod moment_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
