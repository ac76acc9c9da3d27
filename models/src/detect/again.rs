//! Refines the landmarks of a face: cuts out and enlarges its surroundings, runs the detector again, and averages the
//! landmarks of both searches.
//!
//! Each search is off by one or two pixels. If the second search sees the face clearly larger, its errors are
//! independent of the first; at nearly the same scale they are the same, and averaging gains nothing.

use super::Detector;
use crate::align::Surroundings;
use crate::letterbox::Letterbox;
use crate::{Face, Frame, ModelError, Point};

/// Width and height of the enlarged picture, a multiple of 32. There is only one size because each size needs a plan.
const SIDE: u32 = 320;
/// The largest enlargement of the face relative to the first search.
const ENLARGED: f32 = 2.0;
/// The smallest side of the surroundings, as a multiple of the face's longer side.
const LEAST_SURROUNDINGS: f32 = 1.6;
/// The largest side of the surroundings, as a multiple of the face's longer side. It matters for a face found in a tile
/// of a large photo: the scale of the whole photo is smaller than that of the tile, so without this limit the second
/// search would use a smaller scale than the first. With it, the face has at least 40 pixels of [`SIDE`].
const MOST_SURROUNDINGS: f32 = 8.0;
/// The smallest intersection over union at which the second face counts as the same face.
const SAME_FACE: f32 = 0.5;

impl Detector {
    /// Searches the enlarged surroundings of a face and returns the face with the mean of its landmarks and those found
    /// there. If no face is found there, returns the face unchanged.
    ///
    /// # Errors
    /// [`ModelError`] if the network fails or its outputs cannot be decoded.
    pub fn look_again(&mut self, frame: &Frame, face: &Face) -> Result<Face, ModelError> {
        let first = Letterbox::fit(frame.width(), frame.height(), self.manifest.search.working_size);
        let searched = first.step.0.max(first.step.1) * SIDE as f32 / ENLARGED;
        let longest = face.bounds.width.max(face.bounds.height);
        let surroundings =
            Surroundings::new(&face.bounds, SIDE, (searched / longest).clamp(LEAST_SURROUNDINGS, MOST_SURROUNDINGS));
        let found = self.detect(&surroundings.cut_out(frame))?.into_iter().map(|found| surroundings.in_frame(&found));
        let overlap = |other: &Face| other.bounds.overlap(&face.bounds);
        let same = found.filter(|found| overlap(found) >= SAME_FACE).max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
        Ok(same.map_or(*face, |same| Face { landmarks: averaged(&face.landmarks, &same.landmarks), ..*face }))
    }
}

fn averaged(some: &[Point; 5], others: &[Point; 5]) -> [Point; 5] {
    std::array::from_fn(|index| Point {
        x: f32::midpoint(some[index].x, others[index].x),
        y: f32::midpoint(some[index].y, others[index].y),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Bundles;
    use crate::{FaceBox, Photo};

    fn detector() -> Detector {
        Detector::new(&Bundles::bundled().unwrap().detector).unwrap()
    }

    #[test]
    fn landmarks_found_again_lie_near_the_first_and_the_box_is_kept() {
        for photo in [
            &include_bytes!("../../faces/barack_obama_portrait.jpg")[..],
            include_bytes!("../../faces/barack_obama_blue_room.jpg"),
            include_bytes!("../../faces/joe_biden_blue_room.jpg"),
            include_bytes!("../../faces/eileen_collins.jpg"),
        ] {
            let frame = Photo::open(photo).and_then(Photo::decode).unwrap();
            let mut detector = detector();
            let face = detector.detect(&frame).unwrap()[0];
            let again = detector.look_again(&frame, &face).unwrap();
            assert_eq!((again.bounds, again.confidence), (face.bounds, face.confidence));
            assert_ne!(again.landmarks, face.landmarks, "the second search found nothing");
            let moved = |(a, b): (&Point, &Point)| (a.x - b.x).hypot(a.y - b.y);
            let farthest = again.landmarks.iter().zip(&face.landmarks).map(moved).fold(0.0, f32::max);
            assert!(farthest < 0.05 * face.bounds.width, "{farthest} of {}", face.bounds.width);
        }
    }

    #[test]
    fn where_nothing_is_found_again_the_face_stays_as_it_is() {
        let bounds = FaceBox { x: 5.0, y: -3.0, width: 20.0, height: 30.0 };
        let face = Face { bounds, landmarks: [Point { x: 12.0, y: 9.0 }; 5], confidence: 0.7 };
        assert_eq!(detector().look_again(&Frame::grey(64), &face).unwrap(), face);
    }
}
