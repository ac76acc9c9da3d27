//! The mean probability of a live face over several frames.

/// The fewest frames whose mean is a result. Measured by others on Replay-Attack, one frame alone errs more often.
pub const FRAMES: usize = 5;

/// The running mean of the probabilities of one approach. Start a new one for another face.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    frames: usize,
}

impl Mean {
    /// Adds the probability that the face is live in one more frame, 0 to 1. A value outside that range counts as the
    /// nearer end of it, and one that is not a number counts as 0: not live.
    pub fn push(&mut self, live: f32) {
        let live = if live.is_nan() { 0.0 } else { live.clamp(0.0, 1.0) };
        self.sum += f64::from(live);
        self.frames += 1;
    }

    /// The number of frames so far.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The mean, 0 to 1; `None` with fewer than [`FRAMES`] frames.
    pub fn mean(&self) -> Option<f32> {
        (self.frames >= FRAMES).then(|| (self.sum / self.frames as f64) as f32)
    }

    /// Whether the mean is at least the threshold; `None` with fewer than [`FRAMES`] frames.
    pub fn is_live(&self, threshold: f32) -> Option<bool> {
        self.mean().map(|mean| mean >= threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_needs_five_frames() {
        let nan = f32::NAN;
        for (frames, mean, is_live) in [
            (&[][..], None, None),
            (&[1.0; 4], None, None),
            (&[1.0; 5], Some(1.0), Some(true)),
            (&[0.5; 5], Some(0.5), Some(true)),
            (&[0.5, 0.5, 0.5, 0.5, 0.25], Some(0.45), Some(false)),
            (&[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], Some(0.5), Some(true)),
            (&[7.0, -7.0, nan, f32::INFINITY, f32::NEG_INFINITY], Some(0.4), Some(false)),
        ] {
            let mut collected = Mean::default();
            frames.iter().for_each(|&live| collected.push(live));
            assert_eq!((collected.mean(), collected.is_live(0.5)), (mean, is_live), "{frames:?}");
            assert_eq!(collected.frames(), frames.len());
        }
    }
}
