//! Property tests: a person who stands still is let in, and frames of two people never form one consensus. The unit's
//! soak test checks that each grant meets all requirements: its oracle also models cards, hours and liveness.

use super::*;
use alloc::sync::Arc;
use proptest::prelude::*;
use shared::encoding::Encoding;
use shared::face::FaceBox;
use shared::gallery::PersonId;
use std::vec::Vec;

/// A face at a fixed place, at this distance from person 1 and farther from everybody else.
fn at(distance: f32) -> ObservedFace {
    let found = Resemblance::new(Enrolled::new(PersonId([1; 16])), distance).beside(PersonId([9; 16]), distance + 0.2);
    let bounds = FaceBox { x: 0.0, y: 0.0, width: 60.0, height: 60.0 };
    ObservedFace { resembles: Some(found), ..ObservedFace::new(bounds) }
}

fn rules() -> impl Strategy<Value = Rules> {
    let several_faces =
        prop_oneof![Just(SeveralFaces::NearestOnly), Just(SeveralFaces::AllKnown), Just(SeveralFaces::Refuse)];
    (1..=4_usize, 0..3_usize, 200..3000_u64, 200..2000_u64, several_faces).prop_map(
        |(consensus, more, consensus_window_ms, approach_gap_ms, several_faces)| Rules {
            consensus,
            consensus_of: consensus + more,
            consensus_window_ms,
            approach_gap_ms,
            several_faces,
            minimum_face: 50.0,
            ..Rules::face_alone(1.0)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The rules let in everybody who meets all requirements.
    #[test]
    fn a_known_person_who_stands_still_is_let_in(rules in rules(), between_ms in 0..100_u64, strangers in 0..40_usize) {
        let mut policy = Policy::new(Rules { approach_gap_ms: 400, consensus_window_ms: 400, ..rules }).unwrap();
        for frame in 0..strangers + rules.consensus {
            let is_stranger = frame < strangers;
            let faces = [at(if is_stranger { 1.2 } else { 0.9 })];
            let decision = policy.decide(&Observation::new(&faces), &Now::new(0, between_ms * frame as u64));
            prop_assert_eq!(matches!(decision, Decision::Grant(_)), frame + 1 == strangers + rules.consensus);
        }
    }

    /// Frames of two people never form one consensus, however they come and go at one place. All of them are near
    /// enough to the same enrolled person, and the frames that agree must still be of one of them.
    #[test]
    fn frames_that_agree_show_one_face(
        frames in proptest::collection::vec((0..400_u64, prop_oneof![3 => Just(None), 8 => (0..3_u8).prop_map(Some)]), 1..60),
    ) {
        let mut policy = Policy::new(Rules::face_alone(1.0)).unwrap();
        let mut now_ms = 0;
        // When the current face was seen, since the last other face.
        let (mut who, mut seen_ms): (_, Vec<u64>) = (None, Vec::new());
        for (passed_ms, body) in frames {
            now_ms += passed_ms;
            if body.is_some() && body != who {
                who = body;
                seen_ms.clear();
            }
            seen_ms.extend(body.map(|_| now_ms));
            let faces: Vec<ObservedFace> = body.iter().map(|body| of_body(*body)).collect();
            let decision = policy.decide(&Observation::new(&faces), &Now::trusted(0, now_ms));
            let of_one = seen_ms.iter().rev().take(5).filter(|at_ms| now_ms - **at_ms <= 2000).count();
            let Decision::Grant(grant) = decision else { continue };
            prop_assert!(grant.distances().len() <= of_one, "{} frames agree, {of_one} show one face", grant.distances().len());
        }
    }

    /// Flashing infrared emitters leave every second frame dark.
    #[test]
    fn frames_without_a_face_do_not_prevent_a_grant(dark in proptest::collection::vec(0..4_u64, 3)) {
        let mut policy = Policy::new(Rules::face_alone(1.0)).unwrap();
        let mut now_ms = 0;
        let mut is_let_in = false;
        for dark in dark {
            for _ in 0..dark {
                now_ms += 150;
                let _ = policy.decide(&Observation::new(&[]), &Now::trusted(0, now_ms));
            }
            now_ms += 150;
            let decision = policy.decide(&Observation::new(&[of_body(0)]), &Now::trusted(0, now_ms));
            is_let_in |= matches!(decision, Decision::Grant(_));
        }
        prop_assert!(is_let_in);
    }
}

/// A face at a fixed place, near enough to person 1. Encodings of different `body` are too far apart for the same face.
fn of_body(body: u8) -> ObservedFace {
    let angle = 2.0 * f32::from(body);
    let encoding = Encoding::from_network(&[libm::cosf(angle), libm::sinf(angle)]).unwrap();
    ObservedFace { encoding: Some(Arc::new(encoding)), ..at(0.9) }
}
