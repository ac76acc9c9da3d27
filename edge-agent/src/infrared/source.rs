//! Where the infrared frames come from: the second camera, or the script of a test.

use crate::camera::{CameraState, Captured, FrameSource, LiveCamera};
use models::Frame;
use std::time::Instant;

/// A camera that says when its frames were captured.
pub trait InfraredSource {
    /// The newest frame that was not returned yet, and when it was captured. Waits for it for a few frame intervals.
    /// `None` if the camera is lost or no frame came.
    fn next_frame(&mut self) -> Option<(&Frame, Instant)>;
}

impl InfraredSource for LiveCamera {
    fn next_frame(&mut self) -> Option<(&Frame, Instant)> {
        // Does not make the loop wait for a camera that is gone.
        if self.health().report().state == CameraState::Lost {
            return None;
        }
        if !matches!(FrameSource::next_frame(self), Ok(Captured::Frame(..))) {
            return None;
        }
        self.frame().zip(self.last_frame_at())
    }
}
