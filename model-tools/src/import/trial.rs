//! The proof of an import: the rewritten network runs beside the original on one test picture.

use super::picture::Layout;
use super::rewrite::Normalisation;
use anyhow::{Context, Result, bail, ensure};
use models::network::run_once;
use models::onnx::pb::ModelProto;

/// How far two outputs may lie apart, as a part of the largest number in them: what rounding does to 32-bit floats on
/// their way through a network, many times over.
const TOLERANCE: f32 = 1e-3;

/// A network as it was read and as it will be kept, and the picture that both are tried with.
pub(super) struct Trial {
    pub(super) original: ModelProto,
    pub(super) rewritten: ModelProto,
    /// What has moved out of the network, for the code that fills its input.
    pub(super) lifted: Normalisation,
    /// How the original takes the picture; rewritten networks take it as planes.
    pub(super) layout: Layout,
    /// Height and width.
    pub(super) size: [usize; 2],
    /// What becomes of pixels before the original gets them.
    pub(super) before: Normalisation,
}

impl Trial {
    /// Runs both, and gives what the rewritten one gives.
    ///
    /// # Errors
    /// If one of them does not run, or their outputs differ by more than rounding explains.
    pub(super) fn outputs(self) -> Result<Vec<Vec<f32>>> {
        let [height, width] = self.size;
        let planes: Vec<f32> = picture(3 * height * width).into_iter().map(|pixel| self.before.of(pixel)).collect();
        let normalised: Vec<f32> = planes.iter().map(|&value| self.lifted.of(value)).collect();
        let (shape, given) = match self.layout {
            Layout::Nchw => ([1, 3, height, width], planes),
            Layout::Nhwc => ([1, height, width, 3], pixels(&planes)),
        };
        let expected = run_once(self.original, &shape, &given).context("as it is in the file")?;
        let found = run_once(self.rewritten, &[1, 3, height, width], &normalised).context("rewritten")?;
        ensure!(expected.len() == found.len(), "{} outputs became {}", expected.len(), found.len());
        for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
            ensure!(expected.iter().all(|number| number.is_finite()), "what it makes of a picture is not finite");
            let differs = difference(expected, found);
            if differs.is_nan() || differs > TOLERANCE {
                bail!("rewriting changed output {index} by {differs} of its largest number; report this file");
            }
        }
        Ok(found)
    }
}

/// Three planes as pixels.
fn pixels(planes: &[f32]) -> Vec<f32> {
    let pixels = planes.len() / 3;
    (0..planes.len()).map(|at| planes[at % 3 * pixels + at / 3]).collect()
}

/// The largest difference, as a part of the largest number.
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

/// Pixel values without a pattern, the same every time: Knuth's multiplicative hash of their places.
fn picture(count: usize) -> Vec<f32> {
    (0..count as u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_relative_and_nothing_escapes() {
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
    fn a_picture_has_every_value() {
        let pixels = picture(3 * 64 * 64);
        assert!((0..=255).all(|value| pixels.contains(&(value as f32))));
    }
}
