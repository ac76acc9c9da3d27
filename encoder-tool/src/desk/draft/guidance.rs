//! What to tell somebody before a webcam, picture by picture. No I/O and no clock: the caller says how long a pose has taken.

use crate::build_db::quality::MIN_SHARPNESS;

/// The larger side of the face's box as a share of the picture's height, below which it is too far away.
const CLOSER: f32 = 0.25;
/// The share above which it is too near.
const BACK: f32 = 0.8;
/// Mean luma of the face, 0 to 255.
const DARK: f32 = 50.0;
const BRIGHT: f32 = 225.0;
/// The area of a second face as a share of the largest one's, above which it is unclear who is enrolled.
const SECOND: f32 = 0.25;
/// How far the nose may be beside the middle of the eyes in a straight look, as a fraction of their distance.
const STRAIGHT: f32 = 0.12;
/// How far it is in a turned one.
const TURNED: (f32, f32) = (0.15, 0.6);

/// What was seen in one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::desk) struct Seen {
    /// The larger side of the face's box as a share of the picture's height.
    pub(in crate::desk) share: f32,
    /// The area of the second largest face as a share of the largest; 0 if there is one face.
    pub(in crate::desk) second: f32,
    /// Mean luma of the face, 0 to 255.
    pub(in crate::desk) brightness: f32,
    /// Of the face: [`models::quality::sharpness`].
    pub(in crate::desk) sharpness: f32,
    /// The nose beside the middle of the eyes, as a fraction of their distance; positive to the person's left.
    pub(in crate::desk) turn: f32,
}

/// How the person should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desk) enum Pose {
    Straight,
    Left,
    Right,
    /// As it comes: with another expression, or with or without glasses.
    Free,
}

/// The poses of an enrolment, in their order.
pub(in crate::desk) const POSES: [Pose; 5] = [Pose::Straight, Pose::Left, Pose::Right, Pose::Free, Pose::Straight];

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desk) enum Advice {
    ComeIntoView,
    OnePersonOnly,
    Closer,
    Back,
    MoreLight,
    LessLight,
    HoldStill,
    LookStraight,
    TurnLeft,
    TurnRight,
    /// The picture can be taken.
    Take,
}

/// The advice for a picture. `is_late` is whether the pose has been asked for long enough: then any look is taken.
pub(in crate::desk) fn advice(seen: Option<&Seen>, pose: Pose, is_late: bool) -> Advice {
    let Some(seen) = seen else { return Advice::ComeIntoView };
    let quality = [
        (seen.second > SECOND, Advice::OnePersonOnly),
        (seen.share < CLOSER, Advice::Closer),
        (seen.share > BACK, Advice::Back),
        (seen.brightness < DARK, Advice::MoreLight),
        (seen.brightness > BRIGHT, Advice::LessLight),
        (seen.sharpness < MIN_SHARPNESS, Advice::HoldStill),
    ];
    if let Some((_, advice)) = quality.into_iter().find(|(is_wrong, _)| *is_wrong) {
        return advice;
    }
    let (least, most) = TURNED;
    let (is_posed, asked) = match pose {
        Pose::Straight => (seen.turn.abs() <= STRAIGHT, Advice::LookStraight),
        Pose::Left => ((least..=most).contains(&seen.turn), Advice::TurnLeft),
        Pose::Right => ((least..=most).contains(&-seen.turn), Advice::TurnRight),
        Pose::Free => (true, Advice::Take),
    };
    if is_posed || is_late { Advice::Take } else { asked }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Seen = Seen { share: 0.5, second: 0.0, brightness: 120.0, sharpness: 100.0, turn: 0.0 };

    #[test]
    fn what_spoils_every_pose_comes_first() {
        for (seen, expected) in [
            (Seen { second: 0.3, share: 0.1, ..GOOD }, Advice::OnePersonOnly),
            (Seen { share: 0.2, ..GOOD }, Advice::Closer),
            (Seen { share: 0.9, ..GOOD }, Advice::Back),
            (Seen { brightness: 30.0, ..GOOD }, Advice::MoreLight),
            (Seen { brightness: 240.0, ..GOOD }, Advice::LessLight),
            (Seen { sharpness: 5.0, ..GOOD }, Advice::HoldStill),
            (GOOD, Advice::Take),
        ] {
            for pose in [Pose::Straight, Pose::Free] {
                assert_eq!(advice(Some(&seen), pose, false), expected, "{seen:?}");
            }
            let even_late = advice(Some(&seen), Pose::Left, true);
            assert_eq!(even_late, expected, "waiting makes no picture better");
        }
        assert_eq!(advice(None, Pose::Straight, true), Advice::ComeIntoView);
    }

    #[test]
    fn a_pose_is_asked_for_and_taken_anyway_after_a_while() {
        for (pose, turn, expected) in [
            (Pose::Straight, 0.05, Advice::Take),
            (Pose::Straight, -0.3, Advice::LookStraight),
            (Pose::Left, 0.2, Advice::Take),
            (Pose::Left, -0.2, Advice::TurnLeft),
            (Pose::Left, 0.0, Advice::TurnLeft),
            (Pose::Right, -0.2, Advice::Take),
            (Pose::Right, 0.9, Advice::TurnRight),
            (Pose::Free, 0.9, Advice::Take),
        ] {
            let seen = Seen { turn, ..GOOD };
            assert_eq!(advice(Some(&seen), pose, false), expected, "{pose:?} {turn}");
            assert_eq!(advice(Some(&seen), pose, true), Advice::Take);
        }
    }
}
