//! Judges a face: identifies it or verifies it against a card's holder, counts the frame, and asks the exit.

use super::Policy;
use super::company;
use super::credential::Shown;
use super::decision::Refusal;
use super::enrolled::Enrolled;
use super::exit::Entry;
use super::observation::{Now, Observation, ObservedFace};
use super::permission;
use super::reason::Reason;
use super::recognition;
use super::tried::{Kind, Tried};

impl Policy {
    /// Identifies the face among everybody enrolled, or verifies it against the holder of the presented card, and
    /// decides whether that is enough for a grant.
    pub(super) fn judge_face(
        &mut self,
        observation: &Observation<'_>,
        index: usize,
        claim: Option<&Enrolled>,
        now: &Now,
    ) -> Result<Entry, Refusal> {
        let face = &observation.faces[index];
        let tried = claim.map_or(Tried::FACE, Enrolled::tried);
        let unjudged = |reason| Refusal::unjudged(reason, index).by(claim.map(|holder| holder.person));
        self.require_face_recognition().map_err(unjudged)?;
        self.require_good_picture(face).map_err(unjudged)?;
        self.require_no_lockout(tried, now).map_err(unjudged)?;
        self.admit_if_paced(tried, now);

        let threshold = self.rules.threshold;
        let refused = |reason| match claim {
            Some(holder) => Refusal::of_claim(reason, index, holder.person, face.claimed.as_ref()),
            None => Refusal::judged(reason, index, face.resembles.as_ref(), threshold),
        };
        let shown = match claim {
            Some(holder) => recognition::verify(&self.rules, face, holder).map(Shown::CardAndFace),
            None => recognition::recognise(&self.rules, face).map(Shown::Face),
        };
        self.count_frame(observation, index, shown.as_ref().ok(), now);
        if let Err(reason) = shown
            && is_unmatched(face, reason)
        {
            self.note_unmatched(tried, now);
        }
        let shown = shown.map_err(|reason| refused(self.or_ask_for_card(claim, reason)))?;
        let granted = self.let_in(&shown, observation, now);
        if let Err(reason) = granted
            && self.evidence.is_failed_attempt(reason)
        {
            self.fail(tried, now);
        }
        granted.map_err(refused)
    }

    /// Counts the frame for one person, or against everybody.
    fn count_frame(&mut self, observation: &Observation<'_>, index: usize, shown: Option<&Shown>, now: &Now) {
        let in_good_company =
            |shown: &&Shown| company::check(&self.rules, observation.faces, Some(index), shown.holder().person).is_ok();
        let speaks_for = shown.filter(in_good_company).and_then(Shown::nearest);
        self.consensus.count(speaks_for, now.monotonic_ms);
    }

    /// Refuses because the person was asked to turn their head, or the picture is too poor.
    fn require_good_picture(&self, face: &ObservedFace) -> Result<(), Reason> {
        let problem = self.challenge.pending().or_else(|| self.quality_problem(face));
        problem.map_or(Ok(()), Err)
    }

    /// Refuses if too many attempts have failed, except for the one face that is judged while faces are paced.
    pub(super) fn require_no_lockout(&self, tried: Tried, now: &Now) -> Result<(), Reason> {
        match self.remembered.lockouts.check(tried.kind, &self.rules, now.monotonic_ms) {
            Err(Reason::FacesPaced) if self.attempt.is_admitted => Ok(()),
            checked => checked,
        }
    }

    /// While faces are paced, admits this face and makes the next one wait.
    fn admit_if_paced(&mut self, tried: Tried, now: &Now) {
        let is_paced = tried.kind == Kind::Face && self.remembered.lockouts.are_faces_paced(&self.rules);
        if is_paced && !self.attempt.is_admitted {
            self.attempt.is_admitted = true;
            self.remembered.lockouts.admit_one_face(now.monotonic_ms);
        }
    }

    /// At a door that requires cards, a face without a card is not an attempt; while the door is held open, nothing is.
    fn note_unmatched(&mut self, tried: Tried, now: &Now) {
        if self.holding.is_some() {
            return;
        }
        if tried.kind == Kind::Face && self.rules.is_card_door() {
            return;
        }
        if let Some(before) = self.attempt.note_unmatched(tried) {
            self.remembered.note_failure(before, &self.rules, now.monotonic_ms);
        }
        if self.remembered.note_unmatched(tried) {
            self.fail(tried, now);
        }
    }

    fn or_ask_for_card(&self, claim: Option<&Enrolled>, reason: Reason) -> Reason {
        if claim.is_some() { reason } else { permission::or_ask_for_card(&self.rules, reason) }
    }
}

/// Whether a judged frame matched nobody. Recorded look-alikes are always ambiguous, so for them that does not count.
fn is_unmatched(face: &ObservedFace, reason: Reason) -> bool {
    match reason {
        Reason::Ambiguous => !face.resembles.as_ref().is_some_and(|found| found.best.has_look_alike),
        _ => true,
    }
}
