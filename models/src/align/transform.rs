//! The affine map from crop coordinates to frame coordinates.

use crate::{FaceBox, Point};

/// `x' = a x + b y + c`, `y' = d x + e y + f`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Transform {
    a: f32,
    b: f32,
    c: f32,
    d: f32,
    e: f32,
    f: f32,
}

impl Transform {
    /// The inverse of the rotation, scale and shift that brings `landmarks` closest to `template` in the least-squares
    /// sense: it maps template coordinates to landmark coordinates.
    ///
    /// With the points as complex numbers about their means, the best factor is the sum of conj(p) q over the sum of
    /// |p|^2. This is Umeyama's solution (1991, "Least-squares estimation of transformation parameters between two
    /// point patterns", equations 40 to 42) for two dimensions, where no reflection is ever better.
    pub(super) fn between(template: &[[f32; 2]; 5], landmarks: &[Point; 5]) -> Self {
        let (crop_x, crop_y) = mean(template.iter().map(|&[x, y]| (x, y)));
        let (face_x, face_y) = mean(landmarks.iter().map(|point| (point.x, point.y)));
        let (mut real, mut imaginary, mut spread) = (0.0, 0.0, 0.0);
        for (point, &[x, y]) in landmarks.iter().zip(template) {
            let (px, py) = (point.x - face_x, point.y - face_y);
            let (qx, qy) = (x - crop_x, y - crop_y);
            real += px * qx + py * qy;
            imaginary += px * qy - py * qx;
            spread += px * px + py * py;
        }
        // (real + i imaginary) / spread maps frame to crop; this is its inverse.
        let length = real * real + imaginary * imaginary;
        let (a, d) = if length > 0.0 { (real * spread / length, -imaginary * spread / length) } else { (0.0, 0.0) };
        Self { a, b: -d, c: face_x - a * crop_x + d * crop_y, d, e: a, f: face_y - d * crop_x - a * crop_y }
    }

    /// Maps a square crop to the box, which is enlarged about its centre and moved down by `shift_down` times its
    /// height.
    pub(super) fn of_box(bounds: &FaceBox, side: u32, enlarge: f32, shift_down: f32, stretch: bool) -> Self {
        let (mut width, mut height) = (bounds.width * enlarge, bounds.height * enlarge);
        if !stretch {
            (width, height) = (width.max(height), width.max(height));
        }
        let left = bounds.x + (bounds.width - width) / 2.0;
        let top = bounds.y + (bounds.height - height) / 2.0 + bounds.height * shift_down;
        let (a, e) = (width / side as f32, height / side as f32);
        // Pixel centres: the crop's first pixel covers the box's first `a` pixels.
        Self { a, b: 0.0, c: left + (a - 1.0) / 2.0, d: 0.0, e, f: top + (e - 1.0) / 2.0 }
    }

    /// Maps a square crop to the box, which is enlarged about its centre and then moved into the frame of that width and
    /// height. Where the enlarged box is larger than the frame, it is enlarged less. This is `CropImage` of minivision's
    /// Silent-Face-Anti-Spoofing (2020), without its rounding to whole pixels.
    pub(super) fn of_box_in_frame(bounds: &FaceBox, side: u32, enlarge: f32, frame: [u32; 2]) -> Self {
        let [frame_width, frame_height] = frame.map(|length| length as f32);
        let factor = enlarge.min(frame_width / bounds.width).min(frame_height / bounds.height);
        let (width, height) = (bounds.width * factor, bounds.height * factor);
        let moved = |first: f32, length: f32, frame: f32| first.min(frame - length).max(0.0);
        let x = moved(bounds.x + (bounds.width - width) / 2.0, width, frame_width);
        let y = moved(bounds.y + (bounds.height - height) / 2.0, height, frame_height);
        Self::of_box(&FaceBox { x, y, width, height }, side, 1.0, 0.0, true)
    }

    /// Maps a point in the crop to a point in the frame.
    pub(super) fn apply(&self, x: f32, y: f32) -> Point {
        Point { x: self.a * x + self.b * y + self.c, y: self.d * x + self.e * y + self.f }
    }

    /// Whether the map has no rotation: it only scales and shifts.
    pub(super) fn is_upright(&self) -> bool {
        self.b == 0.0 && self.d == 0.0
    }

    /// Size of a crop pixel in frame pixels, the larger of both directions.
    pub(super) fn step(&self) -> f32 {
        self.a.hypot(self.d).max(self.b.hypot(self.e))
    }
}

fn mean(points: impl Iterator<Item = (f32, f32)>) -> (f32, f32) {
    let (x, y) = points.fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    (x / 5.0, y / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: [[f32; 2]; 5] = [[10.0, 10.0], [22.0, 10.0], [16.0, 17.0], [12.0, 22.0], [20.0, 22.0]];

    #[test]
    fn a_similarity_is_found_exactly() {
        for (scale, degrees, x, y) in [(1.0, 0.0, 0.0, 0.0), (2.5, 30.0, 100.0, 7.0), (0.3, -170.0, -5.0, 40.0)] {
            let (sin, cos) = f32::to_radians(degrees).sin_cos();
            let place =
                |[u, v]: [f32; 2]| Point { x: scale * (cos * u - sin * v) + x, y: scale * (sin * u + cos * v) + y };
            let transform = Transform::between(&TEMPLATE, &TEMPLATE.map(place));
            for point in [[0.0, 0.0], [31.0, 0.0], [7.0, 19.0]] {
                let (found, expected) = (transform.apply(point[0], point[1]), place(point));
                assert!((found.x - expected.x).abs() < 1e-3 && (found.y - expected.y).abs() < 1e-3);
            }
            assert!((transform.step() - scale).abs() < 1e-4);
        }
    }

    #[test]
    fn landmarks_in_one_point_give_finite_numbers() {
        let transform = Transform::between(&TEMPLATE, &[Point { x: 5.0, y: 6.0 }; 5]);
        assert_eq!(transform.apply(20.0, 20.0), Point { x: 5.0, y: 6.0 });
    }
}
