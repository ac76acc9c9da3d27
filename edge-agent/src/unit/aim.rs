//! Shows the loop's frames to somebody who aims the camera, and records who did.

use super::Unit;
use crate::aim::{AimDesk, Showing, Watched};
use crate::audit_log::AuditError;
use fleet_messages::aim::AimEnd;
use models::Frame;
use policy::audit::Event;
use policy::{Now, ObservedFace};

impl Unit {
    /// Sets how frames are shown.
    pub(crate) fn set_aim(&mut self, aim: AimDesk) {
        self.aim = aim;
    }

    /// Lets a user watch for this long, once that is recorded. Somebody else who watches is cut off.
    ///
    /// # Errors
    /// If it cannot be recorded; nobody watches then.
    pub(crate) fn begin_aim(&mut self, by_uid: u32, seconds: u16) -> Result<Showing, AuditError> {
        let now = self.clock.now();
        self.end_aim(AimEnd::AnotherViewer, &now);
        self.audit.append(Event::AimBegan { by_uid, for_seconds: seconds }, &now)?;
        Ok(self.aim.begin(seconds))
    }

    /// Ends what somebody watches, if somebody does.
    pub(super) fn end_aim(&mut self, why: AimEnd, now: &Now) {
        let watched = self.aim.end(why);
        self.record_watched(watched, now);
    }

    /// Records that somebody has watched to the end.
    pub(super) fn follow_aim(&mut self, now: &Now) {
        let watched = self.aim.take_ended();
        self.record_watched(watched, now);
    }

    /// Shows the frame of this turn, if somebody watches. `judged` is how many of the faces were measured.
    pub(super) fn show_frame(&mut self, frame: &Frame, faces: &[ObservedFace], judged: usize, now: &Now) {
        self.aim.offer(frame, faces, (&self.policy, judged > 0), now.monotonic_ms);
    }

    fn record_watched(&mut self, watched: Option<Watched>, now: &Now) {
        if let Some(Watched { end, pictures }) = watched {
            self.record(Event::aim_ended(end.code(), pictures), now);
        }
    }
}
