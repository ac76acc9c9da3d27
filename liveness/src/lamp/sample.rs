//! One frame of a trial, and what is known of when it was taken.

use super::view::View;

/// What is known about the camera's and the lamp's timing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// From the lamp's change to the first frame that shows it, in frames; a fraction means that this frame shows a
    /// mixture. [`measure_delay`](super::measure_delay) measures it.
    pub delay_frames: f32,
}

/// One frame of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The index of the frame's symbol in [`Code::symbols`](super::Code::symbols): the one that was playing while this frame arrived. Negative
    /// before the code, at least its length after it.
    pub symbol: i32,
    /// What the frame shows.
    pub view: View,
}
