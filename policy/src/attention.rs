//! What the loop must determine about the next frame. It asks once per frame, so that no network runs unnecessarily.

use super::gate::QualityGate;
use super::observation::ObservedFace;
use super::rules::{Rules, SeveralFaces};
use shared::gallery::PersonId;

/// Which faces the decision about the next frame depends on, and what must be known about them.
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// Largest number of faces to judge: the largest faces.
    pub faces: usize,
    /// The holder of the presented card: judged faces must be compared with this person too, for
    /// [`ObservedFace::claimed`].
    pub claimed: Option<PersonId>,
    gate: QualityGate,
    encodes_poor_pictures: bool,
}

impl Attention {
    pub(super) fn new(rules: &Rules, claimed: Option<PersonId>, encodes_poor_pictures: bool) -> Self {
        let faces = match rules.several_faces {
            SeveralFaces::AllKnown => usize::MAX,
            SeveralFaces::NearestOnly | SeveralFaces::Refuse => 1,
        };
        Self { faces, claimed, gate: QualityGate::new(rules), encodes_poor_pictures }
    }

    /// Whether a judged face must be encoded: if its picture is good enough, or while a challenge runs, in which every
    /// frame must show the same face. Call it after measuring the face's quality.
    pub fn must_be_encoded(&self, face: &ObservedFace) -> bool {
        self.encodes_poor_pictures || self.gate.problem(face).is_none()
    }
}
