//! Non-maximum suppression: of boxes that cover the same face, the one with the highest confidence is kept.

use crate::Face;

/// Limits the number of candidates, those with the highest confidence first, as in OpenCV's `FaceDetectorYN`.
const MAX_CANDIDATES: usize = 5000;

/// Drops every face that overlaps another face of higher confidence by more than `overlap` (intersection over union).
pub(crate) fn overlapping(mut faces: Vec<Face>, overlap: f32) -> Vec<Face> {
    faces.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
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

    fn face(x: f32, confidence: f32) -> Face {
        let bounds = FaceBox { x, y: 0.0, width: 10.0, height: 10.0 };
        Face { bounds, landmarks: [Point { x: 0.0, y: 0.0 }; 5], confidence }
    }

    #[test]
    fn of_overlapping_faces_the_most_confident_is_kept() {
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
