//! Who the nearest face of one frame is, and what in that frame speaks against letting them in. Whether enough frames
//! agree is for `consensus`, whether the person may enter at all for `permission`.

use super::decision::Neighbour;
use super::gate;
use super::observation::{Candidate, ObservedFace, Resemblance};
use super::reason::Reason;
use super::rules::{Rules, SeveralFaces};
use crate::gallery::PersonId;

/// The person whom one of the faces shows beyond doubt, in company that the rules allow.
pub(super) fn recognise(rules: &Rules, faces: &[ObservedFace], nearest: usize) -> Result<Candidate, Reason> {
    let found = faces.get(nearest).and_then(|face| known(rules, face)).ok_or(Reason::NotKnown)?;
    if found.runner_up.is_some_and(|other| is_too_near(rules, &found.best, &other)) {
        return Err(Reason::Ambiguous);
    }
    if !is_company_allowed(rules, faces, nearest, found.best.person) {
        return Err(Reason::SeveralFaces);
    }
    Ok(found.best)
}

/// Whether a face is that of the one person whom a card claims to be there, in company that the rules allow.
pub(super) fn verify(
    rules: &Rules,
    faces: &[ObservedFace],
    nearest: usize,
    holder: PersonId,
) -> Result<Neighbour, Reason> {
    let is_holder =
        |claimed: &Neighbour| claimed.person == holder && (0.0..=rules.threshold).contains(&claimed.distance);
    let found = faces.get(nearest).and_then(|face| face.claimed).filter(is_holder).ok_or(Reason::NotCardHolder)?;
    if !is_company_allowed(rules, faces, nearest, holder) {
        return Err(Reason::SeveralFaces);
    }
    Ok(found)
}

fn known<'a>(rules: &Rules, face: &'a ObservedFace) -> Option<&'a Resemblance> {
    face.resembles.as_ref().filter(|found| (0.0..=rules.threshold).contains(&found.best.distance))
}

/// Also true of a runner-up that is the nearer one, or at no distance at all: then something is wrong with the search.
fn is_too_near(rules: &Rules, best: &Candidate, runner_up: &Candidate) -> bool {
    let farther = runner_up.distance - best.distance;
    let is_known_too = runner_up.distance <= rules.threshold;
    farther.is_nan() || farther < 0.0 || (is_known_too && farther < rules.margin)
}

/// A face of which nobody can tell where it is may be at the door as well.
fn is_company_allowed(rules: &Rules, faces: &[ObservedFace], nearest: usize, person: PersonId) -> bool {
    let mut company = faces
        .iter()
        .enumerate()
        .filter(|&(index, face)| index != nearest && (gate::is_at_door(rules, face) || !face.bounds.is_finite()));
    match rules.several_faces {
        SeveralFaces::NearestOnly => true,
        SeveralFaces::AllKnown => {
            company.all(|(_, face)| known(rules, face).is_some_and(|found| found.best.person != person))
        }
        SeveralFaces::Refuse => company.next().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Bounds;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);

    fn face(side: f32, best: Option<(PersonId, f32)>, runner_up: Option<(PersonId, f32)>) -> ObservedFace {
        let candidate = |(person, distance)| Candidate::new(person, distance);
        let resembles = best.map(|best| Resemblance { best: candidate(best), runner_up: runner_up.map(candidate) });
        ObservedFace { resembles, ..ObservedFace::new(Bounds { x: 0.0, y: 0.0, width: side, height: side }) }
    }

    fn check(rules: &Rules, faces: &[ObservedFace], expected: Result<PersonId, Reason>) {
        assert_eq!(recognise(rules, faces, 0).map(|found| found.person), expected, "{faces:?}");
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
            check(&Rules::new(1.0), &[face(50.0, distance.map(|distance| (ADA, distance)), None)], expected);
        }
        check(&Rules::new(1.0), &[], Err(Reason::NotKnown));
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
            let rules = Rules { margin, ..Rules::new(1.0) };
            check(&rules, &[face(50.0, Some((ADA, best)), Some((BEN, runner_up)))], expected);
        }
    }

    #[test]
    fn a_card_is_compared_with_its_holder_alone() {
        let holder_at = |person, distance| Some(Neighbour { person, distance });
        let refused = Err(Reason::NotCardHolder);
        let cases = [
            (None, refused),
            (holder_at(ADA, 0.0), Ok(0.0)),
            (holder_at(ADA, 1.0), Ok(1.0)),
            (holder_at(ADA, 1.000_001), refused),
            (holder_at(ADA, -0.1), refused),
            (holder_at(ADA, f32::NAN), refused),
            (holder_at(BEN, 0.5), refused),
        ];
        for (claimed, expected) in cases {
            // The face resembles somebody else more, or nobody: neither matters.
            for resembles in [Some((BEN, 0.25)), Some((BEN, 1.2)), None] {
                let judged = ObservedFace { claimed, ..face(50.0, resembles, Some((ADA, 0.25))) };
                let verified = verify(&Rules::new(1.0), &[judged], 0, ADA).map(|found| found.distance);
                assert_eq!(verified, expected, "{claimed:?} {resembles:?}");
            }
        }
        let judged = ObservedFace { claimed: holder_at(ADA, 0.5), ..face(50.0, None, None) };
        for (several_faces, expected) in [(SeveralFaces::NearestOnly, true), (SeveralFaces::Refuse, false)] {
            let rules = Rules { several_faces, ..Rules::new(1.0) };
            assert_eq!(verify(&rules, &[judged, face(45.0, None, None)], 0, ADA).is_ok(), expected);
        }
        assert!(verify(&Rules::new(1.0), &[], 0, ADA).is_err());
    }

    #[test]
    fn company_is_a_matter_of_rules() {
        use SeveralFaces::{AllKnown, NearestOnly, Refuse};
        let stranger = face(45.0, Some((BEN, 1.2)), None);
        let far_away = face(39.0, Some((BEN, 1.2)), None);
        let ben = face(45.0, Some((BEN, 0.5)), None);
        let ada_again = face(45.0, Some((ADA, 0.5)), None);
        let not_encoded = face(45.0, None, None);
        let nowhere = face(f32::NAN, None, None);
        let cases = [
            (stranger, [(NearestOnly, true), (AllKnown, false), (Refuse, false)]),
            (far_away, [(NearestOnly, true), (AllKnown, true), (Refuse, true)]),
            (ben, [(NearestOnly, true), (AllKnown, true), (Refuse, false)]),
            (ada_again, [(NearestOnly, true), (AllKnown, false), (Refuse, false)]),
            (not_encoded, [(NearestOnly, true), (AllKnown, false), (Refuse, false)]),
            (nowhere, [(NearestOnly, true), (AllKnown, false), (Refuse, false)]),
        ];
        for (other, by_rule) in cases {
            for (several_faces, allowed) in by_rule {
                let rules = Rules { several_faces, ..Rules::new(1.0) };
                let expected = if allowed { Ok(ADA) } else { Err(Reason::SeveralFaces) };
                check(&rules, &[face(50.0, Some((ADA, 0.5)), None), other], expected);
                check(&rules, &[face(50.0, Some((ADA, 1.1)), None), other], Err(Reason::NotKnown));
            }
        }
    }
}
