//! A face in a frame: where it is and where its five landmarks are. Knows nothing of whose it is.

/// A place in a frame, in pixels from its upper left corner; the centre of the first pixel is (0, 0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// An upright rectangle in frame pixels. It may reach beyond the frame where a face is cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width, greater than 0.
    pub width: f32,
    /// Height, greater than 0.
    pub height: f32,
}

impl FaceBox {
    /// Area in square pixels.
    pub fn area(&self) -> f32 {
        self.width * self.height
    }

    /// Intersection over union with another box, 0 to 1.
    pub fn overlap(&self, other: &FaceBox) -> f32 {
        let span = |a: f32, a_len: f32, b: f32, b_len: f32| ((a + a_len).min(b + b_len) - a.max(b)).max(0.0);
        let shared = span(self.x, self.width, other.x, other.width) * span(self.y, self.height, other.y, other.height);
        let union = self.area() + other.area() - shared;
        if union > 0.0 { shared / union } else { 0.0 }
    }
}

/// One detected face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// The detector's box.
    pub bounds: FaceBox,
    /// Right eye, left eye, nose tip, right and left corner of the mouth: the person's own right and left, so
    /// that the right eye is the one further left in the picture.
    pub landmarks: [Point; 5],
    /// How sure the detector is that this is a face, 0 to 1. Says nothing about who it is.
    pub certainty: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_of_boxes() {
        let unit = FaceBox { x: 0.0, y: 0.0, width: 2.0, height: 2.0 };
        for (x, y, expected) in
            [(0.0, 0.0, 1.0), (1.0, 0.0, 1.0 / 3.0), (1.0, 1.0, 1.0 / 7.0), (2.0, 0.0, 0.0), (9.0, 9.0, 0.0)]
        {
            let other = FaceBox { x, y, ..unit };
            assert!((unit.overlap(&other) - expected).abs() < 1e-6, "moved by ({x}, {y})");
            assert_eq!(unit.overlap(&other), other.overlap(&unit));
        }
    }
}
