//! One trial: the code that the lamp plays, and the frames that arrive meanwhile.

use super::code::Code;
use super::finding::Judgement;
use super::judge;
use super::sample::{Sample, Timing};
use super::shape::Shape;

/// Frames after the last symbol that a trial waits for: they show the end of the code, and answers that come late.
const AFTER: i32 = 2;

/// The most frames that a trial keeps; further ones are ignored.
const MAX_SAMPLES: usize = 256;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lamp::{COLUMNS, Place, ROWS, View};

    #[test]
    fn a_trial_is_complete_once_the_end_of_the_code_was_seen() {
        let place = Place { x: 5.0, y: 3.0, roll: 0.0, eye_share: 0.09 };
        let view = View::from_grid(&[0.2; COLUMNS * ROWS], place).unwrap();
        for (delay_frames, last) in [(0.0, 13), (1.3, 15), (f32::NAN, 13)] {
            let mut trial = Trial::new(Code::from_symbols(vec![true; 12]), Timing { delay_frames });
            assert!(!trial.is_complete());
            for symbol in 0..last {
                trial.add(Sample { symbol, view: view.clone() });
                assert!(!trial.is_complete(), "{delay_frames}: {symbol}");
            }
            trial.add(Sample { symbol: last, view: view.clone() });
            assert!(trial.is_complete(), "{delay_frames}");
        }
    }
}
