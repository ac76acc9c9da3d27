//! Recognises the nearest face in a single frame. `company` handles other faces, `consensus` the agreement over frames,
//! and `permission` the permissions.

use super::enrolled::{Enrolled, Neighbour, Resemblance};
use super::gate;
use super::observation::ObservedFace;
use super::reason::Reason;
use super::rules::Rules;
use shared::gallery::PersonId;

/// A person recognised without ambiguity in one frame. Only this module makes one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Recognised {
    holder: Enrolled,
    nearest: Neighbour,
    runner_up: Option<Neighbour>,
}

impl Recognised {
    pub(super) fn holder(&self) -> &Enrolled {
        &self.holder
    }

    pub(super) fn person(&self) -> PersonId {
        self.holder.person
    }

    /// The person, at the L2 distance of this frame.
    pub(super) fn nearest(&self) -> Neighbour {
        self.nearest
    }

    /// The nearest other person.
    pub(super) fn runner_up(&self) -> Option<Neighbour> {
        self.runner_up
    }
}

/// Identifies a face among everybody enrolled (1:N).
pub(super) fn recognise(rules: &Rules, face: &ObservedFace) -> Result<Recognised, Reason> {
    let found = known(rules, face).ok_or(Reason::NotKnown)?;
    if found.runner_up.is_some_and(|other| is_too_near(rules, found.distance, other.distance)) {
        return Err(Reason::Ambiguous);
    }
    let nearest = Neighbour { person: found.best.person, distance: found.distance };
    Ok(Recognised { holder: found.best, nearest, runner_up: Neighbour::runner_up_of(found) })
}

/// Verifies a face against the holder of the presented card (1:1), and that it belongs to nobody else enrolled: it may
/// be nearer to another person by at most the margin, or by more if the two are recorded look-alikes.
pub(super) fn verify(rules: &Rules, face: &ObservedFace, holder: &Enrolled) -> Result<Recognised, Reason> {
    let is_holder = |claimed: &&super::Claimed| {
        let is_near = (0.0..=rules.threshold).contains(&claimed.distance);
        claimed.person == holder.person && is_near && claimed.is_clear && gate::is_recognisable(face)
    };
    let found = face.claimed.as_ref().filter(is_holder).ok_or(Reason::NotCardHolder)?;
    let is_much_nearer = |other: &Neighbour| {
        let nearer = found.distance - other.distance;
        nearer.is_nan() || nearer > rules.margin
    };
    if found.other.as_ref().is_some_and(is_much_nearer) {
        return Err(Reason::NearerToAnother);
    }
    let nearest = Neighbour { person: found.person, distance: found.distance };
    Ok(Recognised { holder: *holder, nearest, runner_up: found.other })
}

/// The person that a face resembles, if within the threshold. A barely recognisable face matches nobody.
pub(super) fn known<'a>(rules: &Rules, face: &'a ObservedFace) -> Option<&'a Resemblance> {
    let is_near = |found: &&Resemblance| (0.0..=rules.threshold).contains(&found.distance);
    face.resembles.as_ref().filter(is_near).filter(|found| found.is_clear && gate::is_recognisable(face))
}

