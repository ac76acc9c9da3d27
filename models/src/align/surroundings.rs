//! A square cut-out of the frame around a face.

use super::transform::Transform;
use super::warp;
use crate::{Face, FaceBox, Frame, Point};

/// Position and size of the cut-out.
pub(crate) struct Surroundings {
    to_frame: Transform,
    side: u32,
}

impl Surroundings {
    /// A square around the centre of the box, `enlarge` times its longer side, scaled to `side` pixels. `side` must be
    /// small: the picture has `3 * side * side` bytes.
    pub(crate) fn new(bounds: &FaceBox, side: u32, enlarge: f32) -> Self {
        Self { to_frame: Transform::of_box(bounds, side, enlarge, 0.0, false), side }
    }

    /// Cuts out the picture. Outside the frame it repeats the pixels of the frame's edge.
    pub(crate) fn cut_out(&self, frame: &Frame) -> Frame {
        Frame::square(self.side, warp(frame, &self.to_frame, self.side))
    }

    /// Converts a face in the cut-out to frame pixels.
    pub(crate) fn in_frame(&self, face: &Face) -> Face {
        let place = |x: f32, y: f32| self.to_frame.apply(x, y);
        let FaceBox { x, y, width, height } = face.bounds;
        let (corner, step) = (place(x, y), self.to_frame.step());
        let bounds = FaceBox { x: corner.x, y: corner.y, width: width * step, height: height * step };
        Face { bounds, landmarks: face.landmarks.map(|Point { x, y }| place(x, y)), ..*face }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_picture_is_the_place_in_the_frame_that_it_shows() {
        let pixels = (0..100u32 * 100).flat_map(|at| [(at % 100) as u8, (at / 100) as u8, 0]).collect();
        let frame = Frame::from_rgb(100, 100, pixels).unwrap();
        let bounds = FaceBox { x: 40.0, y: 44.0, width: 20.0, height: 12.0 };
        for (side, enlarge) in [(96, 2.0), (50, 2.5), (20, 3.0)] {
            let surroundings = Surroundings::new(&bounds, side, enlarge);
            let picture = surroundings.cut_out(&frame);
            assert_eq!((picture.width(), picture.height()), (side, side));
            for at in [0, side / 2, side - 1] {
                let landmark = Point { x: at as f32, y: at as f32 };
                let face = Face { bounds, landmarks: [landmark; 5], confidence: 1.0 };
                let place = surroundings.in_frame(&face).landmarks[0];
                let shown = &picture.row(at as usize)[3 * at as usize..][..2];
                assert!((f32::from(shown[0]) - place.x).abs() <= 1.0, "{side} {enlarge}: {place:?} {shown:?}");
                assert!((f32::from(shown[1]) - place.y).abs() <= 1.0, "{side} {enlarge}: {place:?} {shown:?}");
            }
            let whole = FaceBox { x: 0.0, y: 0.0, width: side as f32, height: side as f32 };
            let face = surroundings.in_frame(&Face {
                bounds: whole,
                landmarks: [Point { x: 0.0, y: 0.0 }; 5],
                confidence: 1.0,
            });
            assert!(
                (face.bounds.width - 20.0 * enlarge).abs() < 1e-3 && (face.bounds.height - 20.0 * enlarge).abs() < 1e-3
            );
        }
    }
}
