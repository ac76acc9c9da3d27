//! Decides who is let in: takes matches, rules and the time, returns a [`Decision`]. Performs no I/O.
//!
//! Terms: an *approach* begins when a face is large enough and ends when no such face has been seen for a while; a
//! *judged* frame is one that passed the quality gate; a *consensus* is enough judged frames that agree on one person.
//!
//! Only the nearest face is judged. Its frames count while it is tracked: its bounds overlap those in the previous
//! frame, and it resembles the previous face. Any other face restarts the consensus. A frame without a face changes
//! nothing. A frame counts against the person if the face is unknown, somebody else's, ambiguous, or seen with other
//! faces that the rules forbid.
//!
//! An approach lets each person in once, and only after a consensus of their own. In a queue, the next person can be
//! let in while the first is still in view; they have permission and would be let in a second later anyway. The first
//! person, who may be standing in the open door, does not keep it open by staying in view. A grant uses up the
//! consensus that it was made from.
//!
//! One function, `exit::Policy::let_in`, makes every grant to a person and applies every rule to every credential; others
//! beside it do the same for visitors, and for a door that is held open.
//!
//! A card changes who a face is compared with, never how strictly. Where card and face are required, the card claims
//! its holder's identity for a limited time: the nearest face is verified against that person, with a new consensus.
//! Where either is enough, the card opens the door by itself. Where the face is enough, the card is ignored. The last
//! card counts, and opens the door once for each time it is presented.
//!
//! A visitor pass counts as a card that is enough by itself, at doors that accept passes. It has no face to compare. It
//! opens once per approach, and needs the host's card if it says so.
//!
//! At some hours the door asks for other credentials than its configuration does, or is *held open* for everybody, once
//! somebody of a group has come in. A hold is a grant of its own kind, which the caller renews each turn; while it lasts,
//! nobody is refused and no attempt fails. It needs a clock that can be trusted. In a *lockdown* nobody is let in except
//! the people that it still admits, by the usual rules, and the door is not held open. While *face recognition is off*,
//! nobody is let in by a face, with or without a card, and the caller need not encode any.
//!
//! The little state that outlasts an approach also survives a restart: see [`Memory`].

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod advice;
mod approach;
mod attempts;
mod attention;
pub mod audit;
mod card;
mod company;
mod consensus;
mod credential;
mod decision;
mod door_hours;
mod enrolled;
mod exit;
mod first_in;
mod gate;
mod guessing;
mod judging;
mod liveness;
mod lockdown;
mod lockouts;
mod memory;
mod observation;
mod openings;
mod pass_uses;
mod passages;
mod passes;
mod permission;
mod presence;
mod presented_card;
mod reason;
mod recognition;
mod rules;
mod signals;
mod tracking;
mod tried;
mod visitor_pass;
mod visits;

pub use advice::Advice;
pub use approach::{Approach, MAX_GRANTS_OF_APPROACH, Tailgating};
pub use attempts::FRAMES_OF_AN_ATTEMPT;
pub use attention::Attention;
pub use card::PresentedCard;
pub use credential::Credential;
pub use decision::{Decision, Refusal};
pub use door_hours::HoldEnd;
pub use enrolled::{CHALLENGED_GROUP, Claimed, Enrolled, Neighbour, Resemblance};
pub use exit::{Entry, Grant, HeldOpen, Hold, LOCK_TEST_MS, LockTest, Visit};
pub use guessing::LONGEST_CARD_PAUSE_MS;
pub use liveness::{CHALLENGE_MS, LONGEST_ANSWER_MS, Side, TURN, TURNED_FRAMES, nose_across};
pub use lockdown::Lockdown;
pub use lockouts::{
    FAILURES_BEFORE_PACING, Failures, Locked, LockoutEnd, MAX_FAILURES_OF_A_CLAIM, MAX_FAILURES_WITH_LIVENESS,
    MAX_REMEMBERED, PACE_MS, RememberedFailures,
};
pub use memory::Memory;
pub use observation::{ClockTrust, Now, Observation, ObservedFace, Quality};
pub use openings::Opened;
pub use pass_uses::{MAX_COUNTED_PASSES, PassUses};
pub use passages::{AntiPassback, Direction, MAX_PASSAGES, Passage};
pub use passes::HOST_MS;
pub use reason::Reason;
pub use rules::{MAX_CONSENSUS_FRAMES, MAX_FREE_ATTEMPTS, Rules, RulesError, SeveralFaces};
pub use signals::{
    FaceAlone, Finding, IfUnsure, LampReport, LampUse, LivenessRules, MAX_FIGURES, MAX_NAME_BYTES, Protection, Report,
    Reports, Signal, Signals, Trial,
};
pub use tracking::SAME_FACE;
pub use tried::{CardIssue, Kind};
pub use visitor_pass::{Host, PresentedPass, VisitorPass};

