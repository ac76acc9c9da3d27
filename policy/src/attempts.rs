//! Defines when activity in front of the camera counts as a failed attempt.
//!
//! A judged face that disappears without a match is one failed attempt, whether another face replaces it or nobody is
//! left. Every [`FRAMES_OF_AN_ATTEMPT`] judged frames that match nobody are one as well: a face that stays, or a series
//! of pictures, gets no more tries than faces that come and go. The unit is frames, not time, because the number of
//! comparisons must be limited. Frames beyond the last failed attempt carry over to the next face.

use super::tried::Tried;

/// The number of unmatched judged frames that make one failed attempt.
pub const FRAMES_OF_AN_ATTEMPT: u32 = 8;

/// The state of the attempt by the tracked face.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// What was tried without a match and is not counted as a failure yet.
    unsettled: Option<Tried>,
    /// Whether this is the one face admitted while faces are paced.
    pub(super) is_admitted: bool,
}

impl Attempt {
    /// Records a judged frame that matched nobody. Returns what was tried with this face before, if that differs: it
    /// has failed.
    pub(super) fn note_unmatched(&mut self, tried: Tried) -> Option<Tried> {
        let before = self.unsettled.replace(tried);
        before.filter(|before| before.kind != tried.kind)
    }

    /// Closes the attempt: enough frames agree on a person, or the failure has been counted.
    pub(super) fn settle(&mut self) {
        self.unsettled = None;
    }

    /// Ends the attempt when the face is no longer tracked. Returns what failed, if anything.
    pub(super) fn end(&mut self) -> Option<Tried> {
        core::mem::take(self).unsettled
    }
}
