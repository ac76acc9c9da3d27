//! Non-maximum suppression: of boxes that cover the same face, the most certain stays.

use crate::Face;

/// Only this many of the most certain candidates are looked at, as in OpenCV's `FaceDetectorYN`.
const MAX_CANDIDATES: usize = 5000;

/// Drops every face that overlaps a more certain one by more than `overlap` (intersection over union).
pub(crate) fn overlapping(mut faces: Vec<Face>, overlap: f32) -> Vec<Face> {
    faces.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
    let mut kept: Vec<Face> = Vec::new();
    faces.truncate(MAX_CANDIDATES);
    for face in faces {
        if kept.iter().all(|other| other.bounds.overlap(&face.bounds) <= overlap) {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaceBox, Point};

    fn face(x: f32, certainty: f32) -> Face {
        let bounds = FaceBox { x, y: 0.0, width: 10.0, height: 10.0 };
        Face { bounds, landmarks: [Point { x: 0.0, y: 0.0 }; 5], certainty }
    }

    #[test]
    fn the_most_certain_of_overlapping_faces_stays() {
        for (what, faces, kept) in [
            ("nothing", vec![], vec![]),
            ("apart", vec![face(0.0, 0.7), face(20.0, 0.9)], vec![20.0, 0.0]),
            ("the same", vec![face(0.0, 0.7), face(1.0, 0.9)], vec![1.0]),
            ("a chain", vec![face(0.0, 0.9), face(5.0, 0.8), face(10.0, 0.7)], vec![0.0, 10.0]),
        ] {
            let left: Vec<f32> = overlapping(faces, 0.3).iter().map(|face| face.bounds.x).collect();
            assert_eq!(left, kept, "{what}");
        }
    }
}