use alloc::vec::Vec;
use approach::Approaches;
use attempts::Attempt;
use card::{Cards, Meaning};
use company::Company;
use consensus::Consensus;
use credential::Shown;
use door_hours::Holding;
use liveness::{Challenge, Evidence};
use memory::Remembered;
use passes::Passes;
use permission::Circumstances;
use shared::gallery::Mode;
use shared::schedule::Schedules;
use tracking::{Step, Tracking};
use tried::Tried;

/// The policy of one door.
#[derive(Debug)]
pub struct Policy {
    configured: Rules,
    /// The rules for the current frame. They are set in one place, so that a decision never mixes the colour and grey
    /// thresholds.
    rules: Rules,
    tracking: Tracking,
    consensus: Consensus,
    company: Company,
    approaches: Approaches,
    cards: Cards,
    passes: Passes,
    attempt: Attempt,
    challenge: Challenge,
    evidence: Evidence,
    remembered: Remembered,
    /// The hours in which the door is held open now.
    holding: Option<Holding>,
    lockdown: Option<Lockdown>,
    /// Whether there was a lockdown since the door was last held open.
    was_locked_down: bool,
    recognises_faces: bool,
    last_ms: u64,
}

impl Policy {
    /// Makes a policy that has seen nobody yet.
    ///
    /// # Errors
    /// If a rule is out of its range.
    pub fn new(rules: Rules) -> Result<Self, RulesError> {
        rules.check()?;
        Ok(Self {
            configured: rules,
            rules,
            tracking: Tracking::default(),
            consensus: Consensus::default(),
            company: Company::default(),
            approaches: Approaches::default(),
            cards: Cards::default(),
            passes: Passes::default(),
            attempt: Attempt::default(),
            challenge: Challenge::default(),
            evidence: Evidence::default(),
            remembered: Remembered::default(),
            holding: None,
            lockdown: None,
            was_locked_down: false,
            recognises_faces: true,
            last_ms: 0,
        })
    }

    /// Restores what was remembered before the restart. Call it before the first frame.
    pub fn remember(&mut self, memory: &Memory, now: &Now) {
        self.remembered = Remembered::restore(memory, &self.rules, now.monotonic_ms);
    }

    /// The state to save, if it has changed since the last call. Call it after every frame.
    pub fn take_changed_memory(&mut self) -> Option<Memory> {
        self.remembered.take_changed()
    }

    /// The lockout that began since the last call, if any.
    pub fn take_begun_lockout(&mut self) -> Option<Locked> {
        self.remembered.lockouts.take_begun()
    }

    /// The lockouts now in force.
    pub fn locked_out(&self, now: &Now) -> Vec<Locked> {
        self.remembered.lockouts.locked(&self.rules, now.monotonic_ms).collect()
    }

    /// Failed attempts since the last grant, of one kind or of all kinds.
    pub fn failures(&self, of: Option<Kind>) -> Vec<Failures> {
        self.remembered.failures().filter(|failures| of.is_none_or(|of| of == failures.kind)).collect()
    }