/// Also true if the runner-up is nearer than the best match, or its distance is NaN: the search is faulty then.
fn is_too_near(rules: &Rules, best: f32, runner_up: f32) -> bool {
    let farther = runner_up - best;
    let is_known_too = runner_up <= rules.threshold;
    farther.is_nan() || farther < 0.0 || (is_known_too && farther < rules.margin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Claimed;
    use shared::face::FaceBox;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);

    fn face(side: f32, best: Option<(PersonId, f32)>, runner_up: Option<(PersonId, f32)>) -> ObservedFace {
        let resembles = best.map(|(person, distance)| {
            let found = Resemblance::new(Enrolled::new(person), distance);
            runner_up.map_or(found, |(other, distance)| found.beside(other, distance))
        });
        ObservedFace { resembles, ..ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: side, height: side }) }
    }

    fn check(rules: &Rules, face: &ObservedFace, expected: Result<PersonId, Reason>) {
        assert_eq!(recognise(rules, face).map(|found| found.person()), expected, "{face:?}");
    }

    #[test]
    fn the_nearest_within_the_threshold_is_known() {
        let cases = [
            (None, Err(Reason::NotKnown)),
            (Some(0.0), Ok(ADA)),
            (Some(1.0), Ok(ADA)),
            (Some(1.000_001), Err(Reason::NotKnown)),
            (Some(-0.1), Err(Reason::NotKnown)),
            (Some(f32::NAN), Err(Reason::NotKnown)),
            (Some(f32::INFINITY), Err(Reason::NotKnown)),
            (Some(f32::NEG_INFINITY), Err(Reason::NotKnown)),
        ];
        for (distance, expected) in cases {
            check(&Rules::face_alone(1.0), &face(50.0, distance.map(|distance| (ADA, distance)), None), expected);
        }
    }

    #[test]
    fn two_people_both_near_are_ambiguous() {
        let cases = [
            (0.125, 0.5, 0.75, Ok(ADA)),
            (0.125, 0.5, 0.625, Ok(ADA)),
            (0.125, 0.5, 0.5625, Err(Reason::Ambiguous)),
            (0.125, 0.5, 0.5, Err(Reason::Ambiguous)),
            (0.125, 1.0, 1.0, Err(Reason::Ambiguous)),
            (0.125, 1.0, 1.0625, Ok(ADA)),
            (0.125, 0.5, f32::INFINITY, Ok(ADA)),
            (0.125, 0.5, f32::NAN, Err(Reason::Ambiguous)),
            (0.0, 0.5, 0.5, Ok(ADA)),
            (0.0, 0.5, 0.25, Err(Reason::Ambiguous)),
            (0.0, 0.5, f32::NAN, Err(Reason::Ambiguous)),
        ];
        for (margin, best, runner_up, expected) in cases {
            let rules = Rules { margin, ..Rules::face_alone(1.0) };
            check(&rules, &face(50.0, Some((ADA, best)), Some((BEN, runner_up))), expected);
        }
    }

    #[test]
    fn a_hardly_recognisable_face_matches_nobody() {
        let ada = Enrolled::new(ADA);
        for (recognisable, is_clear, expected) in
            [(None, true, true), (Some(true), true, true), (Some(false), true, false), (Some(true), false, false)]
        {
            let mut judged = face(50.0, Some((ADA, 0.25)), None);
            judged.quality.recognisable = recognisable;
            judged.resembles.as_mut().unwrap().is_clear = is_clear;
            judged.claimed = Some(Claimed { is_clear, ..Claimed::new(ADA, 0.25) });
            assert_eq!(recognise(&Rules::face_alone(1.0), &judged).is_ok(), expected, "{recognisable:?} {is_clear}");
            assert_eq!(verify(&Rules::face_alone(1.0), &judged, &ada).is_ok(), expected, "{recognisable:?} {is_clear}");
        }
    }

    #[test]
    fn a_card_needs_the_face_of_its_holder() {
        let refused = Err(Reason::NotCardHolder);
        let cases = [
            (None, refused),
            (Some(Claimed::new(ADA, 0.0)), Ok(0.0)),
            (Some(Claimed::new(ADA, 1.0)), Ok(1.0)),
            (Some(Claimed::new(ADA, 1.000_001)), refused),
            (Some(Claimed::new(ADA, -0.1)), refused),
            (Some(Claimed::new(ADA, f32::NAN)), refused),
            (Some(Claimed::new(BEN, 0.5)), refused),
        ];
        let ada = Enrolled::new(ADA);
        for (claimed, expected) in cases {
            let judged = ObservedFace { claimed, ..face(50.0, None, None) };
            let verified = verify(&Rules::face_alone(1.0), &judged, &ada).map(|found| found.nearest().distance);
            assert_eq!(verified, expected, "{claimed:?}");
        }
    }

    /// A regression: Ben with Ada's card. At 1.05 his face was near enough to hers.
    #[test]
    fn a_card_is_refused_to_a_face_nearer_to_somebody_else() {
        let ada = Enrolled::new(ADA);
        for (margin, to_ada, to_ben, is_ada) in [
            (0.05, 1.05, 0.3, false),
            (0.05, 0.5, 0.4, false),
            (0.0625, 0.5, 0.4375, true),
            (0.0, 0.5, 0.5, true),
            (0.0, 0.5, 0.4375, false),
            (0.05, 0.5, 1.25, true),
            (0.05, 0.5, f32::INFINITY, true),
            (0.05, 0.5, f32::NAN, false),
            (0.05, 0.5, f32::NEG_INFINITY, false),
        ] {
            let claimed = Some(Claimed::new(ADA, to_ada).beside(Neighbour { person: BEN, distance: to_ben }));
            let judged = ObservedFace { claimed, ..face(50.0, None, None) };
            let verified = verify(&Rules { margin, ..Rules::face_alone(1.07) }, &judged, &ada);
            let expected = if is_ada { Ok(ADA) } else { Err(Reason::NearerToAnother) };
            assert_eq!(verified.map(|found| found.person()), expected, "{margin} {to_ada} {to_ben}");
        }
    }
}
