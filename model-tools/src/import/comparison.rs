//! Verifies an import: runs the rewritten network and the original on the same test image.

use super::input_image::Layout;
use super::rewrite::Normalisation;
use anyhow::{Context, Result, bail, ensure};
use models::network::run_once;
use models::onnx::pb::ModelProto;

/// Largest accepted difference between two outputs, relative to the largest number in them. It is a multiple of the
/// rounding error that 32-bit floats accumulate through a network.
const TOLERANCE: f32 = 1e-3;

/// The original and the rewritten network, and the test image for both.
pub(super) struct Trial {
    pub(super) original: ModelProto,
    pub(super) rewritten: ModelProto,
    /// The normalisation that was moved out of the network into the code that fills its input.
    pub(super) lifted: Normalisation,
    /// Layout of the original's input; rewritten networks take planes.
    pub(super) layout: Layout,
    /// Height and width.
    pub(super) size: [usize; 2],
    /// Normalisation of pixels before the original gets them.
    pub(super) before: Normalisation,
}

impl Trial {
    /// Runs both networks and returns the outputs of the rewritten one.
    ///
    /// # Errors
    /// If one of them does not run, or their outputs differ by more than rounding explains.
    pub(super) fn outputs(self) -> Result<Vec<Vec<f32>>> {
        let [height, width] = self.size;
        let planes: Vec<f32> = picture(3 * height * width).into_iter().map(|pixel| self.before.apply(pixel)).collect();
        let normalised: Vec<f32> = planes.iter().map(|&value| self.lifted.apply(value)).collect();
        let (shape, given) = match self.layout {
            Layout::Nchw => ([1, 3, height, width], planes),
            Layout::Nhwc => ([1, height, width, 3], pixels(&planes)),
        };
        let expected = run_once(self.original, &shape, &given).context("the original network")?;
        let found = run_once(self.rewritten, &[1, 3, height, width], &normalised).context("rewritten")?;
        ensure!(expected.len() == found.len(), "{} outputs became {}", expected.len(), found.len());
        for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
            ensure!(expected.iter().all(|number| number.is_finite()), "its output for the test image is not finite");
            let differs = difference(expected, found);
            if differs.is_nan() || differs > TOLERANCE {
                bail!("rewriting changed output {index} by {differs} of its largest number; report this file");
            }
        }
        Ok(found)
    }
}

/// Converts three planes to interleaved pixels.
fn pixels(planes: &[f32]) -> Vec<f32> {
    let pixels = planes.len() / 3;
    (0..planes.len()).map(|at| planes[at % 3 * pixels + at / 3]).collect()
}

/// The largest difference, relative to the largest number.
fn difference(expected: &[f32], found: &[f32]) -> f32 {
    if expected.len() != found.len() {
        return f32::INFINITY;
    }
    let largest = expected.iter().fold(f32::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
    let pairs = expected.iter().zip(found);
    pairs
        .map(|(a, b)| (a - b).abs() / largest)
        .fold(0.0, |most: f32, next| if next.is_nan() || next > most { next } else { most })
}

/// Fixed pseudo-random pixel values: Knuth's multiplicative hash of the index.
fn picture(count: usize) -> Vec<f32> {
    (0..count as u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_relative_and_nan_is_detected() {
        for (expected, found, difference_is) in [
            (&[1.0, -4.0][..], &[1.0, -4.0][..], 0.0),
            (&[1.0, -4.0], &[2.0, -4.0], 0.25),
            (&[0.0], &[0.0], 0.0),
            (&[1.0], &[1.0, 1.0], f32::INFINITY),
        ] {
            assert_eq!(difference(expected, found), difference_is, "{expected:?} {found:?}");
        }
        for (expected, found) in [([1.0, f32::NAN], [1.0, 2.0]), ([1.0, 2.0], [f32::NAN, 2.0])] {
            assert!(difference(&expected, &found).is_nan());
        }
    }

    #[test]
    fn a_test_image_has_every_pixel_value() {
        let pixels = picture(3 * 64 * 64);
        assert!((0..=255).all(|value| pixels.contains(&(value as f32))));
    }
}
