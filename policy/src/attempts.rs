//! Defines when activity in front of the camera counts as a failed attempt.
//!
//! A judged face that disappears without a match is one failed attempt, whether another face replaces it or nobody is
//! left. Every [`FRAMES_OF_AN_ATTEMPT`] judged frames that match nobody are one as well: a face that stays, or a series
//! of pictures, gets no more tries than faces that come and go. The unit is frames, not time, because the number of
//! comparisons must be limited. Frames beyond the last failed attempt carry over to the next face.
//!
//! A person who enters with a card alone may have no enrolled face. While that face stays in view, it makes no further
//! attempts; what it tried before the card counts.

use super::tried::{Kind, Tried};

/// The number of unmatched judged frames that make one failed attempt.
pub const FRAMES_OF_AN_ATTEMPT: u32 = 8;

/// The state of the attempt by the tracked face.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// What was tried without a match and is not counted as a failure yet.
    unsettled: Option<Tried>,
    /// Whether this is the one face admitted while faces are paced.
    pub(super) is_admitted: bool,
    /// Whether a card has let in the person whose face this is.
    is_excused: bool,
}

impl Attempt {
    /// Records a judged frame that matched nobody. Returns what was tried with this face before, if that differs: it
    /// has failed.
    pub(super) fn note_unmatched(&mut self, tried: Tried) -> Option<Tried> {
        let before = self.unsettled.replace(tried);
        before.filter(|before| before.kind != tried.kind)
    }

    /// The attempt of a face after a card alone has let in its person: it has nothing to try. Another face starts anew.
    pub(super) fn excused() -> Self {
        Self { is_excused: true, ..Self::default() }
    }

    /// Whether frames of this face that match nobody count.
    pub(super) fn counts(&self, kind: Kind) -> bool {
        !(self.is_excused && kind == Kind::Face)
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
