//! Tracks one face from frame to frame. A frame without a face does not end the track: it continues if the returning
//! face overlaps the last position and resembles the tracked face. Any other face starts a new track, so that frames of
//! two people never form one consensus.

use super::observation::ObservedFace;
use alloc::sync::Arc;
use shared::encoding::Encoding;
use shared::face::FaceBox;

/// The least overlap (intersection over union) of a face's bounds in two consecutive frames. At ten frames a second, a
/// person who walks up to the camera stays above 0.6; heads side by side reach 0.1.
const MINIMUM_OVERLAP: f32 = 0.3;

/// The greatest L2 distance between encodings of the same face, also where one of the two looks aside.
///
/// Measured with SFace. One person, looking ahead and turned so that the nose moves by 0.1 to 0.3 of
/// [`nose_across`](super::nose_across): 225 pairs of frames of the NUAA database's eight people, 99 % within 1.04, all
/// within 1.07; the same on photos of Labeled Faces in the Wild that were taken on different days, 245 pairs that moved by 0.2
/// to 0.3: 95 % within 1.04. Two people, one looking ahead and the other turned (LFW, 20 000 pairs): 0.02 % within 1.1.
pub const SAME_FACE: f32 = 1.1;

/// Whether two encodings may be of the same face. False if either face was not encoded.
pub(super) fn is_same_face(one: Option<&Arc<Encoding>>, other: Option<&Arc<Encoding>>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.l2_distance(other) <= SAME_FACE)
}

/// The tracked face, if there is one.
#[derive(Debug, Default)]
pub(super) struct Tracking {
    followed: Option<Followed>,
}

#[derive(Debug)]
struct Followed {
    place: FaceBox,
    /// The encoding in the last frame in which it had one.
    looks: Option<Arc<Encoding>>,
    was_away: bool,
}

/// How the nearest face of a frame relates to the tracked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The tracked face.
    Same,
    /// Possibly the tracked face, back after a gap: the picture is too poor to check, and also too poor to be judged.
    Unsure,
    /// Another face, which replaces it.
    Another,
}

impl Tracking {
    /// Ends the track.
    pub(super) fn stop(&mut self) {
        self.followed = None;
    }

    /// Records a frame without a face.
    pub(super) fn miss(&mut self) {
        if let Some(followed) = &mut self.followed {
            followed.was_away = true;
        }
    }

    /// Starts tracking this face.
    pub(super) fn begin(&mut self, face: &ObservedFace) {
        self.followed = Some(Followed { place: face.bounds, looks: face.encoding.clone(), was_away: false });
    }

    /// Continues the track with a face if it is the tracked one, otherwise starts a new track. It is the same face if
    /// it overlaps the last position enough, more than any other face in the frame does, and resembles the last
    /// encoding.
    pub(super) fn follow(&mut self, face: &ObservedFace, all: &[ObservedFace], is_fit_to_judge: bool) -> Step {
        let step = self.step(face, all, is_fit_to_judge);
        match (&mut self.followed, step) {
            (Some(followed), Step::Same | Step::Unsure) => {
                followed.place = face.bounds;
                followed.was_away &= step == Step::Unsure;
                if face.encoding.is_some() {
                    followed.looks.clone_from(&face.encoding);
                }
            }
            _ => self.begin(face),
        }
        step
    }

    fn step(&self, face: &ObservedFace, all: &[ObservedFace], is_fit_to_judge: bool) -> Step {
        let Some(followed) = &self.followed else { return Step::Another };
        let overlap = followed.place.overlap(&face.bounds);
        let is_there =
            overlap >= MINIMUM_OVERLAP && all.iter().all(|other| followed.place.overlap(&other.bounds) <= overlap);
        let can_tell = followed.looks.is_some() && face.encoding.is_some();
        if !is_there || (can_tell && !is_same_face(followed.looks.as_ref(), face.encoding.as_ref())) {
            Step::Another
        } else if can_tell || !followed.was_away {
            Step::Same
        } else if is_fit_to_judge {
            Step::Another
        } else {
            Step::Unsure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn at(x: f32, side: f32) -> ObservedFace {
        ObservedFace::new(FaceBox { x, y: 0.0, width: side, height: side })
    }

    fn looking(angle: f32) -> ObservedFace {
        let encoding = Encoding::from_network(&[libm::cosf(angle), libm::sinf(angle)]).unwrap();
        ObservedFace { encoding: Some(Arc::new(encoding)), ..at(0.0, 100.0) }
    }

    #[test]
    fn another_face_starts_over() {
        let cases: [(&str, ObservedFace, &[ObservedFace], Step); 8] = [
            ("the same place", at(0.0, 100.0), &[], Step::Same),
            ("a step aside", at(50.0, 100.0), &[], Step::Same),
            ("a long step aside", at(60.0, 100.0), &[], Step::Another),
            ("a step nearer", at(-20.0, 140.0), &[], Step::Same),
            ("another place", at(100.0, 100.0), &[], Step::Another),
            ("no place", at(f32::NAN, 100.0), &[], Step::Another),
            ("somebody else nearby", at(40.0, 100.0), &[at(300.0, 50.0)], Step::Same),
            ("somebody else where the face was", at(40.0, 110.0), &[at(0.0, 90.0)], Step::Another),
        ];
        for (what, next, others, expected) in cases {
            let mut tracking = Tracking::default();
            tracking.begin(&at(0.0, 100.0));
            let all: Vec<_> = others.iter().cloned().chain([next.clone()]).collect();
            assert_eq!(tracking.follow(&next, &all, true), expected, "{what}");
        }
    }

    #[test]
    fn a_returning_face_must_resemble_the_earlier_one() {
        let (ada, ada_turned, ben) = (looking(0.0), looking(1.1), looking(1.4));
        let nobody_knows = at(0.0, 100.0);
        let cases = [
            ("the same", &ada, true, Step::Same),
            ("turned", &ada_turned, true, Step::Same),
            ("somebody else", &ben, true, Step::Another),
            ("not encoded", &nobody_knows, true, Step::Another),
            ("too poor to be encoded", &nobody_knows, false, Step::Unsure),
        ];
        for (what, next, is_fit_to_judge, expected) in cases {
            let mut tracking = Tracking::default();
            tracking.begin(&ada);
            tracking.miss();
            assert_eq!(tracking.follow(next, &[], is_fit_to_judge), expected, "{what}");
            let then = if expected == Step::Another { Step::Another } else { Step::Same };
            assert_eq!(
                tracking.follow(&ada, &[], true),
                if *next == nobody_knows && is_fit_to_judge { Step::Same } else { then },
                "{what}, then the first"
            );
        }
    }

    #[test]
    fn somebody_else_in_the_same_place_is_found_without_a_gap() {
        let mut tracking = Tracking::default();
        tracking.begin(&looking(0.0));
        assert_eq!(tracking.follow(&looking(1.4), &[], true), Step::Another);
        assert_eq!(tracking.follow(&looking(1.3), &[], true), Step::Same);
    }
}
