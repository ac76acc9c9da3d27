//! A second look at one face: its surroundings, cut out and enlarged, are searched once more, and the landmarks of both
//! searches are averaged.
//!
//! Each search errs by a pixel or two. Where the second sees the face clearly larger, its errors are others than those of the
//! first; at nearly the same scale they are the same, and nothing is gained.

use super::Detector;
use crate::align::Surroundings;
use crate::letterbox::Letterbox;
use crate::{Face, Frame, ModelError, Point};

/// Width and height of the picture that is searched again, a multiple of 32. One size only: each is planned for.
const SIDE: u32 = 320;
/// How many times as large as in the first search the face is at most.
const ENLARGED: f32 = 2.0;
/// How many of the face's longer sides the surroundings measure at least.
const LEAST_SURROUNDINGS: f32 = 1.6;
/// And at most: a face that was found in a tile of a large photo is smaller in the whole photo than in its tile, and would be
/// searched again at less than the scale at which it was found. It then has 40 pixels of [`SIDE`] or more.
const MOST_SURROUNDINGS: f32 = 8.0;
/// Intersection over union from which the face found again is taken for the same.
const SAME_FACE: f32 = 0.5;

impl Detector {
    /// The same face with landmarks that are the mean of those given and of those found in its enlarged surroundings. If no
    /// face is found there, the face is returned as it is.
    ///
    /// # Errors
    /// [`ModelError`] if the network fails or gives numbers that are not faces.
    pub fn look_again(&mut self, frame: &Frame, face: &Face) -> Result<Face, ModelError> {
        let first = Letterbox::fit(frame.width(), frame.height(), self.manifest.search.working_size);
        let searched = first.step.0.max(first.step.1) * SIDE as f32 / ENLARGED;
        let longest = face.bounds.width.max(face.bounds.height);
        let surroundings =
            Surroundings::of(&face.bounds, SIDE, (searched / longest).clamp(LEAST_SURROUNDINGS, MOST_SURROUNDINGS));
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
