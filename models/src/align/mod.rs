//! Aligns faces: cuts a crop from a frame so that every face has the same position and size.
//!
//! The crop is an affine map of the frame with bilinear interpolation. Outside the frame, the crop repeats the pixels
//! of the frame's edge.

mod surroundings;
mod transform;
mod upright;

use crate::bundle::CropGeometry;
use crate::{Face, Frame};
pub(crate) use surroundings::Surroundings;
use transform::Transform;

/// Version of the alignment. Increment it when the same face in the same frame would give a different crop; databases
/// made with the earlier version are then refused.
pub(crate) const METHOD: u32 = 2;

/// A square 8-bit RGB picture with the face where the encoder expects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crop {
    side: u32,
    pixels: Vec<u8>,
}

impl Crop {
    /// Takes `3 * side * side` bytes of interleaved RGB; `None` for any other number.
    pub fn from_rgb(side: u32, pixels: Vec<u8>) -> Option<Self> {
        let expected = 3 * u64::from(side) * u64::from(side);
        (pixels.len() as u64 == expected).then_some(Self { side, pixels })
    }

    /// A uniform grey crop.
    pub(crate) fn grey(side: u32) -> Self {
        Self { side, pixels: vec![128; 3 * (side * side) as usize] }
    }

    /// Width and height in pixels.
    pub fn side(&self) -> u32 {
        self.side
    }