    /// Clears the failed attempts of one kind or of all kinds, and the lockouts that they caused, for an administrator.
    pub fn clear_lockouts(&mut self, of: Option<Kind>) {
        self.remembered.clear_lockouts(of);
    }

    /// Begins, changes or ends a lockdown. It stays in force when the rules change; the caller passes in the people of
    /// each new database that it still admits.
    pub fn set_lockdown(&mut self, lockdown: Option<Lockdown>) {
        self.was_locked_down |= lockdown.is_some();
        self.lockdown = lockdown;
    }

    /// Switches face recognition on or off. It stays off when the rules change. What was seen of the face until then counts
    /// no longer.
    pub fn set_face_recognition(&mut self, is_on: bool) {
        if is_on != self.recognises_faces {
            self.tracking.stop();
            self.start_over();
            self.attempt = Attempt::default();
        }
        self.recognises_faces = is_on;
    }

    /// Whether face recognition is on.
    pub fn recognises_faces(&self) -> bool {
        self.recognises_faces
    }

    /// The credentials that the door asks for at this hour of people whose record leaves it to the door.
    pub fn mode_now(&self) -> Mode {
        self.rules.mode
    }

    /// The name of the hours in which the door is held open now.
    pub fn held_open_by(&self) -> Option<&str> {
        self.holding.as_ref().map(|holding| holding.hours.as_str())
    }

    /// The configured rules. At some hours the door asks for other credentials: see [`mode_now`](Self::mode_now).
    pub fn rules(&self) -> &Rules {
        let Self { configured, .. } = self;
        configured
    }

    /// The threshold (L2 distance) applied to the last frame; before the first frame, the one for colour.
    pub fn threshold_in_force(&self) -> f32 {
        self.rules.threshold
    }

    /// What the caller must determine about the next frame. Call it before each frame.
    pub fn attention(&self) -> Attention {
        if !self.recognises_faces {
            return Attention::without_faces(&self.rules);
        }
        let claimed = self.cards.claimed().map(|holder| holder.person);
        let trial = self.evidence.trial();
        let is_watched = self.challenge.pending().is_some() || trial.is_some();
        let mut attention = Attention::new(&self.rules, claimed, is_watched);
        attention.lamp = trial.map_or_else(|| self.lamp_without_trial(), LampUse::Play);
        attention.network = self.evidence.needs(Signal::Network);
        attention.infrared = self.evidence.needs(Signal::Infrared);
        attention
    }

    /// What is wrong with the picture of a face, for somebody who aims the camera: nothing about the
    /// enrolled people can be learnt from it.
    pub fn problem_of_picture(&self, face: &ObservedFace) -> Option<Reason> {
        gate::problem_for_anybody(&self.rules, face)
    }

    fn quality_problem(&self, face: &ObservedFace) -> Option<Reason> {
        gate::problem(&self.rules, face)
    }

    /// Discards what was seen of the face.
    fn start_over(&mut self) {
        self.consensus.start_over();
        self.challenge.start_over();
        self.evidence.start_over();
    }

    /// Decides on one frame. Call it for frames without faces too, so that approaches end.
    pub fn decide(&mut self, observation: &Observation<'_>, now: &Now) -> Decision {
        self.rules = self.configured.for_frame(observation.is_grey);
        self.follow_hours(observation.schedules, now);
        self.advance_to(now);
        self.evaluate_waiting_card(now);
        self.follow(observation, now);
        let at_door = observation.faces.iter().filter(|face| gate::is_at_door(&self.rules, face)).count();
        if at_door > 0 || self.cards.claimed().is_some() || self.passes.is_waiting() {
            self.approaches.see(now);
        }
        let decision = match self.judge_pass(observation, now) {
            Some(Ok(visit)) => {
                self.note_visit(&visit);
                Decision::Admit(visit)
            }
            Some(Err(of_pass)) => self.decide_without_pass(observation, Some(of_pass), now),
            None => self.decide_without_pass(observation, None, now),
        };
        if self.holding.is_none() {
            self.approaches.see_together(at_door, self.rules.tailgating_ms, now.monotonic_ms);
        }
        decision
    }

