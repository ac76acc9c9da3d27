//! Whether a face can be assessed at all: the network has to see enough of it, and enough of what is around it.

use crate::{Face, Frame};

/// The smallest shorter side of a face's box that is assessed, in pixels.
///
/// Measured with the MiniFASNet of faceplugin-face-recognition-js 0.0.1 at threshold 0.5 on the 200 real frames of
/// `pad-dev`, scaled down so that every box has the given width: BPCER 0 at 128 to 40 pixels, 0.5 % at 32, 6 % at 24.
pub const SMALLEST_FACE: f32 = 40.0;

/// The smallest height and width of the frame that is assessed, as a multiple of the face's box.
///
/// Measured likewise, with the frames cut to a multiple of each box: BPCER 0 and APCER 0 at 1.8 and more, 4.5 % and 3 %
/// at 1.5, 62 % and 2 % at 1.2. In frames that are not cut, 61 faces with a height of 1.5 to 1.8 were all told correctly.
pub const LEAST_SURROUNDINGS: f32 = 1.5;

/// Why a face cannot be assessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// The box is smaller than [`SMALLEST_FACE`].
    #[error("the face is too small")]
    Small,
    /// The frame is smaller than [`LEAST_SURROUNDINGS`] times the box.
    #[error("the face is too near: too little is visible around it")]
    Near,
}

/// Whether the face can be assessed in this frame.
///
/// # Errors
/// [`Unusable`], if it is too small or too near.
pub fn require_usable(frame: &Frame, face: &Face) -> Result<(), Unusable> {
    let (width, height) = (face.bounds.width, face.bounds.height);
    // A size that is not a number is not usable.
    if !(width >= SMALLEST_FACE && height >= SMALLEST_FACE) {
        return Err(Unusable::Small);
    }
    let around = (frame.width() as f32 / width).min(frame.height() as f32 / height);
    if around < LEAST_SURROUNDINGS { Err(Unusable::Near) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaceBox, Point};

    #[test]
    fn a_face_is_neither_too_small_nor_too_near() {
        let frame = Frame::from_rgb(300, 200, vec![0; 3 * 300 * 200]).unwrap();
        for (width, height, expected) in [
            (100.0, 120.0, Ok(())),
            (40.0, 40.0, Ok(())),
            (39.9, 60.0, Err(Unusable::Small)),
            (60.0, 39.9, Err(Unusable::Small)),
            (200.0, 133.0, Ok(())),
            (200.5, 100.0, Err(Unusable::Near)),
            (100.0, 133.5, Err(Unusable::Near)),
            (f32::NAN, 100.0, Err(Unusable::Small)),
        ] {
            let bounds = FaceBox { x: 0.0, y: 0.0, width, height };
            let face = Face { bounds, landmarks: [Point { x: 0.0, y: 0.0 }; 5], confidence: 1.0 };
            assert_eq!(require_usable(&frame, &face), expected, "{width}x{height}");
        }
    }
}
