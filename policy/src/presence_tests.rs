//! The liveness signals, from the first recognised frame to the grant.

use super::*;
use alloc::sync::Arc;
use alloc::vec::Vec;
use shared::encoding::Encoding;
use shared::face::FaceBox;
use shared::gallery::{Mode, PersonId};

const ADA: PersonId = PersonId([1; 16]);

/// Ada at this distance, with an encoding at this angle.
fn ada(distance: f32, angle: f32) -> ObservedFace {
    let mut face = ObservedFace::new(FaceBox { x: 0.0, y: 0.0, width: 100.0, height: 100.0 });
    face.resembles = Some(Resemblance::new(Enrolled::new(ADA), distance));
    face.claimed = Some(Claimed::new(ADA, distance));
    face.encoding = Some(Arc::new(Encoding::from_network(&[libm::cosf(angle), libm::sinf(angle)]).unwrap()));
    face
}

fn requiring(signals: &[Signal]) -> Rules {
    let required = signals.iter().copied().collect();
    Rules { mode: Mode::Face, liveness: LivenessRules { required, ..LivenessRules::NONE }, ..Rules::new(1.0) }
}

/// A door that is shown one frame every 100 ms.
struct Door {
    policy: Policy,
    now_ms: u64,
}

impl Door {
    fn new(rules: Rules) -> Self {
        Self { policy: Policy::new(rules).unwrap(), now_ms: 0 }
    }

    fn see(&mut self, face: ObservedFace, lamp: Option<LampReport>) -> Result<Entry, Option<Reason>> {
        self.now_ms += 100;
        let now = Now::trusted(0, self.now_ms);
        match self.policy.decide(&Observation::new(&[face]).with_lamp(lamp.as_ref()), &now) {
            Decision::Grant(grant) => Ok(grant),
            Decision::Refuse(refusal) => Err(Some(refusal.reason)),
            Decision::Nobody | Decision::Admit(_) => Err(None),
        }
    }

    fn lamp(&self) -> LampUse {
        self.policy.attention().lamp
    }

    fn trial(&self) -> Trial {
        match self.lamp() {
            LampUse::Play(trial) => trial,
            other => panic!("the lamp plays no code: {other:?}"),
        }
    }
}

fn live(trial: Trial) -> Option<LampReport> {
    Some(LampReport { trial, report: Report::live(Signal::Lamp).with("at_once", 0.9) })
}

#[test]
fn the_lamp_plays_from_the_first_recognised_frame() {
    let mut door = Door::new(requiring(&[Signal::Lamp]));
    assert_eq!(door.lamp(), LampUse::Off, "nobody is there");
    assert_eq!(door.see(ada(1.3, 0.0), None), Err(Some(Reason::NotKnown)));
    assert_eq!(door.lamp(), LampUse::Light, "a stranger is lit, but the code is not played");
    assert_eq!(door.see(ada(0.5, 0.0), None), Err(Some(Reason::Deciding)));
    let trial = door.trial();
    assert_eq!(door.see(ada(0.5, 0.0), None), Err(Some(Reason::Deciding)));
    assert_eq!(door.see(ada(0.5, 0.0), None), Err(Some(Reason::LivenessPending)), "enough frames agree");
    let grant = door.see(ada(0.5, 0.0), live(trial)).unwrap();
    assert_eq!(grant.signals(), [Report::live(Signal::Lamp).with("at_once", 0.9)]);
    assert_ne!(door.lamp(), LampUse::Play(trial), "one grant for each trial");
}

/// An attacker answers the lamp with their own head, then holds up a photo of Ada; or the other way round.
#[test]
fn the_evidence_of_one_face_does_not_count_for_another() {
    let mut door = Door::new(requiring(&[Signal::Lamp]));
    for _ in 0..3 {
        assert!(door.see(ada(0.5, 0.0), None).is_err());
    }
    let trial = door.trial();
    // Another face: its encoding is far from the first.
    assert!(door.see(ada(0.5, 1.4), live(trial)).is_err());
    assert_ne!(door.trial(), trial);
    for _ in 0..3 {
        assert_eq!(door.see(ada(0.5, 1.4), live(trial)).map_err(|why| why.is_some()), Err(true));
    }
    assert!(door.see(ada(0.5, 1.4), live(door.trial())).is_ok());
}

