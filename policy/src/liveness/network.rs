//! The PAD network's outputs for the frames of one face.

use crate::signals::{Report, Signal};
use heapless::HistoryBuf;

/// The number of frames whose mean is judged at first. On single frames, the network's rates are worse.
const NETWORK_FRAMES: usize = 5;

/// The mean covers at most this many of the last frames.
const LAST_FRAMES: usize = 10;

/// The outputs for the tracked face.
#[derive(Debug, Default)]
pub(super) struct NetworkOutputs {
    outputs: HistoryBuf<f32, LAST_FRAMES>,
    /// Frames of a good picture for which there was no output.
    without: usize,
}

impl NetworkOutputs {
    /// Notes the output for a frame, 0 to 1; `None` if the network gave none.
    pub(super) fn note(&mut self, output: Option<f32>) {
        match output.filter(|output| output.is_finite()) {
            Some(output) => self.outputs.write(output),
            None => self.without += 1,
        }
    }

    /// `None` until enough frames were judged.
    pub(super) fn report(&self, bona_fide_from: f32) -> Option<Report> {
        let frames = self.outputs.len();
        if frames < NETWORK_FRAMES {
            let is_silent = self.without >= NETWORK_FRAMES;
            return is_silent.then(|| Report::cannot_tell(Signal::Network, "no_output"));
        }
        let mean = self.outputs.iter().sum::<f32>() / frames as f32;
        let report = if mean >= bona_fide_from {
            Report::live(Signal::Network)
        } else {
            Report::not_live(Signal::Network, "looks_like_a_picture")
        };
        Some(report.with("mean", mean).with("frames", frames as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Finding::{self, CannotTell, Live, NotLive};

    #[test]
    fn the_mean_of_enough_frames_counts() {
        let none = [None; 5];
        let cases: [(&[Option<f32>], Option<Finding>); 7] = [
            (&[Some(0.9); 4], None),
            (&[Some(0.9); 5], Some(Live)),
            (&[Some(0.9), Some(0.9), Some(0.1), Some(0.1), Some(0.1)], Some(NotLive)),
            (&[Some(0.5); 5], Some(Live)),
            (&none[..4], None),
            (&none, Some(CannotTell)),
            (&[Some(f32::NAN); 5], Some(CannotTell)),
        ];
        for (outputs, expected) in cases {
            let mut network = NetworkOutputs::default();
            outputs.iter().for_each(|output| network.note(*output));
            assert_eq!(network.report(0.5).map(|report| report.finding), expected, "{outputs:?}");
        }
    }
}