    /// Sets the credentials that the door asks for at this hour.
    fn follow_hours(&mut self, schedules: &Schedules, now: &Now) {
        self.rules.mode = door_hours::mode_now(self.configured.mode, schedules, now);
    }

    /// Decides on cards and faces. A refused pass hides their refusals, unless its code is no pass at all.
    fn decide_without_pass(&mut self, observation: &Observation<'_>, of_pass: Option<Refusal>, now: &Now) -> Decision {
        let judged = self.judge(observation, now);
        if let Some(Err(refusal)) = &judged {
            self.cards.note_refusal(refusal, now.monotonic_ms);
        }
        let hides = |refusal: &Refusal| judged.is_none() || refusal.reason != Reason::NotAPass;
        let of_pass = of_pass.filter(hides);
        let refusal = match (judged, of_pass) {
            (Some(Ok(grant)), _) => {
                self.note_grant(&grant, observation, now);
                return Decision::Grant(grant);
            }
            // Everybody may walk in.
            _ if self.holding.is_some() => return Decision::Nobody,
            (_, Some(refusal)) | (Some(Err(refusal)), None) => refusal,
            (None, None) => return Decision::Nobody,
        };
        let signals = self.evidence.so_far(&self.rules.liveness, &self.challenge, now.monotonic_ms);
        self.approaches.note_refusal(&refusal, signals);
        Decision::Refuse(refusal)
    }

    /// Continues to track the current face, or starts with another one, whose state is empty.
    fn follow(&mut self, observation: &Observation<'_>, now: &Now) {
        let nearest = observation.nearest();
        self.company.see(&self.rules, observation.faces, nearest.map(|(index, _)| index), now.monotonic_ms);
        let Some((_, face)) = nearest else { return self.tracking.miss() };
        let step = self.tracking.follow(face, observation.faces, self.quality_problem(face).is_none());
        if step == Step::Another || self.challenge.is_of_another(face) {
            let has_failed = self.end_face(now);
            self.approaches.change_face(has_failed, self.rules.approach_gap_ms, now);
            self.tracking.begin(face);
        }
        self.challenge.see(face, now.monotonic_ms);
        self.evidence.see(face, self.quality_problem(face).is_none());
        if let Some(report) = observation.infrared {
            self.evidence.note_infrared(report, now.monotonic_ms);
        }
        if let Some(answer) = observation.lamp {
            self.evidence.note_lamp(answer, now.monotonic_ms);
        }
        if self.challenge.take_failed() {
            let tried = self.cards.claimed().map_or(Tried::FACE, |holder| holder.tried());
            self.fail(tried, now);
        }
    }

    /// Stops tracking the face. Returns whether its attempt failed as a result.
    fn end_face(&mut self, now: &Now) -> bool {
        self.tracking.stop();
        self.start_over();
        let failed = self.attempt.end();
        failed.inspect(|tried| self.remembered.note_failure(*tried, &self.rules, now.monotonic_ms)).is_some()
    }

    /// Nobody has to try to get in while the door is held open.
    fn fail(&mut self, tried: Tried, now: &Now) {
        self.attempt = Attempt::default();
        if self.holding.is_some() {
            return;
        }
        self.remembered.note_failure(tried, &self.rules, now.monotonic_ms);
    }

    fn note_grant(&mut self, grant: &Entry, observation: &Observation<'_>, now: &Now) {
        self.start_over();
        self.attempt = Attempt::default();
        self.approaches.note_grant(grant, now.monotonic_ms);
        self.cards.note_grant(grant);
        self.passes.note_grant(grant);
        self.remembered.note_grant(grant, &self.rules, observation.schedules, now);
    }

