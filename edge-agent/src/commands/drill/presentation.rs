//! One approach of a drill: turns of the real loop until somebody is let in or the time is over.

use crate::camera::LiveCamera;
use crate::loop_turn::Verdict;
use crate::unit::Unit;
use drill::Outcome;
use policy::{Reason, Signal};
use std::time::{Duration, Instant};

/// Where presentations take place.
pub(super) trait Door {
    /// Waits for one presentation, and returns how it ended.
    fn present(&mut self) -> anyhow::Result<Outcome>;
}

/// The real loop, with a lock that does not exist.
pub(super) struct Presenter {
    unit: Unit,
    camera: LiveCamera,
    longest: Duration,
}

impl Presenter {
    pub(super) fn new(unit: Unit, camera: LiveCamera, longest: Duration) -> Self {
        Self { unit, camera, longest }
    }
}

impl Door for Presenter {
    fn present(&mut self) -> anyhow::Result<Outcome> {
        // Each presentation is judged as the first: earlier ones lock out nobody.
        self.unit.begin_presentation();
        let began = Instant::now();
        let mut face_at = None;
        let mut course = Course::default();
        while began.elapsed() < self.longest {
            let turn = self.unit.turn(&mut self.camera)?;
            match turn.verdict {
                Verdict::Nobody => {}
                Verdict::Refused(refusal) => {
                    face_at.get_or_insert_with(Instant::now);
                    course.note(refusal.reason);
                }
                Verdict::Granted(_) | Verdict::Admitted(_) => {
                    let seen = face_at.map_or(Duration::ZERO, |at| at.elapsed());
                    return Ok(Outcome::LetIn { after_ms: u32::try_from(seen.as_millis()).unwrap_or(u32::MAX) });
                }
            }
        }
        Ok(course.outcome())
    }
}

/// The reasons of the frames of a presentation that was not let in.
#[derive(Debug, Default)]
struct Course {
    detected: bool,
    unsure: bool,
    refused: Option<Reason>,
}

impl Course {
    fn note(&mut self, reason: Reason) {
        let is_one = |of: fn(Signal) -> Reason| Signal::ALL.into_iter().any(|signal| of(signal) == reason);
        if is_one(Signal::reason_if_not_live) {
            self.detected = true;
        } else if is_one(Signal::reason_if_unsure) {
            self.unsure = true;
        } else if !reason.is_about_quality() && !matches!(reason, Reason::Deciding | Reason::LivenessPending) {
            self.refused = Some(reason);
        }
    }

    fn outcome(&self) -> Outcome {
        match (self.detected, self.unsure, self.refused) {
            (true, _, _) => Outcome::Detected,
            (false, true, _) => Outcome::Unsure,
            (false, false, Some(reason)) => Outcome::Refused(reason.code().to_owned()),
            (false, false, None) => Outcome::NoResponse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_telling_reason_counts() {
        use Reason::{CardNeeded, Deciding, LampUnsure, NotKnown, NotLitLikeAHead, TooDark};
        let cases: [(&[Reason], Outcome); 6] = [
            (&[], Outcome::NoResponse),
            (&[TooDark, Deciding], Outcome::NoResponse),
            (&[TooDark, NotKnown, Deciding], Outcome::Refused("not_known".to_owned())),
            (&[NotKnown, CardNeeded], Outcome::Refused("card_needed".to_owned())),
            (&[Deciding, LampUnsure, NotKnown], Outcome::Unsure),
            (&[LampUnsure, NotLitLikeAHead, NotKnown], Outcome::Detected),
        ];
        for (reasons, expected) in cases {
            let mut course = Course::default();
            reasons.iter().for_each(|reason| course.note(*reason));
            assert_eq!(course.outcome(), expected, "{reasons:?}");
        }
    }
}
