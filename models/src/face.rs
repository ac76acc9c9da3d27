//! A face in a frame: its box and its five landmarks. It does not say whose face it is.

use shared::face::{FaceBox, Point};

/// One detected face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// The detector's box.
    pub bounds: FaceBox,
    /// Right eye, left eye, nose tip, right and left corner of the mouth, as seen by the person: the right eye is
    /// further left in the picture.
    pub landmarks: [Point; 5],
    /// The detector confidence, 0 to 1: how sure the detector is that this is a face. It says nothing about who it is.
    pub confidence: f32,
}