    /// Revokes a grant that the door will not act on, and refuses the person for this reason. They can still be let in
    /// during the same approach, after a new consensus. A card must be presented again.
    pub fn withhold(&mut self, grant: Entry, reason: Reason) -> Refusal {
        let refusal = Refusal::in_place_of(&grant, reason);
        self.approaches.take_back(&grant);
        self.approaches.note_refusal(&refusal, grant.signals().to_vec());
        self.remembered.take_back(&grant);
        refusal
    }

    /// The approach that ended since the last call, if any. Call it after every frame: the next one to end replaces it.
    pub fn take_ended_approach(&mut self) -> Option<Approach> {
        self.approaches.take_ended()
    }

    /// The refused face that another face has replaced since the last call, if any; the approach itself continues. Call
    /// it after every frame.
    pub fn take_refused_face(&mut self) -> Option<Approach> {
        self.approaches.take_refused_face()
    }

    /// Ends the approach in progress, if there is one. Call it when no more frames will come.
    pub fn end_approach(&mut self, now: &Now) {
        self.end_face(now);
        self.approaches.end();
    }

    /// Replaces the rules and discards everything seen so far, for a new people database. Ends the approach in
    /// progress, but keeps what [`Memory`] holds.
    ///
    /// # Errors
    /// If a rule is out of its range; nothing changes in that case.
    pub fn start_afresh(&mut self, rules: Rules, now: &Now) -> Result<(), RulesError> {
        rules.check()?;
        self.end_approach(now);
        (self.cards, self.passes) = (Cards::default(), Passes::default());
        (self.configured, self.rules) = (rules, rules);
        Ok(())
    }

    fn advance_to(&mut self, now: &Now) {
        let now_ms = now.monotonic_ms;
        let went_back = now_ms < core::mem::replace(&mut self.last_ms, now_ms);
        let everybody_left = self.approaches.end_after(self.rules.approach_gap_ms, now_ms);
        self.cards.end_at(now_ms);
        self.passes.end_at(now_ms);
        self.remembered.advance_to(now);
        if went_back {
            self.remembered.go_back_to(&self.rules, now_ms);
        }
        if went_back || everybody_left {
            self.end_face(now);
        }
    }

    /// `None` if nobody is at the door.
    fn judge(&mut self, observation: &Observation<'_>, now: &Now) -> Option<Result<Entry, Refusal>> {
        let nearest = observation.nearest().map(|(index, _)| index);
        match self.cards.meaning() {
            Some(Meaning::Pass(holder)) => {
                let refused = |reason| Refusal::of_card(reason, Some(holder.person));
                Some(self.let_in(&Shown::Card(holder), observation, now).map_err(refused))
            }
            Some(Meaning::Claim(holder)) => Some(match nearest {
                Some(index) => self.judge_face(observation, index, Some(&holder), now),
                None => {
                    let missing = self.require_face_recognition().err().unwrap_or(Reason::FaceNeeded);
                    Err(Refusal::of_card(missing, Some(holder.person)))
                }
            }),
            Some(Meaning::Notice(refusal)) => {
                let granted = nearest.and_then(|index| self.judge_face(observation, index, None, now).ok());
                Some(granted.ok_or(refusal))
            }
            None => nearest.map(|index| self.judge_face(observation, index, None, now)),
        }
    }

    fn circumstances<'a>(&'a self, schedules: &'a Schedules, now: &'a Now) -> Circumstances<'a> {
        let Self { rules, remembered: Remembered { openings, passages, .. }, .. } = self;
        Circumstances { rules, schedules, openings, passages, now }
    }
}

#[cfg(test)]
mod attempt_simulation_tests;
#[cfg(test)]
mod attempt_tests;
#[cfg(test)]
mod card_tests;
#[cfg(test)]
mod door_hours_tests;
#[cfg(test)]
mod exit_tests;
#[cfg(test)]
mod face_recognition_tests;
#[cfg(test)]
mod moment_tests;
#[cfg(test)]
mod pass_tests;
#[cfg(test)]
mod presence_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
