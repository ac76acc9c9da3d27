//! The quality gate: whether the picture of a face is good enough to judge. A value that is missing, infinite or NaN
//! fails any rule that uses it.
//!
//! The last check, whether the face is recognisable at all, is possible only after encoding. Upside-down, covered or
//! blurred faces resemble each other, so one of them would match a person enrolled from another. The networks define
//! that measure; with a model that does not measure it, every face passes.

use super::observation::ObservedFace;
use super::reason::Reason;
use super::rules::Rules;

/// The requirements on a face's picture before it is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct QualityGate {
    minimum_face: f32,
    minimum_brightness: Option<f32>,
    maximum_brightness: Option<f32>,
    minimum_sharpness: Option<f32>,
    maximum_yaw: Option<f32>,
    maximum_pitch: Option<f32>,
}

impl QualityGate {
    pub(super) fn new(rules: &Rules) -> Self {
        let &Rules { minimum_face, minimum_brightness, maximum_brightness, minimum_sharpness, .. } = rules;
        let &Rules { maximum_yaw, maximum_pitch, .. } = rules;
        Self { minimum_face, minimum_brightness, maximum_brightness, minimum_sharpness, maximum_yaw, maximum_pitch }
    }

    fn is_at_door(&self, face: &ObservedFace) -> bool {
        let side = face.bounds.shorter_side();
        side > 0.0 && side >= self.minimum_face
    }

    /// The first thing wrong with the picture.
    pub(super) fn problem(&self, face: &ObservedFace) -> Option<Reason> {
        let (yaw, pitch) = (face.yaw().map(f32::abs), face.pitch().map(f32::abs));
        let passes = [
            (Reason::TooFar, self.is_at_door(face)),
            (Reason::TooDark, is_at_least(face.quality.brightness, self.minimum_brightness)),
            (Reason::TooBright, is_at_most(face.quality.brightness, self.maximum_brightness)),
            (Reason::Blurred, is_at_least(face.quality.sharpness, self.minimum_sharpness)),
            (Reason::TurnedAway, is_at_most(yaw, self.maximum_yaw) && is_at_most(pitch, self.maximum_pitch)),
        ];
        passes.into_iter().find(|(_, passed)| !passed).map(|(reason, _)| reason)
    }
}

/// Whether a face is near enough to be at the door.
pub(super) fn is_at_door(rules: &Rules, face: &ObservedFace) -> bool {
    QualityGate::new(rules).is_at_door(face)
}

/// The first problem with the picture or with the comparison.
pub(super) fn problem(rules: &Rules, face: &ObservedFace) -> Option<Reason> {
    let hardly_a_face = || !is_recognisable(face) || is_lost_in_background(rules, face);
    QualityGate::new(rules).problem(face).or_else(|| hardly_a_face().then_some(Reason::HardlyAFace))
}

/// The first problem with the picture, which depends on nobody who is enrolled.
pub(super) fn problem_for_anybody(rules: &Rules, face: &ObservedFace) -> Option<Reason> {
    let hardly_a_face = || !is_recognisable(face);
    QualityGate::new(rules).problem(face).or_else(|| hardly_a_face().then_some(Reason::HardlyAFace))
}

/// Whether the face may be compared with anybody.
pub(super) fn is_recognisable(face: &ObservedFace) -> bool {
    face.quality.recognisable != Some(false)
}

/// Whether the face is within the threshold of a person, but not nearer to them than to barely recognisable faces. A
/// face beyond everybody's threshold is a stranger's anyway.
fn is_lost_in_background(rules: &Rules, face: &ObservedFace) -> bool {
    let is_near = |distance: f32| (0.0..=rules.threshold).contains(&distance);
    let best = face.resembles.as_ref().map(|found| (found.distance, found.is_clear));
    let claimed = face.claimed.as_ref().map(|claimed| (claimed.distance, claimed.is_clear));
    [best, claimed].into_iter().flatten().any(|(distance, is_clear)| is_near(distance) && !is_clear)
}

fn is_at_least(measured: Option<f32>, limit: Option<f32>) -> bool {
    limit.is_none_or(|limit| measured.is_some_and(|measured| measured.is_finite() && measured >= limit))
}

