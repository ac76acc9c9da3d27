//! The position of a face in a frame: a bounding box and landmarks.

/// A point in a frame, in pixels from its upper left corner. The centre of the first pixel is (0, 0).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
}

/// An upright rectangle in frame pixels. It may reach beyond the frame where a face is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width; greater than 0 if it comes from a detector.
    pub width: f32,
    /// Height; greater than 0 if it comes from a detector.
    pub height: f32,
}

impl FaceBox {
    /// Whether all four numbers are finite.
    pub fn is_finite(&self) -> bool {
        [self.x, self.y, self.width, self.height].iter().all(|number| number.is_finite())
    }

    /// The shorter side; 0 if the box is not finite.
    pub fn shorter_side(&self) -> f32 {
        if self.is_finite() { self.width.min(self.height).max(0.0) } else { 0.0 }
    }

    /// Width times height; 0 if the box is not finite.
    pub fn area(&self) -> f32 {
        if self.shorter_side() > 0.0 { self.width * self.height } else { 0.0 }
    }

    /// Intersection over union: the shared area of two boxes divided by the area that they cover together, 0 to 1.
    pub fn overlap(&self, other: &Self) -> f32 {
        let width = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let height = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        let (one, another) = (self.area(), other.area());
        if one > 0.0 && another > 0.0 && width > 0.0 && height > 0.0 {
            let shared = width * height;
            shared / (one + another - shared)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_shared_area_as_a_part_of_all() {
        let boxed = |x, y, width, height| FaceBox { x, y, width, height };
        let cases = [
            (boxed(0.0, 0.0, 10.0, 10.0), 1.0),
            (boxed(5.0, 0.0, 10.0, 10.0), 1.0 / 3.0),
            (boxed(5.0, 5.0, 10.0, 10.0), 1.0 / 7.0),
            (boxed(0.0, 0.0, 10.0, 5.0), 0.5),
            (boxed(10.0, 0.0, 10.0, 10.0), 0.0),
            (boxed(-30.0, 0.0, 10.0, 10.0), 0.0),
            (boxed(0.0, 0.0, 0.0, 10.0), 0.0),
            (boxed(12.0, 12.0, -10.0, -10.0), 0.0),
            (boxed(f32::NAN, 0.0, 10.0, 10.0), 0.0),
            (boxed(0.0, 0.0, f32::INFINITY, 10.0), 0.0),
        ];
        let place = boxed(0.0, 0.0, 10.0, 10.0);
        for (other, expected) in cases {
            let overlap = place.overlap(&other);
            assert!((overlap - expected).abs() < 1e-6, "{other:?}: {overlap}");
            assert_eq!(overlap, other.overlap(&place), "{other:?}");
        }
    }
}
