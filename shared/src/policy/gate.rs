//! The quality gate: whether the picture of a face is good enough to judge the face by. What was not measured, or is
//! not a number, does not pass a rule that asks for it.

use super::observation::ObservedFace;
use super::reason::Reason;
use super::rules::Rules;

/// Whether a face is near enough to be at the door.
pub(super) fn is_at_door(rules: &Rules, face: &ObservedFace) -> bool {
    let side = face.bounds.shorter_side();
    side > 0.0 && side >= rules.minimum_face
}

/// The first thing wrong with the picture.
pub(super) fn problem(rules: &Rules, face: &ObservedFace) -> Option<Reason> {
    let (turn, nod) = (face.turn().map(f32::abs), face.nod().map(f32::abs));
    let passes = [
        (Reason::TooFar, is_at_door(rules, face)),
        (Reason::TooDark, is_at_least(face.quality.brightness, rules.minimum_brightness)),
        (Reason::TooBright, is_at_most(face.quality.brightness, rules.maximum_brightness)),
        (Reason::Blurred, is_at_least(face.quality.sharpness, rules.minimum_sharpness)),
        (Reason::TurnedAway, is_at_most(turn, rules.maximum_turn) && is_at_most(nod, rules.maximum_nod)),
    ];
    passes.into_iter().find(|(_, passed)| !passed).map(|(reason, _)| reason)
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
    use crate::policy::{Bounds, Landmark};

    fn good_face() -> ObservedFace {
        let mut face = ObservedFace::new(Bounds { x: 10.0, y: 10.0, width: 50.0, height: 60.0 });
        face.quality.sharpness = Some(100.0);
        face.quality.brightness = Some(128.0);
        face.landmarks = Some(
            [(20.0, 30.0), (40.0, 30.0), (31.0, 40.0), (24.0, 50.0), (36.0, 50.0)].map(|(x, y)| Landmark { x, y }),
        );
        face
    }

    #[test]
    fn each_fault_of_a_picture_has_its_reason() {
        let mut rules = Rules::new(1.0);
        rules.minimum_sharpness = Some(50.0);
        rules.minimum_brightness = Some(40.0);
        rules.maximum_brightness = Some(220.0);
        rules.maximum_turn = Some(0.25);
        type Change = fn(&mut ObservedFace);
        let cases: [(Change, Option<Reason>); 22] = [
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
        ];
        for (index, (change, expected)) in cases.into_iter().enumerate() {
            let mut face = good_face();
            change(&mut face);
            assert_eq!(problem(&rules, &face), expected, "case {index}: {face:?}");
            assert!(expected.is_none_or(Reason::is_about_quality));
        }
    }

    #[test]
    fn what_no_rule_asks_for_need_not_be_measured() {
        let mut rules = Rules::new(1.0);
        let mut face = ObservedFace::new(good_face().bounds);
        assert_eq!(problem(&rules, &face), None);
        rules.minimum_face = 0.0;
        face.bounds.width = 0.5;
        assert_eq!(problem(&rules, &face), None);
        face.bounds.width = f32::NAN;
        assert_eq!(problem(&rules, &face), Some(Reason::TooFar), "no minimum makes a face of what is not a place");
    }
}