fn is_at_most(measured: Option<f32>, limit: Option<f32>) -> bool {
    limit.is_none_or(|limit| measured.is_some_and(|measured| measured.is_finite() && measured <= limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Claimed, Enrolled, Resemblance};
    use shared::face::{FaceBox, Point};
    use shared::gallery::PersonId;

    const ADA: PersonId = PersonId([1; 16]);

    fn near(distance: f32, is_clear: bool) -> Resemblance {
        Resemblance { is_clear, ..Resemblance::new(Enrolled::new(ADA), distance) }
    }

    fn good_face() -> ObservedFace {
        let mut face = ObservedFace::new(FaceBox { x: 10.0, y: 10.0, width: 50.0, height: 60.0 });
        face.quality.sharpness = Some(100.0);
        face.quality.brightness = Some(128.0);
        face.landmarks =
            Some([(20.0, 30.0), (40.0, 30.0), (31.0, 40.0), (24.0, 50.0), (36.0, 50.0)].map(|(x, y)| Point { x, y }));
        face
    }

    #[test]
    fn each_fault_of_a_picture_has_its_reason() {
        let mut rules = Rules::face_alone(1.0);
        rules.minimum_sharpness = Some(50.0);
        rules.minimum_brightness = Some(40.0);
        rules.maximum_brightness = Some(220.0);
        rules.maximum_yaw = Some(0.25);
        type Change = fn(&mut ObservedFace);
        let cases: [(Change, Option<Reason>); 27] = [
            (|_| (), None),
            (|f| f.bounds.width = 40.0, None),
            (|f| f.bounds.width = 39.9, Some(Reason::TooFar)),
            (|f| f.bounds.height = -60.0, Some(Reason::TooFar)),
            (|f| f.bounds.width = f32::NAN, Some(Reason::TooFar)),
            (|f| f.bounds.width = f32::INFINITY, Some(Reason::TooFar)),
            (|f| f.bounds.y = f32::NAN, Some(Reason::TooFar)),
            (|f| f.quality.brightness = Some(40.0), None),
            (|f| f.quality.brightness = Some(39.0), Some(Reason::TooDark)),
            (|f| f.quality.brightness = Some(f32::NAN), Some(Reason::TooDark)),
            (|f| f.quality.brightness = None, Some(Reason::TooDark)),
            (|f| f.quality.brightness = Some(220.0), None),
            (|f| f.quality.brightness = Some(221.0), Some(Reason::TooBright)),
            (|f| f.quality.sharpness = Some(49.0), Some(Reason::Blurred)),
            (|f| f.quality.sharpness = Some(f32::INFINITY), Some(Reason::Blurred)),
            (|f| f.quality.sharpness = None, Some(Reason::Blurred)),
            (|f| f.landmarks.as_mut().unwrap()[2].x = 35.0, None),
            (|f| f.landmarks.as_mut().unwrap()[2].x = 36.0, Some(Reason::TurnedAway)),
            (|f| f.landmarks.as_mut().unwrap()[2].x = 24.0, Some(Reason::TurnedAway)),
            (|f| f.landmarks.as_mut().unwrap()[0].x = f32::NAN, Some(Reason::TurnedAway)),
            (|f| f.landmarks = None, Some(Reason::TurnedAway)),
            (|f| (f.quality.sharpness, f.quality.brightness) = (None, Some(1.0)), Some(Reason::TooDark)),
            (|f| f.quality.recognisable = Some(true), None),
            (|f| f.quality.recognisable = Some(false), Some(Reason::HardlyAFace)),
            (|f| f.resembles = Some(near(1.0, false)), Some(Reason::HardlyAFace)),
            (|f| f.resembles = Some(near(1.1, false)), None),
            (|f| f.claimed = Some(Claimed { is_clear: false, ..Claimed::new(ADA, 0.5) }), Some(Reason::HardlyAFace)),
        ];
        for (index, (change, expected)) in cases.into_iter().enumerate() {
            let mut face = good_face();
            change(&mut face);
            assert_eq!(problem(&rules, &face), expected, "case {index}: {face:?}");
            let anybody = expected.filter(|_| face.resembles.is_none() && face.claimed.is_none());
            assert_eq!(problem_for_anybody(&rules, &face), anybody, "case {index}: {face:?}");
            assert!(expected.is_none_or(Reason::is_about_quality));
        }
    }

    #[test]
    fn values_that_no_rule_uses_need_not_be_measured() {
        let mut rules = Rules::face_alone(1.0);
        let mut face = ObservedFace::new(good_face().bounds);
        assert_eq!(problem(&rules, &face), None);
        rules.minimum_face = 0.0;
        face.bounds.width = 0.5;
        assert_eq!(problem(&rules, &face), None);
        face.bounds.width = f32::NAN;
        assert_eq!(problem(&rules, &face), Some(Reason::TooFar), "no minimum makes a face of what is not a place");
    }
}