#[test]
fn a_face_alone_needs_a_signal_or_a_plain_yes() {
    let refused = Rules { mode: Mode::Face, ..Rules::new(1.0) };
    let cases = [
        ("the default", refused, false, Err(Reason::CardNeeded)),
        ("the default, with a card", refused, true, Ok(Credential::CardAndFace)),
        ("accepted", Rules::face_alone(1.0), false, Ok(Credential::Face)),
        ("accepted, with a card that is not needed", Rules::face_alone(1.0), true, Ok(Credential::Face)),
    ];
    for (what, rules, with_card, expected) in cases {
        let mut door = Door::new(rules);
        if with_card {
            door.policy.present_card(&PresentedCard::Of(Enrolled::new(ADA)), &Now::trusted(0, 0));
        }
        let results: Vec<_> = (0..3).map(|_| door.see(ada(0.5, 0.0), None)).collect();
        let last = results.into_iter().next_back().unwrap();
        assert_eq!(last.map(|grant| grant.credential()), expected.map_err(Some), "{what}");
    }
}

/// Each signal in turn is silent, then reports an attack: no face alone opens, and a card helps only against silence.
#[test]
fn every_signal_broken_or_absent_in_turn() {
    for signal in [Signal::Network, Signal::Infrared, Signal::Lamp] {
        for with_card in [false, true] {
            let mut door = Door::new(requiring(&[signal]));
            let mode = if with_card { Mode::CardAndFace } else { Mode::Face };
            door.policy.start_afresh(Rules { mode, ..requiring(&[signal]) }, &Now::trusted(0, 0)).unwrap();
            if with_card {
                door.policy.present_card(&PresentedCard::Of(Enrolled::new(ADA)), &Now::trusted(0, 0));
            }
            let frames = LONGEST_ANSWER_MS / 100 + 5;
            let results: Vec<_> = (0..frames).map(|_| door.see(ada(0.5, 0.0), None)).collect();
            let granted = results.iter().position(Result::is_ok);
            if with_card {
                assert!(granted.is_some_and(|frame| frame > 3), "{signal}: a card helps, once the signal is given up");
            } else {
                assert_eq!(granted, None, "{signal}");
                assert_eq!(results.last().unwrap(), &Err(Some(signal.reason_if_unsure())), "{signal}");
                assert_eq!(door.policy.failures(None), [], "{signal}: that is no failed attempt");
            }
        }
    }
}

#[test]
fn attacks_that_the_lamp_finds_lock_out() {
    let mut door = Door::new(requiring(&[Signal::Lamp]));
    for number in 1..=5 {
        for _ in 0..6 {
            let attack = |trial| LampReport { trial, report: Report::not_live(Signal::Lamp, "flat") };
            let report = match door.lamp() {
                LampUse::Play(trial) => Some(attack(trial)),
                LampUse::Off | LampUse::Light => None,
            };
            assert!(door.see(ada(0.5, 0.0), report).is_err());
        }
        door.now_ms += 60_000;
        let _ = door.policy.decide(&Observation::new(&[]), &Now::trusted(0, door.now_ms));
        let approach = door.policy.take_ended_approach().unwrap();
        let reason = if number < 5 { Reason::NotLitLikeAHead } else { Reason::LockedOut };
        assert_eq!(approach.reason, Some(reason));
        assert_eq!(approach.signals.as_slice(), [Report::not_live(Signal::Lamp, "flat")]);
    }
    assert_eq!(door.policy.failures(None), [Failures { kind: Kind::Face, failures: 5 }]);
}

/// The lamp of a door for cards stays dark until a card is presented.
#[test]
fn passers_by_at_a_card_door_are_not_lit() {
    let mut door = Door::new(Rules { mode: Mode::CardAndFace, ..requiring(&[Signal::Lamp]) });
    for _ in 0..5 {
        assert_eq!(door.see(ada(0.5, 0.0), None).map(drop).map_err(|why| why.is_some()), Err(true));
        assert_eq!(door.lamp(), LampUse::Off);
    }
    door.policy.present_card(&PresentedCard::Of(Enrolled::new(ADA)), &Now::trusted(0, door.now_ms));
    assert_eq!(door.lamp(), LampUse::Light);
    assert_eq!(door.see(ada(0.5, 0.0), None), Err(Some(Reason::Deciding)));
    let trial = door.trial();
    for _ in 0..2 {
        assert!(door.see(ada(0.5, 0.0), None).is_err());
    }
    assert_eq!(door.see(ada(0.5, 0.0), live(trial)).map(|grant| grant.credential()), Ok(Credential::CardAndFace));
}

/// A recorded signal delays the grant until it reports, and then refuses nobody.
#[test]
fn a_recorded_signal_only_records() {
    let mut rules = Rules::face_alone(1.0);
    rules.liveness.recorded = Signals::only(Signal::Lamp);
    let mut door = Door::new(rules);
    for reason in [Reason::Deciding, Reason::Deciding, Reason::LivenessPending] {
        assert_eq!(door.see(ada(0.5, 0.0), None), Err(Some(reason)));
    }
    let report = Report::not_live(Signal::Lamp, "flat");
    let answer = LampReport { trial: door.trial(), report: report.clone() };
    assert_eq!(door.see(ada(0.5, 0.0), Some(answer)).unwrap().signals(), [report]);
}
