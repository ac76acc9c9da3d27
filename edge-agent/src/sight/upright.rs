//! In which rotation of a frame the faces are upright.
//!
//! The detector also finds faces that lie on their side or are upside down, but places their landmarks as if they were
//! upright; nobody is recognised by such landmarks. Detector confidence is highest for an upright face: by at least
//! 0.03 in 183 of 183 photos of 106 people (LFW and the photos of the tests).

use crate::camera::{Orientation, Rotation};
use models::{Face, Frame};

/// The rotation in which faces are upright, and what was detected in it.
pub(crate) struct Upright {
    pub(crate) rotation: Rotation,
    /// The rotated frame.
    pub(crate) frame: Frame,
    /// The faces in it, the largest first; at least one.
    pub(crate) faces: Vec<Face>,
}

/// Finds the rotation in which the largest face has the highest detector confidence; `None` if there is no face in any.
pub(crate) fn upright(frame: &Frame, mut detect: impl FnMut(&Frame) -> Vec<Face>) -> Option<Upright> {
    let mut best: Option<(f32, Upright)> = None;
    for rotation in Rotation::ALL {
        let frame = Orientation { rotation, mirror: false }.apply(frame.clone(), &mut Vec::new());
        let faces = detect(&frame);
        let Some(confidence) = faces.first().map(|largest| largest.confidence) else { continue };
        if best.as_ref().is_none_or(|(highest, _)| confidence > *highest) {
            best = Some((confidence, Upright { rotation, frame, faces }));
        }
    }
    best.map(|(_, upright)| upright)
}
