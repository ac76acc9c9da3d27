//! Tells the frames that the emitter lights from those it does not. Many infrared cameras light every second frame only.
//! Responsible for the brightness of frames, not for what they show.

use models::Frame;
use std::collections::VecDeque;

/// How many frames are remembered: three periods of an emitter that is on in every second frame.
const RECENT: usize = 6;

/// With fewer frames it is unknown whether the emitter alternates, even if it rests in one of three.
const ENOUGH: usize = 3;

/// If the emitter alternates, the mean of the darkest frame is at most this part of that of the brightest ...
const DARKEST: f32 = 0.75;

/// ... and this much below it, of 255: more than the noise of a mean.
const LEAST_STEP: f32 = 2.0;

/// If fewer than one pixel in a hundred is brighter than this, of 255, nothing is lit.
const LIT: u8 = 32;

/// How bright a frame is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Luma {
    /// The mean, 0 to 255.
    pub(crate) mean: f32,
    /// The level that one pixel in a hundred exceeds, 0 to 255.
    pub(crate) brightest: u8,
}

/// Whether the emitter lights a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Light {
    /// It does.
    Lit,
    /// It is off in this frame, and on in others.
    Off,
    /// Nothing is lit in any frame.
    Dark,
    /// More frames are needed.
    Unknown,
}

/// The emitter, as the recent frames show it.
#[derive(Debug, Default)]
pub(crate) struct Emitter {
    recent: VecDeque<f32>,
}

impl Luma {
    /// That of one pixel in sixteen of a grey frame.
    pub(crate) fn of(frame: &Frame) -> Self {
        let mut histogram = [0_u32; 256];
        let pixels = frame.pixels().as_chunks::<3>().0.iter().step_by(16);
        pixels.for_each(|pixel| histogram[usize::from(pixel[1])] += 1);
        let count: u32 = histogram.iter().sum();
        let sum: f32 = (0_u8..=255).zip(histogram).map(|(level, pixels)| f32::from(level) * pixels as f32).sum();
        let mut above = 0;
        let brightest = (0_u8..=255).rev().find(|level| {
            above += histogram[usize::from(*level)];
            above * 100 > count
        });
        Self { mean: sum / count.max(1) as f32, brightest: brightest.unwrap_or_default() }
    }
}

impl Emitter {
    /// Judges the next frame. Frames must follow each other.
    pub(crate) fn see(&mut self, frame: Luma) -> Light {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(frame.mean);
        if self.recent.len() < ENOUGH {
            return Light::Unknown;
        }
        let darkest = self.recent.iter().copied().fold(f32::INFINITY, f32::min);
        let brightest = self.recent.iter().copied().fold(0.0, f32::max);
        let alternates = darkest <= DARKEST * brightest && brightest - darkest >= LEAST_STEP;
        if alternates && frame.mean < f32::midpoint(darkest, brightest) {
            Light::Off
        } else if frame.brightest <= LIT {
            Light::Dark
        } else {
            Light::Lit
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` lit, `-` off, `.` dark, `?` unknown.
    #[test]
    fn frames_are_told_apart_by_their_brightness() {
        for (case, means, expected) in [
            ("steady light", &[60.0; 5][..], "??+++"),
            ("every second frame", &[60.0, 9.0, 60.0, 9.0, 60.0, 9.0, 60.0, 9.0], "??+-+-+-"),
            ("the first frame is off", &[9.0, 60.0, 9.0, 60.0], "??-+"),
            ("two of three frames", &[60.0, 61.0, 9.0, 60.0, 61.0, 9.0, 60.0], "??-++-+"),
            ("one of three frames", &[9.0, 9.0, 60.0, 9.0, 9.0, 60.0], "??+--+"),
            ("by daylight", &[110.0, 80.0, 110.0, 80.0], "??+-"),
            ("in bright sun it makes no difference", &[200.0, 190.0, 200.0, 190.0], "??++"),
            ("an empty corridor", &[7.0, 3.0, 7.0, 3.0], "??+-"),
            ("noise", &[40.0, 42.0, 39.0, 41.0], "??++"),
            ("somebody comes near", &[20.0, 25.0, 32.0, 41.0, 52.0, 66.0], "??++++"),
            ("somebody covers the lens", &[60.0, 60.0, 60.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], "??+-----.."),
            ("a broken emitter", &[1.0, 1.0, 1.1, 1.0], "??.."),
        ] {
            let mut emitter = Emitter::default();
            let seen = means.iter().map(|&mean| {
                // Something near is much brighter than the mean.
                let brightest = if mean < 2.0 { 12 } else { 200 };
                match emitter.see(Luma { mean, brightest }) {
                    Light::Lit => '+',
                    Light::Off => '-',
                    Light::Dark => '.',
                    Light::Unknown => '?',
                }
            });
            assert_eq!(seen.collect::<String>(), expected, "{case}");
        }
    }

    #[test]
    fn the_luma_of_a_frame() {
        let frame = |lit_pixels: usize| {
            let pixels = (0..1600).flat_map(|pixel| [if pixel < 16 * lit_pixels { 110 } else { 10 }; 3]);
            Luma::of(&Frame::from_rgb(40, 40, pixels.collect()).unwrap())
        };
        for (lit_pixels, mean, brightest) in [(0, 10.0, 10), (1, 11.0, 10), (2, 12.0, 110), (100, 110.0, 110)] {
            assert_eq!(frame(lit_pixels), Luma { mean, brightest }, "{lit_pixels}");
        }
    }
}
