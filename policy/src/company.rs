//! Which other faces may be at the door when somebody is let in.

use super::gate;
use super::observation::ObservedFace;
use super::reason::Reason;
use super::recognition;
use super::rules::{Rules, SeveralFaces};
use shared::gallery::PersonId;

/// Checks the faces other than the nearest against the rule for several faces. A face whose bounds are not finite
/// counts as being at the door.
pub(super) fn check(
    rules: &Rules,
    faces: &[ObservedFace],
    nearest: Option<usize>,
    person: PersonId,
) -> Result<(), Reason> {
    if is_forbidden(rules, faces, nearest, Some(person)) { Err(Reason::SeveralFaces) } else { Ok(()) }
}

/// Whether there is company that may not be there when this person is let in; `None` for a visitor, who is not enrolled.
fn is_forbidden(rules: &Rules, faces: &[ObservedFace], nearest: Option<usize>, person: Option<PersonId>) -> bool {
    let mut others = others(rules, faces, nearest);
    match rules.several_faces {
        SeveralFaces::NearestOnly => false,
        SeveralFaces::AllKnown => {
            others.any(|face| recognition::known(rules, face).is_none_or(|found| Some(found.best.person) == person))
        }
        SeveralFaces::Refuse => others.next().is_some(),
    }
}

fn others<'a>(
    rules: &'a Rules,
    faces: &'a [ObservedFace],
    nearest: Option<usize>,
) -> impl Iterator<Item = &'a ObservedFace> {
    let is_there = |face: &ObservedFace| gate::is_at_door(rules, face) || !face.bounds.is_finite();
    faces
        .iter()
        .enumerate()
        .filter(move |&(index, face)| Some(index) != nearest && is_there(face))
        .map(|(_, face)| face)
}

/// When forbidden company was last seen. Cards and passes are decided in a single frame, so one frame in which the
/// detector misses the other faces must not be enough.
#[derive(Debug, Default)]
pub(super) struct Company {
    seen_ms: Option<u64>,
}

impl Company {
    /// Looks at the faces of a frame, before anything is decided on it.
    pub(super) fn see(&mut self, rules: &Rules, faces: &[ObservedFace], nearest: Option<usize>, now_ms: u64) {
        if is_forbidden(rules, faces, nearest, None) {
            self.seen_ms = Some(now_ms);
        }
    }

    /// Refuses if forbidden company was seen within the consensus window. A time in the future (the clock went back)
    /// counts as now.
    pub(super) fn check_recent(&self, rules: &Rules, now_ms: u64) -> Result<(), Reason> {
        let is_recent = |seen_ms: u64| now_ms.saturating_sub(seen_ms) <= rules.consensus_window_ms;
        if self.seen_ms.is_some_and(is_recent) { Err(Reason::SeveralFaces) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Enrolled, Resemblance};
    use shared::face::FaceBox;

    const ADA: PersonId = PersonId([1; 16]);
    const BEN: PersonId = PersonId([2; 16]);

    fn face(side: f32, best: Option<(PersonId, f32)>) -> ObservedFace {
        let resembles = best.map(|(person, distance)| Resemblance::new(Enrolled::new(person), distance));
        ObservedFace { resembles, ..ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: side, height: side }) }
    }

    #[test]
    fn company_is_a_matter_of_rules() {
        use SeveralFaces::{AllKnown, NearestOnly, Refuse};
        let stranger = face(45.0, Some((BEN, 1.2)));
        let far_away = face(39.0, Some((BEN, 1.2)));
        let ben = face(45.0, Some((BEN, 0.5)));
        let ada_again = face(45.0, Some((ADA, 0.5)));
        let not_encoded = face(45.0, None);
        let nowhere = face(f32::NAN, None);
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
                let rules = Rules { several_faces, ..Rules::face_alone(1.0) };
                let faces = [face(50.0, Some((ADA, 0.5))), other.clone()];
                assert_eq!(check(&rules, &faces, Some(0), ADA).is_ok(), allowed, "{several_faces:?} {other:?}");
            }
        }
    }
}
