//! An infrared camera that follows the script of a test.

use super::source::InfraredSource;
use models::Frame;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What the camera does next.
#[derive(Clone)]
pub(crate) enum Step {
    /// It delivers a frame of this moment.
    Gives(Frame),
    /// It delivers a frame of a second ago.
    GivesOld(Frame),
    /// It delivers nothing.
    IsLost,
}

/// The camera. It is lost after the script.
pub(crate) struct Scripted {
    steps: VecDeque<Step>,
    shown: Option<Frame>,
}

impl Scripted {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), shown: None }
    }
}

impl InfraredSource for Scripted {
    fn next_frame(&mut self) -> Option<(&Frame, Instant)> {
        let now = Instant::now();
        let (frame, at) = match self.steps.pop_front()? {
            Step::Gives(frame) => (frame, Some(now)),
            Step::GivesOld(frame) => (frame, now.checked_sub(Duration::from_secs(1))),
            Step::IsLost => return None,
        };
        Some((self.shown.insert(frame), at?))
    }
}
