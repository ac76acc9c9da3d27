//! Approaches: when they begin and end, who was let in, and what is recorded.

use super::decision::Refusal;
use super::enrolled::Neighbour;
use super::exit::{Entry, Visit};
use super::observation::Now;
use super::reason::Reason;
use super::rules::MAX_CONSENSUS_FRAMES;
use super::signals::Reports;
use heapless::{HistoryBuf, Vec};
use shared::gallery::PersonId;
use shared::pass::PassId;

/// Largest number of people that one approach lets in. The next person must wait until nobody is in view.
pub const MAX_GRANTS_OF_APPROACH: usize = 64;

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
    /// The last reason for a refusal; a reason about the match takes precedence over one about the picture. `None` if
    /// nobody was refused after the last grant. A person who was let in and then turns away is not refused.
    pub reason: Option<Reason>,
    /// The person recognised within the threshold in the frame of the reason, else in that of the last grant; or the
    /// holder of the presented card.
    pub person: Option<PersonId>,
    /// The pass that was refused last, if that is the reason.
    pub pass: Option<PassId>,
    /// L2 distance to the nearest person in that frame, or to the card's holder; `None` if no face was compared.
    pub distance: Option<f32>,
    /// The nearest other person in that frame.
    pub runner_up: Option<Neighbour>,
    /// L2 distances of the last judged frames after the last grant to the nearest person, oldest first, without the
    /// frames that showed somebody already let in.
    pub distances: Vec<f32, MAX_CONSENSUS_FRAMES>,
    /// What the signals reported at that reason.
    pub signals: Reports,
    /// Whether others may have followed a person in.
    pub tailgating: Option<Tailgating>,
}

/// During a grant or shortly after, more faces were at the door than people had been let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tailgating {
    /// The last person let in before that.
    pub person: PersonId,
    /// The number of additional faces.
    pub others: usize,
}

/// The approach in progress, and the previous one until it is taken.
#[derive(Debug, Default)]
pub(super) struct Approaches {
    current: Option<Current>,
    ended: Option<Approach>,
    refused_face: Option<Approach>,
}

#[derive(Debug)]
struct Current {
    began_utc_ms: i64,
    /// When the current face became the nearest, or the approach began.
    face_began_ms: u64,
    seen_utc_ms: i64,
    seen_ms: u64,
    grants: usize,
    /// Passes that cannot open the door again in this approach: their code may still be in view.
    admitted: Vec<PassId, MAX_GRANTS_OF_APPROACH>,
    /// People whose face alone cannot open the door again in this approach.
    let_in: Vec<PersonId, MAX_GRANTS_OF_APPROACH>,
    refusal: Option<Refusal>,
    signals: Reports,
    granted: Option<Granted>,
    seen_together: SeenTogether,
    distances: HistoryBuf<f32, MAX_CONSENSUS_FRAMES>,
}

/// Largest number of faces seen at the door at once during the tailgating window.
#[derive(Debug, Clone, Copy, Default)]
struct SeenTogether {
    granted_ms: u64,
    faces: usize,
    after: Option<PersonId>,
}

#[derive(Debug, Clone, Copy)]
struct Granted {
    person: PersonId,
    distance: Option<f32>,
    runner_up: Option<Neighbour>,
}

impl Approaches {
    /// Ends the approach if nobody was at the door for `gap_ms`, and returns whether it did. If the clock goes back,
    /// the gap restarts.
    pub(super) fn end_after(&mut self, gap_ms: u64, now_ms: u64) -> bool {
        let Some(current) = &mut self.current else { return false };
        current.seen_ms = current.seen_ms.min(now_ms);
        let is_over = now_ms - current.seen_ms >= gap_ms;
        if is_over {
            self.end();
        }
        is_over
    }

    /// Ends the approach if there is one.
    pub(super) fn end(&mut self) {
        if let Some(current) = self.current.take() {
            self.ended = Some(current.to_record());
        }
    }