    /// Interleaved RGB, row by row: `3 * side * side` bytes.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}

/// Cuts the crop of one face.
pub fn align(frame: &Frame, face: &Face, geometry: &CropGeometry) -> Crop {
    let side = geometry.side();
    let to_frame = match geometry {
        CropGeometry::Landmarks { template, .. } => Transform::between(template, &face.landmarks),
        CropGeometry::Box { enlarge, shift_down, stretch, .. } => {
            Transform::of_box(&face.bounds, side, *enlarge, *shift_down, *stretch)
        }
        CropGeometry::BoxInFrame { enlarge, .. } => {
            Transform::of_box_in_frame(&face.bounds, side, *enlarge, [frame.width(), frame.height()])
        }
    };
    Crop { side, pixels: warp(frame, &to_frame, side) }
}

/// Samples the frame at every pixel of the crop. If a crop pixel covers several frame pixels, it is the mean of a grid
/// of samples; this prevents aliasing of large faces.
fn warp(frame: &Frame, to_frame: &Transform, side: u32) -> Vec<u8> {
    let samples = to_frame.step().round().clamp(1.0, 32.0) as u32;
    if samples == 1 && to_frame.is_upright() {
        return upright::sampled_upright(frame, to_frame, side);
    }
    sampled(frame, to_frame, side, samples)
}

/// Computes each pixel as the mean of a grid of `samples` times `samples` samples.
fn sampled(frame: &Frame, to_frame: &Transform, side: u32, samples: u32) -> Vec<u8> {
    let offset = |index: u32| (index as f32 + 0.5) / samples as f32 - 0.5;
    let share = 1.0 / (samples * samples) as f32;
    let mut pixels = Vec::with_capacity(3 * (side * side) as usize);
    for y in 0..side {
        for x in 0..side {
            let mut sum = [0.0f32; 3];
            for down in 0..samples {
                for right in 0..samples {
                    let at = to_frame.apply(x as f32 + offset(right), y as f32 + offset(down));
                    let sample = bilinear(frame, at.x, at.y);
                    sum.iter_mut().zip(sample).for_each(|(sum, value)| *sum += value);
                }
            }
            pixels.extend(sum.map(|value| (value * share + 0.5) as u8));
        }
    }
    pixels
}

#[inline(always)]
fn bilinear(frame: &Frame, x: f32, y: f32) -> [f32; 3] {
    let (left, right, x_part) = neighbours(x, frame.width());
    let (upper, lower, y_part) = neighbours(y, frame.height());
    let along = |row: u32| {
        let pixels = frame.row(row as usize).as_chunks::<3>().0;
        let (from, to) = (pixels[left as usize].map(f32::from), pixels[right as usize].map(f32::from));
        [0, 1, 2].map(|channel| from[channel] + (to[channel] - from[channel]) * x_part)
    };
    let (above, below) = (along(upper), along(lower));
    [0, 1, 2].map(|channel| above[channel] + (below[channel] - above[channel]) * y_part)
}

/// The two pixels around a coordinate, and the weight of the second, 0 to 1.
#[inline(always)]
fn neighbours(at: f32, length: u32) -> (u32, u32, f32) {
    let last = length - 1;
    let at = at.clamp(0.0, last as f32);
    // `at` is not negative, so the cast rounds down.
    let first = at as u32;
    (first, first.saturating_add(1).min(last), at - first as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaceBox, Point};

    const TEMPLATE: [[f32; 2]; 5] = [[10.0, 10.0], [22.0, 10.0], [16.0, 16.0], [12.0, 22.0], [20.0, 22.0]];

    fn geometry() -> CropGeometry {
        CropGeometry::Landmarks { side: 32, template: TEMPLATE }
    }

    fn face(place: impl Fn([f32; 2]) -> Point) -> Face {
        let bounds = FaceBox { x: 0.0, y: 0.0, width: 32.0, height: 32.0 };
        Face { bounds, landmarks: TEMPLATE.map(place), confidence: 1.0 }
    }

    fn gradient(width: u32, height: u32) -> Frame {
        let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 77])).collect();
        Frame::from_rgb(width, height, pixels).unwrap()
    }

    #[test]
    fn a_face_that_lies_as_the_template_is_copied() {
        let frame = gradient(32, 32);
        let crop = align(&frame, &face(|[x, y]| Point { x, y }), &geometry());
        assert_eq!(crop.pixels(), frame.pixels());
    }

    #[test]
    fn a_moved_face_is_brought_back() {
        let crop = align(&gradient(100, 100), &face(|[x, y]| Point { x: x + 20.0, y: y + 30.0 }), &geometry());
        assert_eq!(crop.pixels()[..3], [20, 30, 77]);
        assert_eq!(crop.pixels()[3 * (32 * 31 + 31)..], [51, 61, 77]);
    }

    #[test]
    fn beyond_the_frame_its_edge_is_repeated() {
        let crop = align(&gradient(40, 40), &face(|[x, y]| Point { x: x - 10.0, y: y + 20.0 }), &geometry());
        assert_eq!(crop.pixels()[..3], [0, 20, 77]);
        assert_eq!(crop.pixels()[3 * 32 * 31..3 * 32 * 31 + 3], [0, 39, 77]);
        assert!(crop.pixels().as_chunks::<3>().0.iter().all(|pixel| pixel[2] == 77), "no black wedge");
    }

    #[test]
    fn a_large_face_is_averaged() {
        let stripes = (0..256 * 256).flat_map(|at| [if at % 2 == 0 { 0 } else { 200 }; 3]).collect();
        let frame = Frame::from_rgb(256, 256, stripes).unwrap();
        let crop = align(&frame, &face(|[x, y]| Point { x: 8.0 * x + 3.5, y: 8.0 * y + 3.5 }), &geometry());
        assert!(crop.pixels().iter().all(|value| (95..=105).contains(value)), "{:?}", &crop.pixels()[..9]);
    }

    #[test]
    fn a_box_is_stretched_or_widened_to_a_square() {
        let bounds = FaceBox { x: 10.0, y: 20.0, width: 32.0, height: 64.0 };
        let face = Face { bounds, ..face(|[x, y]| Point { x, y }) };
        for (stretch, first, last) in [(true, [10, 20], [41, 83]), (false, [0, 20], [57, 83])] {
            let geometry = CropGeometry::Box { side: 64, enlarge: 1.0, shift_down: 0.0, stretch };
            let crop = align(&gradient(100, 100), &face, &geometry);
            assert_eq!(crop.pixels()[..2], first, "stretch: {stretch}");
            let corner = &crop.pixels()[3 * (64 * 64 - 1)..];
            assert!(corner[0].abs_diff(last[0]) <= 1 && corner[1].abs_diff(last[1]) <= 1, "stretch: {stretch}");
        }
    }

    /// The frame has 100x80 pixels, and the box becomes 64x64 before it is moved.
    #[test]
    fn a_box_in_the_frame_is_moved_and_never_padded() {
        for (what, bounds, first, last) in [
            ("inside", [30.0, 20.0, 32.0, 32.0], [14, 4], [77, 67]),
            ("beyond the left upper corner", [0.0, -9.0, 32.0, 32.0], [0, 0], [63, 63]),
            ("beyond the right lower corner", [80.0, 60.0, 32.0, 32.0], [36, 16], [99, 79]),
            ("far outside", [500.0, -500.0, 32.0, 32.0], [36, 0], [99, 63]),
            ("larger than the frame, with its ratio kept", [40.0, 30.0, 40.0, 80.0], [40, 0], [79, 79]),
        ] {
            let [x, y, width, height] = bounds;
            let bounds = FaceBox { x, y, width, height };
            let face = Face { bounds, ..face(|[x, y]| Point { x, y }) };
            let crop = align(&gradient(100, 80), &face, &CropGeometry::BoxInFrame { side: 64, enlarge: 2.0 });
            assert_eq!(crop.pixels()[..2], first, "{what}");
            let corner = &crop.pixels()[3 * (64 * 64 - 1)..];
            assert!(corner[0].abs_diff(last[0]) <= 1 && corner[1].abs_diff(last[1]) <= 1, "{what}: {corner:?}");
        }
    }
}
