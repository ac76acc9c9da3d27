//! Face recognition that is switched off.

use super::*;
use shared::face::FaceBox;
use shared::gallery::{Mode, PersonId};

const ADA: PersonId = PersonId([1; 16]);

struct Door {
    policy: Policy,
    now_ms: u64,
}

impl Door {
    fn new(mode: Mode) -> Self {
        let rules = Rules { mode, consensus: 2, consensus_of: 2, ..Rules::face_alone(1.0) };
        Self { policy: Policy::new(rules).unwrap(), now_ms: 0 }
    }

    fn now(&self) -> Now {
        Now::trusted(0, self.now_ms)
    }

    fn present_card(&mut self) {
        self.policy.present_card(&PresentedCard::Of(Enrolled::new(ADA)), &self.now());
    }

    /// Shows Ada's face, or nobody. The face has everything that a unit would measure if face recognition were on.
    fn see(&mut self, has_face: bool) -> Result<Credential, Option<Reason>> {
        self.now_ms += 100;
        let mut face = ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: 100.0, height: 100.0 });
        face.resembles = Some(Resemblance::new(Enrolled::new(ADA), 0.5));
        face.claimed = Some(Claimed::new(ADA, 0.5));
        let faces = if has_face { alloc::vec![face] } else { Vec::new() };
        match self.policy.decide(&Observation::new(&faces), &self.now()) {
            Decision::Grant(entry) => Ok(entry.credential()),
            Decision::Refuse(refusal) => Err(Some(refusal.reason)),
            Decision::Nobody | Decision::Admit(_) => Err(None),
        }
    }
}

#[test]
fn nobody_is_let_in_by_a_face_and_a_card_is_worth_what_it_was() {
    let off = Err(Some(Reason::FaceRecognitionOff));
    for (mode, has_card, has_face, expected) in [
        (Mode::Face, false, true, off),
        (Mode::Face, true, true, off),
        (Mode::Face, true, false, Err(None)),
        (Mode::CardOrFace, false, true, off),
        (Mode::CardOrFace, true, true, Ok(Credential::Card)),
        (Mode::CardOrFace, true, false, Ok(Credential::Card)),
        (Mode::Card, true, false, Ok(Credential::Card)),
        (Mode::CardAndFace, false, true, off),
        (Mode::CardAndFace, true, true, off),
        (Mode::CardAndFace, true, false, off),
        (Mode::CardAndFace, false, false, Err(None)),
    ] {
        let mut door = Door::new(mode);
        door.policy.set_face_recognition(false);
        if has_card {
            door.present_card();
        }
        let first = door.see(has_face);
        let found = if first.is_ok() { first } else { (0..10).map(|_| door.see(has_face)).next_back().unwrap() };
        assert_eq!(found, expected, "{mode:?}, card {has_card}, face {has_face}");
    }
}

#[test]
fn nothing_is_measured_about_a_face_and_nobody_has_failed() {
    let mut door = Door::new(Mode::CardAndFace);
    door.present_card();
    door.policy.set_face_recognition(false);
    let attention = door.policy.attention();
    let face = ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: 100.0, height: 100.0 });
    assert_eq!((attention.faces, attention.claimed, attention.lamp), (0, None, LampUse::Off));
    assert!(!attention.must_be_encoded(&face) && !attention.network && !attention.infrared);
    for _ in 0..200 {
        assert_eq!(door.see(true), Err(Some(Reason::FaceRecognitionOff)));
    }
    assert_eq!(door.policy.failures(None), []);
    door.policy.set_face_recognition(true);
    assert!(door.policy.attention().must_be_encoded(&face));
}

/// Frames from before count no longer: somebody else may stand there.
#[test]
fn a_person_is_recognised_anew_once_it_is_on_again() {
    let mut door = Door::new(Mode::Face);
    assert_eq!(door.see(true), Err(Some(Reason::Deciding)));
    door.policy.set_face_recognition(false);
    assert_eq!(door.see(true), Err(Some(Reason::FaceRecognitionOff)));
    door.policy.start_afresh(*door.policy.rules(), &door.now()).unwrap();
    assert!(!door.policy.recognises_faces(), "a new database does not switch it on");
    door.policy.set_face_recognition(true);
    assert_eq!(door.see(true), Err(Some(Reason::Deciding)));
    assert_eq!(door.see(true), Ok(Credential::Face));
}
