//! Failed work: when what was tried before the camera is one more failed attempt.
//!
//! A face that was judged and ends unmatched is one failed attempt, whether somebody else steps in front or nobody is
//! left; each [`FRAMES_OF_AN_ATTEMPT`] judged frames that match nobody are one as well, so that a face that stays, or one
//! picture after the other, has no more tries than faces that come and go. Frames count, not time: what is limited is how
//! many comparisons somebody gets. Frames beyond the last failed attempt are carried over to the next face.

use super::lockouts::Tried;

/// This many judged frames that match nobody are one failed attempt.
pub const FRAMES_OF_AN_ATTEMPT: u32 = 8;

/// What has come of the followed face so far.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// It matched nobody, and that is not counted yet.
    unsettled: Option<Tried>,
    /// It is the one face in a while that is judged, after too many failed attempts.
    pub(super) is_admitted: bool,
}

impl Attempt {
    /// A judged frame matched nobody. If something else was tried with this face before, that has failed.
    pub(super) fn note_unmatched(&mut self, tried: Tried) -> Option<Tried> {
        let before = self.unsettled.replace(tried);
        before.filter(|before| before.kind != tried.kind)
    }

    /// Enough frames agree on somebody, or what was tried is counted.
    pub(super) fn settle(&mut self) {
        self.unsettled = None;
    }

    /// The face is followed no more. What has failed by that, if something has.
    pub(super) fn end(&mut self) -> Option<Tried> {
        core::mem::take(self).unsettled
    }
}
