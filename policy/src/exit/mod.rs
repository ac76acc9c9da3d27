//! The single place where grants are made, after every rule has been checked. What they are: see `grant`.

mod grant;
mod visit;

pub use grant::{Entry, Grant, HeldOpen, Hold, LOCK_TEST_MS, LockTest};
pub use visit::Visit;

use super::credential::{Credential, Shown};
use super::door_hours::{self, HoldEnd, Holding};
use super::observation::{ClockTrust, Now, Observation};
use super::reason::Reason;
use super::recognition::Recognised;
use super::rules::MAX_CONSENSUS_FRAMES;
use super::{Policy, company, permission};
use alloc::string::String;
use heapless::Vec;
use shared::gallery::PersonId;
use shared::schedule::{ScheduleSet, Schedules};

impl Policy {
    /// Grants entry if every rule allows it: no lockout, no forbidden company, not yet let in during this approach, no face
    /// while face recognition is off, enough frames that agree, no lockdown, the required credential, a permitted time, and a live person according to every
    /// signal that is required of them.
    ///
    /// A person who was recognised and is refused by a later rule has not failed.
    pub(super) fn let_in(&mut self, shown: &Shown, observation: &Observation<'_>, now: &Now) -> Result<Entry, Reason> {
        self.require_no_lockout(shown.tried(), now)?;
        self.require_allowed_company(shown, observation, now)?;
        self.require_room_in_approach(shown)?;
        if shown.credential() != Credential::Card {
            self.require_face_recognition()?;
        }
        let admitted = self.require_no_lockdown(shown.holder().person);
        if admitted.is_ok() {
            self.begin_signals(shown, observation.schedules, now);
        }
        let distances = self.require_agreement(shown, now)?;
        admitted?;
        permission::check_shown(&self.rules, shown)?;
        permission::check_moment(&self.circumstances(observation.schedules, now), shown.holder())?;
        let signals = self.require_liveness(shown, observation.chance, now)?;
        let nearest = observation.nearest().map(|(index, _)| index);
        Ok(Entry {
            person: shown.holder().person,
            credential: shown.credential(),
            distance: shown.recognised().map(|recognised| recognised.nearest().distance),
            distances,
            runner_up: shown.recognised().and_then(Recognised::runner_up),
            face: shown.recognised().and(nearest),
            is_grey: shown.recognised().is_some() && observation.is_grey,
            opens: shown.holder().hours.opens,
            holds_open: self.hours_begun_by(shown),
            signals,
            utc_ms: now.utc_ms,
        })
    }

    /// Whether the door is held open for everybody: in its hours, once a member of the group that they name was let in
    /// after they began, and while the clock is trusted. Sets the credentials that the door asks for at this hour as
    /// well. Call it once per turn of the loop, before cards and frames, and also in turns without a frame.
    ///
    /// After anything but the end of the hours, somebody must come in again. `is_barred` while the unit lets nobody in.
    pub fn hold_open(&mut self, schedules: &Schedules, is_barred: bool, now: &Now) -> Hold {
        self.follow_hours(schedules, now);
        let was_locked_down = core::mem::take(&mut self.was_locked_down);
        let ends = match now.clock {
            _ if was_locked_down || self.lockdown.is_some() => Some(HoldEnd::LockedDown),
            ClockTrust::Unknown => Some(HoldEnd::ClockUnknown),
            ClockTrust::Trusted => is_barred.then_some(HoldEnd::SelfTestFailed),
        };
        if ends.is_some() {
            self.remembered.first_in.forget();
        }
        let before = self.holding.take();
        self.holding = door_hours::holding_now(schedules, &self.remembered.first_in, now).filter(|_| ends.is_none());
        let is_same = |before: &Holding, holding: &Holding| before.hours == holding.hours;
        match (before, &self.holding) {
            (None, None) => Hold::No,
            (Some(before), None) => Hold::Ends { hours: before.hours, because: ends.unwrap_or(HoldEnd::HoursOver) },
            (before, Some(holding)) => {
                let Holding { hours, opened_by } = holding.clone();
                let held = HeldOpen { hours, opened_by, utc_ms: now.utc_ms };
                let goes_on = before.is_some_and(|before| is_same(&before, holding));
                if goes_on { Hold::GoesOn(held) } else { Hold::Begins(held) }
            }
        }
    }

    /// Unlocks for an installer at the door, who asked for it on the unit's own control socket. A lockdown refuses it.
    ///
    /// # Errors
    /// The reason.
    pub fn test_lock(&self, now: &Now) -> Result<LockTest, Reason> {
        if self.lockdown.is_some() { Err(Reason::LockedDown) } else { Ok(LockTest { utc_ms: now.utc_ms }) }
    }

    /// Revokes a hold that the door will not act on. Somebody must come in again. Returns the name of the hours, if the
    /// door was held open.
    pub fn stop_holding(&mut self) -> Option<String> {
        self.remembered.first_in.forget();
        self.holding.take().map(|holding| holding.hours)
    }

    /// The door hours that an entry begins: none in a lockdown, which admits people one by one.
    fn hours_begun_by(&self, shown: &Shown) -> ScheduleSet {
        if self.lockdown.is_some() { ScheduleSet::default() } else { shown.holder().hours.holds_open }
    }

    /// Refuses a face while face recognition is off.
    pub(super) fn require_face_recognition(&self) -> Result<(), Reason> {
        if self.recognises_faces { Ok(()) } else { Err(Reason::FaceRecognitionOff) }
    }

    fn require_no_lockdown(&self, person: PersonId) -> Result<(), Reason> {
        let is_refused = self.lockdown.as_ref().is_some_and(|lockdown| !lockdown.admits(person));
        if is_refused { Err(Reason::LockedDown) } else { Ok(()) }
    }

    fn require_allowed_company(&self, shown: &Shown, observation: &Observation<'_>, now: &Now) -> Result<(), Reason> {
        let nearest = observation.nearest().map(|(index, _)| index);
        company::check(&self.rules, observation.faces, nearest, shown.holder().person)?;
        match shown {
            Shown::Card(_) => self.company.check_recent(&self.rules, now.monotonic_ms),
            // Frames with forbidden company already count against the consensus.
            Shown::Face(_) | Shown::CardAndFace(_) => Ok(()),
        }
    }

    /// A card lets its holder in each time that it is presented; a face only once per approach.
    fn require_room_in_approach(&self, shown: &Shown) -> Result<(), Reason> {
        let has_room = match shown {
            Shown::Card(_) | Shown::CardAndFace(_) => self.approaches.has_room(),
            Shown::Face(recognised) => self.approaches.may_let_in(recognised.person()),
        };
        if has_room { Ok(()) } else { Err(Reason::AlreadyGranted) }
    }

    /// The L2 distances in the frames that agree; empty for a card alone.
    fn require_agreement(&mut self, shown: &Shown, now: &Now) -> Result<Vec<f32, MAX_CONSENSUS_FRAMES>, Reason> {
        let Some(recognised) = shown.recognised() else { return Ok(Vec::new()) };
        let agreed = self.consensus.agreed(recognised.person(), &self.rules, now.monotonic_ms);
        let distances = agreed.ok_or(Reason::Deciding)?;
        self.attempt.settle();
        Ok(distances)
    }
}