    pub(super) fn take_ended(&mut self) -> Option<Approach> {
        self.ended.take()
    }

    pub(super) fn take_refused_face(&mut self) -> Option<Approach> {
        self.refused_face.take()
    }

    /// Records that another face becomes the nearest. The refusal of the previous face becomes a separate record if it
    /// was compared, and its attempt failed or it stayed for the length of the gap between approaches. This limits how
    /// fast somebody can fill the log: each record costs an attempt or time.
    pub(super) fn change_face(&mut self, has_failed: bool, gap_ms: u64, now: &Now) {
        let Some(current) = &mut self.current else { return };
        let was_long_there = now.monotonic_ms.saturating_sub(current.face_began_ms) >= gap_ms;
        let was_compared = current.refusal.is_some_and(|refusal| refusal.distance.is_some());
        if was_compared && (has_failed || was_long_there) {
            self.refused_face = Some(Approach { tailgating: None, ..current.to_record() });
            (current.refusal, current.began_utc_ms) = (None, now.utc_ms);
            current.signals.clear();
            current.distances.clear();
        }
        current.face_began_ms = now.monotonic_ms;
    }

    pub(super) fn is_in_progress(&self) -> bool {
        self.current.is_some()
    }

    /// Records that somebody is at the door.
    pub(super) fn see(&mut self, now: &Now) {
        let current = self.current.get_or_insert_with(|| Current::begin(now));
        current.seen_utc_ms = now.utc_ms;
        current.seen_ms = now.monotonic_ms;
    }

    /// Whether this approach has not let the person in yet, and may still let somebody in.
    pub(super) fn may_let_in(&self, person: PersonId) -> bool {
        self.has_room() && self.current.as_ref().is_some_and(|current| !current.let_in.contains(&person))
    }

    /// Whether this approach may still let somebody in.
    pub(super) fn has_room(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.grants < MAX_GRANTS_OF_APPROACH)
    }

    /// Allows a person who presented a card to be let in again: unlike staying in view, that is a deliberate act.
    pub(super) fn may_enter_again(&mut self, person: PersonId) {
        if let Some(current) = &mut self.current {
            current.let_in.retain(|let_in| *let_in != person);
        }
    }

    /// Records the number of faces at the door in this frame.
    pub(super) fn see_together(&mut self, faces: usize, tailgating_ms: u64, now_ms: u64) {
        let Some(Current { granted: Some(granted), seen_together: seen, .. }) = &mut self.current else { return };
        let is_open = now_ms.saturating_sub(seen.granted_ms) < tailgating_ms;
        if is_open && faces > seen.faces {
            (seen.faces, seen.after) = (faces, Some(granted.person));
        }
    }

    pub(super) fn note_grant(&mut self, grant: &Entry, now_ms: u64) {
        let Some(current) = &mut self.current else { return };
        let has_room = current.let_in.push(grant.person()).is_ok();
        debug_assert!(has_room, "granted without asking whether there is room");
        current.grants += 1;
        let (person, distance, runner_up) = (grant.person(), grant.distance(), grant.runner_up());
        current.granted = Some(Granted { person, distance, runner_up });
        current.seen_together.granted_ms = now_ms;
        current.refusal = None;
        current.signals.clear();
        current.distances.clear();
    }

    /// Whether this approach may still let in a visitor with this pass.
    pub(super) fn may_admit(&self, pass: PassId) -> bool {
        self.has_room() && self.current.as_ref().is_some_and(|current| !current.admitted.contains(&pass))
    }

    pub(super) fn note_visit(&mut self, visit: &Visit) {
        let Some(current) = &mut self.current else { return };
        let has_room = current.admitted.push(visit.pass()).is_ok();
        debug_assert!(has_room, "granted without asking whether there is room");
        current.grants += 1;
        current.granted = None;
        current.refusal = None;
        current.signals.clear();
        current.distances.clear();
    }

    /// Revokes a visit. The caller notes a refusal in its place.
    pub(super) fn take_back_visit(&mut self, visit: &Visit) {
        if let Some(current) = &mut self.current {
            current.admitted.retain(|pass| *pass != visit.pass());
            current.grants = current.grants.saturating_sub(1);
        }
    }

    /// Revokes a grant. The caller notes a refusal in its place.
    pub(super) fn take_back(&mut self, grant: &Entry) {
        if let Some(current) = &mut self.current {
            current.let_in.retain(|person| *person != grant.person());
            current.grants = current.grants.saturating_sub(1);
        }
    }

    /// `signals` is what they reported when the refusal was decided.
    pub(super) fn note_refusal(&mut self, refusal: &Refusal, signals: Reports) {
        let Some(current) = &mut self.current else { return };
        let is_about_quality = refusal.reason.is_about_quality();
        let is_no_attempt = matches!(refusal.reason, Reason::AlreadyGranted | Reason::NotAPass);
        let walks_on = current.grants > 0 && (is_about_quality || is_no_attempt);
        if walks_on {
            return;
        }
        current.distances.extend(refusal.distance);
        if current.refusal.is_none_or(|earlier| says_as_much(refusal.reason, earlier.reason)) {
            current.refusal = Some(*refusal);
            current.signals = signals;
        }
    }
}

