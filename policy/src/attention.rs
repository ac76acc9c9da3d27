//! What the loop must determine about the next frame. It asks once per frame, so that no network runs unnecessarily.

use super::gate::QualityGate;
use super::observation::ObservedFace;
use super::rules::{Rules, SeveralFaces};
use super::signals::LampUse;
use shared::gallery::PersonId;

/// Which faces the decision about the next frame depends on, and what must be known about them.
#[derive(Debug, Clone, Copy)]
pub struct Attention {
    /// Largest number of faces to judge: the largest faces. 0 while face recognition is off.
    pub faces: usize,
    /// The holder of the presented card: judged faces must be compared with this person too, for
    /// [`ObservedFace::claimed`].
    pub claimed: Option<PersonId>,
    /// What the lamp must do until the next frame.
    pub lamp: LampUse,
    /// Whether the PAD network must judge the nearest face, for [`ObservedFace::bona_fide`].
    pub network: bool,
    /// Whether the infrared camera must look at the nearest face.
    pub infrared: bool,
    gate: QualityGate,
    encodes_poor_pictures: bool,
}

impl Attention {
    /// `encodes_poor_pictures` while a challenge or a trial of the lamp runs: all of its frames must show one face.
    pub(super) fn new(rules: &Rules, claimed: Option<PersonId>, encodes_poor_pictures: bool) -> Self {
        let faces = match rules.several_faces {
            SeveralFaces::AllKnown => usize::MAX,
            SeveralFaces::NearestOnly | SeveralFaces::Refuse => 1,
        };
        let (lamp, gate) = (LampUse::Off, QualityGate::new(rules));
        Self { faces, claimed, lamp, network: false, infrared: false, gate, encodes_poor_pictures }
    }

    /// While face recognition is off: faces are counted, and nothing is measured about anybody.
    pub(super) fn without_faces(rules: &Rules) -> Self {
        Self { faces: 0, ..Self::new(rules, None, false) }
    }

    /// Whether a judged face must be encoded: if its picture is good enough, or while a challenge or a trial of the lamp
    /// runs, in which every frame must show the same face; never while face recognition is off. Call it after measuring the
    /// face's quality.
    pub fn must_be_encoded(&self, face: &ObservedFace) -> bool {
        self.faces > 0 && (self.encodes_poor_pictures || self.gate.problem(face).is_none())
    }
}
