//! One trial: the code that the lamp plays, and the frames that arrive meanwhile.

use super::code::Code;
use super::finding::Judgement;
use super::judge;
use super::shape::Shape;
use super::view::View;

/// Frames after the last symbol that a trial waits for: they show the end of the code, and answers that come late.
const AFTER: i32 = 2;

/// The most frames that a trial keeps; further ones are ignored.
const MAX_SAMPLES: usize = 256;

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
    /// The index of the frame's symbol in [`Code::symbols`]: the one that was playing while this frame arrived. Negative
    /// before the code, at least its length after it.
    pub symbol: i32,
    /// What the frame shows.
    pub view: View,
}

/// One trial. Frames may be missing.
#[derive(Clone, Debug)]
pub struct Trial {
    code: Code,
    timing: Timing,
    samples: Vec<Sample>,
}

impl Trial {
    /// Starts a trial of a code that is about to be played.
    pub fn new(code: Code, timing: Timing) -> Self {
        Self { code, timing, samples: Vec::new() }
    }

    /// The code to play.
    pub fn code(&self) -> &Code {
        &self.code
    }

    /// Adds one frame. Two frames of one symbol are both used. Up to four frames before the code improve the judgement.
    pub fn add(&mut self, sample: Sample) {
        if self.samples.len() < MAX_SAMPLES {
            self.samples.push(sample);
        }
    }

    /// Whether frames after the end of the code were seen, so that [`Trial::judge`] has all it can use.
    pub fn is_complete(&self) -> bool {
        let last = self.samples.iter().map(|sample| sample.symbol).max();
        // The caller's delay is a few frames, and codes are short.
        let delay = self.timing.delay_frames.max(0.0).ceil().min(30.0) as i32;
        last.is_some_and(|last| last >= self.code.symbols().len() as i32 - 1 + delay + AFTER)
    }

    /// Judges what was seen. A trial that is not complete may be judged, too: it cannot tell, or not as surely.
    pub fn judge(&self) -> Judgement {
        judge::judge(&self.code, self.timing, &self.samples)
    }

    /// The shading of the face, without any test before it. It is for training the judgement, which does not need it.
    pub fn shape(&self) -> Option<Shape> {
        judge::shape(&self.code, self.timing, &self.samples)
    }
}
