//! The frames of the infrared camera that its emitter lights.

use super::emitter::{Emitter, Light, Luma};
use super::source::InfraredSource;
use models::Frame;
use std::time::{Duration, Instant};

/// An older frame is not of the same moment as that of the first camera.
const STALE: Duration = Duration::from_millis(300);

/// The most frames to wait for at a time: enough to learn whether the emitter alternates, and for the next frame that it
/// lights.
const FRAMES_AT_A_TIME: usize = 4;

/// A camera and its emitter.
pub(crate) struct LitFrames {
    source: Box<dyn InfraredSource>,
    emitter: Emitter,
}

/// What the camera delivered.
#[derive(Debug)]
pub(crate) enum Taken {
    /// A frame that the emitter lights.
    Lit(Frame),
    /// Frames, but none that is known to be lit. Try again.
    Nothing,
    /// The emitter lights nothing.
    Dark,
    /// No frame, or only one of an earlier moment.
    Lost,
}

impl LitFrames {
    pub(crate) fn new(source: Box<dyn InfraredSource>) -> Self {
        Self { source, emitter: Emitter::default() }
    }

    /// Waits for a frame that the emitter lights.
    pub(crate) fn take(&mut self) -> Taken {
        for _ in 0..FRAMES_AT_A_TIME {
            let Some((frame, at)) = self.source.next_frame() else { return Taken::Lost };
            if is_stale(at, Instant::now()) {
                return Taken::Lost;
            }
            match self.emitter.see(Luma::of(frame)) {
                Light::Lit => return Taken::Lit(frame.clone()),
                Light::Dark => return Taken::Dark,
                Light::Unknown | Light::Off => {}
            }
        }
        Taken::Nothing
    }

    /// Forgets the last frames, because the next ones will not follow them.
    pub(crate) fn interrupt(&mut self) {
        self.emitter = Emitter::default();
    }
}

fn is_stale(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) > STALE
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Scripted, Step};
    use super::*;
    use Step::{Gives, GivesOld, IsLost};

    #[test]
    fn only_lit_frames_of_this_moment_are_taken() {
        let grey = |level: u8| Frame::from_rgb(8, 8, vec![level; 3 * 64]).unwrap();
        for (case, steps, expected) in [
            ("a steady emitter", vec![Gives(grey(90)), Gives(grey(90)), Gives(grey(90))], "90"),
            ("off at last", vec![Gives(grey(90)), Gives(grey(5)), Gives(grey(90)), Gives(grey(5))], "90"),
            ("off at first", vec![Gives(grey(5)), Gives(grey(90)), Gives(grey(5)), Gives(grey(90))], "90"),
            ("no emitter", vec![Gives(grey(1)), Gives(grey(1)), Gives(grey(1))], "dark"),
            ("rarely on", vec![Gives(grey(90)), Gives(grey(5)), Gives(grey(5)), Gives(grey(5))], "nothing"),
            ("unplugged", vec![Gives(grey(90)), IsLost], "lost"),
            ("stalled", vec![GivesOld(grey(90))], "lost"),
        ] {
            let taken = match LitFrames::new(Box::new(Scripted::new(steps))).take() {
                Taken::Lit(frame) => frame.pixels()[0].to_string(),
                Taken::Nothing => "nothing".to_owned(),
                Taken::Dark => "dark".to_owned(),
                Taken::Lost => "lost".to_owned(),
            };
            assert_eq!(taken, expected, "{case}");
        }
    }

    #[test]
    fn frames_get_stale() {
        let now = Instant::now();
        for (ago_ms, expected) in [(0, false), (300, false), (301, true)] {
            assert_eq!(is_stale(now, now + Duration::from_millis(ago_ms)), expected, "{ago_ms}");
        }
    }
}