/// Whether a reason replaces an earlier one. A fault of the match is more informative than a fault of the picture, and
/// a fault of the card more informative than `card_needed` or `deciding`.
fn says_as_much(reason: Reason, earlier: Reason) -> bool {
    match reason {
        Reason::FaceNeeded => earlier.is_about_quality() || earlier == Reason::FaceNeeded,
        // Any code on a poster.
        Reason::NotAPass => earlier.is_about_quality() || earlier == Reason::NotAPass,
        Reason::CardNeeded
        | Reason::Deciding
        | Reason::LivenessPending
        | Reason::TurnLeft
        | Reason::TurnRight
        | Reason::FaceRecognitionOff => {
            !matches!(earlier, Reason::CardNotKnown | Reason::NotCardHolder | Reason::NearerToAnother)
        }
        _ => !reason.is_about_quality() || earlier.is_about_quality() || earlier == Reason::FaceNeeded,
    }
}

impl Current {
    fn begin(now: &Now) -> Self {
        Self {
            began_utc_ms: now.utc_ms,
            face_began_ms: now.monotonic_ms,
            seen_utc_ms: now.utc_ms,
            seen_ms: now.monotonic_ms,
            grants: 0,
            admitted: Vec::new(),
            let_in: Vec::new(),
            refusal: None,
            signals: Reports::new(),
            granted: None,
            seen_together: SeenTogether::default(),
            distances: HistoryBuf::new(),
        }
    }

    fn to_record(&self) -> Approach {
        let tailgating = self.tailgating();
        let (person, distance, runner_up) = match (self.refusal, self.granted) {
            (Some(refusal), _) => (refusal.person, refusal.distance, refusal.runner_up),
            (None, Some(granted)) => (Some(granted.person), granted.distance, granted.runner_up),
            (None, None) => (None, None, None),
        };
        Approach {
            began_utc_ms: self.began_utc_ms,
            ended_utc_ms: self.seen_utc_ms,
            grants: self.grants,
            reason: self.refusal.map(|refusal| refusal.reason),
            pass: self.refusal.and_then(|refusal| refusal.pass),
            person,
            distance,
            runner_up,
            distances: self.distances.oldest_ordered().copied().collect(),
            signals: self.signals.clone(),
            tailgating,
        }
    }

    fn tailgating(&self) -> Option<Tailgating> {
        let SeenTogether { faces, after, .. } = self.seen_together;
        let others = faces.saturating_sub(self.grants);
        after.filter(|_| others > 0 && self.grants > 0).map(|person| Tailgating { person, others })
    }
}
