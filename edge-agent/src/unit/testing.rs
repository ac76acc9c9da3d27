//! Grants for tests, made by the policy, because nothing else can make one.

use policy::{Decision, Enrolled, Entry, Now, Observation, ObservedFace, Policy, Resemblance, Rules};
use shared::face::FaceBox;
use shared::gallery::{Gallery, GalleryBuilder, ModelHash, PersonId};

/// An enrolled person.
pub(crate) const PERSON: PersonId = PersonId([7; 16]);

/// An empty gallery.
pub(crate) fn nobody() -> Gallery {
    GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap().build()
}

/// Rules that need only one frame.
pub(crate) fn rules() -> Rules {
    let mut rules = Rules::face_alone(1.0);
    (rules.consensus, rules.consensus_of) = (1, 1);
    rules
}

/// A face at this L2 distance from [`PERSON`].
pub(crate) fn face(distance: f32) -> ObservedFace {
    let mut face = ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: 100.0, height: 120.0 });
    face.resembles = Some(Resemblance::new(Enrolled::new(PERSON), distance));
    face
}

/// A grant.
pub(crate) fn grant() -> Entry {
    let faces = [face(0.5)];
    match Policy::new(rules()).unwrap().decide(&Observation::new(&faces), &Now::trusted(0, 0)) {
        Decision::Grant(grant) => grant,
        other => panic!("{other:?}"),
    }
}
