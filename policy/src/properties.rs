//! Property tests: no sequence of observations yields a grant that a simple oracle forbids.

use super::*;
use alloc::sync::Arc;
use proptest::prelude::*;
use shared::encoding::Encoding;
use shared::face::FaceBox;
use shared::gallery::{Mode, PersonId};
use std::collections::BTreeSet;
use std::vec::Vec;

/// Faces at one place overlap from frame to frame; those at different places never do.
#[derive(Debug, Clone)]
struct Face {
    place: u8,
    side: f32,
    person: u8,
    distance: f32,
    runner_up: Option<f32>,
}

#[derive(Debug, Clone)]
struct Frame {
    passed_ms: i64,
    utc_ms: i64,
    clock_is_trusted: bool,
    is_grey: bool,
    faces: Vec<Face>,
}

/// At 0.9 a face is known in colour alone.
const GREY_THRESHOLD: f32 = 0.8;

/// Person 3 needs a card; person 4 may enter from second 10 until before second 20.
fn enrolled(person: u8) -> Enrolled {
    let mut enrolled = Enrolled::new(PersonId([person; 16]));
    match person {
        3 => enrolled.mode = Mode::CardAndFace,
        4 => (enrolled.valid_from, enrolled.valid_until) = (Some(10), Some(20)),
        _ => (),
    }
    enrolled
}

impl Face {
    fn observed(&self) -> ObservedFace {
        let found = Resemblance::new(enrolled(self.person), self.distance);
        let found = match self.runner_up {
            Some(farther) => found.beside(PersonId([9; 16]), self.distance + farther),
            None => found,
        };
        let bounds = FaceBox { x: 500.0 * f32::from(self.place), y: 0.0, width: self.side, height: self.side };
        ObservedFace { resembles: Some(found), ..ObservedFace::new(bounds) }
    }
}

fn faces() -> impl Strategy<Value = Vec<Face>> {
    let distance = prop_oneof![
        6 => Just(0.9_f32),
        6 => Just(0.8),
        2 => Just(1.0),
        1 => Just(1.01),
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::NEG_INFINITY),
    ];
    let side = prop_oneof![16 => Just(60.0_f32), 4 => Just(80.0), 1 => Just(30.0), 1 => Just(f32::NAN), 1 => Just(f32::INFINITY)];
    let runner_up =
        prop_oneof![8 => Just(None), 8 => Just(Some(0.2_f32)), 1 => Just(Some(0.01)), 1 => Just(Some(f32::NAN))];
    let place = prop_oneof![8 => Just(0_u8), 1 => Just(1)];
    let person = prop_oneof![10 => Just(1_u8), 3 => Just(2), 1 => Just(3), 4 => Just(4)];
    let face = (place, side, person, distance, runner_up).prop_map(|(place, side, person, distance, runner_up)| Face {
        place,
        side,
        person,
        distance,
        runner_up,
    });
    prop_oneof![
        1 => Just(Vec::new()),
        10 => proptest::collection::vec(face.clone(), 1),
        2 => proptest::collection::vec(face, 2..4),
    ]
}

fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let passed_ms = prop_oneof![16 => 0..300_i64, 1 => 300..3000_i64, 1 => -3000..0_i64];
    let is_grey = prop_oneof![3 => Just(false), 1 => Just(true)];
    let frame = (passed_ms, 9_000..21_000_i64, any::<bool>(), is_grey, faces()).prop_map(
        |(passed_ms, utc_ms, clock_is_trusted, is_grey, faces)| Frame {
            passed_ms,
            utc_ms,
            clock_is_trusted,
            is_grey,
            faces,
        },
    );
    proptest::collection::vec(frame, 1..60)
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
            grey_threshold: GREY_THRESHOLD,
            ..Rules::new(1.0)
        },
    )
}

fn is_big(face: &Face) -> bool {
    face.side.is_finite() && face.side >= 50.0
}

fn is_known(frame: &Frame, face: &Face) -> bool {
    face.distance.is_finite() && face.distance <= threshold(frame)
}

fn threshold(frame: &Frame) -> f32 {
    if frame.is_grey { GREY_THRESHOLD } else { 1.0 }
}

/// What a frame needs to speak for a person.
fn speaks_for(rules: &Rules, frame: &Frame, nearest: usize) -> Option<u8> {
    let face = &frame.faces[nearest];
    let is_clear = face.runner_up.is_none_or(|farther| farther >= 0.05 || face.distance + farther > threshold(frame));
    let others = frame
        .faces
        .iter()
        .enumerate()
        .filter(|&(index, other)| index != nearest && (is_big(other) || !other.side.is_finite()));
    let company_is_fine = match rules.several_faces {
        SeveralFaces::NearestOnly => true,
        SeveralFaces::AllKnown => {
            others.map(|(_, other)| other).all(|other| is_known(frame, other) && other.person != face.person)
        }
        SeveralFaces::Refuse => others.count() == 0,
    };
    (is_known(frame, face) && is_clear && company_is_fine).then_some(face.person)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_grant_has_everything_that_it_needs(rules in rules(), frames in frames()) {
        let mut policy = Policy::new(rules).unwrap();
        let mut now_ms = 10_000_u64;
        let mut judged: Vec<(u64, Option<u8>)> = Vec::new();
        let mut place = None;
        let mut seen_ms = None;
        let mut let_in = BTreeSet::new();
        let (mut approaches, mut grants, mut recorded_grants) = (0, 0, 0);

        for frame in &frames {
            let earlier_ms = now_ms;
            now_ms = now_ms.saturating_add_signed(frame.passed_ms);
            if seen_ms.is_some_and(|seen_ms| now_ms.saturating_sub(seen_ms) >= rules.approach_gap_ms) {
                seen_ms = None;
            }
            seen_ms = seen_ms.map(|seen_ms| now_ms.min(seen_ms));
            if now_ms < earlier_ms {
                judged.clear();
            }

            let observed: Vec<ObservedFace> = frame.faces.iter().map(Face::observed).collect();
            let observation = Observation::new(&observed).in_grey(frame.is_grey);
            let now = Now {
                clock: if frame.clock_is_trusted { ClockTrust::Trusted } else { ClockTrust::Unknown },
                ..Now::new(frame.utc_ms, now_ms)
            };
            let decision = policy.decide(&observation, &now);
            recorded_grants += policy.take_ended_approach().map_or(0, |approach| { approaches -= 1; approach.grants });

            let nearest = observation.nearest().map(|(index, _)| index);
            let its_place = nearest.map(|index| frame.faces[index].place);
            if its_place != place {
                judged.clear();
                place = its_place;
            }
            if frame.faces.iter().any(is_big) {
                if seen_ms.is_none() {
                    approaches += 1;
                    let_in.clear();
                    judged.clear();
                }
                seen_ms = Some(now_ms);
            }
            if let Some(nearest) = nearest.filter(|&index| is_big(&frame.faces[index])) {
                judged.push((now_ms, speaks_for(&rules, frame, nearest)));
            }

            let Decision::Grant(grant) = decision else { continue };
            grants += 1;
            let nearest = &frame.faces[nearest.unwrap()];
            let person = nearest.person;
            prop_assert_eq!(grant.person(), PersonId([person; 16]));
            prop_assert!(is_big(nearest) && is_known(frame, nearest));
            prop_assert_eq!(grant.is_grey(), frame.is_grey);
            prop_assert!(person == 1 || person == 2 || (person == 4 && frame.clock_is_trusted));
            prop_assert!(person != 4 || (10_000..20_000).contains(&frame.utc_ms));
            let agreeing = judged
                .iter()
                .rev()
                .take(rules.consensus_of)
                .filter(|(at_ms, speaks_for)| now_ms - at_ms <= rules.consensus_window_ms && *speaks_for == Some(person))
                .count();
            prop_assert!(agreeing >= rules.consensus, "{agreeing} frames agree");
            prop_assert!((rules.consensus..=agreeing).contains(&grant.distances().len()));
            prop_assert!(grant.distances().iter().all(|distance| (0.0..=1.0).contains(distance)));
            prop_assert!(let_in.insert(person), "let in twice");
        }

        policy.end_approach(&Now::new(0, u64::MAX));
        recorded_grants += policy.take_ended_approach().map_or(0, |approach| { approaches -= 1; approach.grants });
        prop_assert_eq!(grants, recorded_grants);
        prop_assert_eq!(approaches, 0, "every approach is recorded once");
    }

    /// The other way round: the rules keep nobody out who has everything.
    #[test]
    fn somebody_known_who_stands_still_is_let_in(rules in rules(), between_ms in 0..100_u64, strangers in 0..40_usize) {
        let mut policy = Policy::new(Rules { approach_gap_ms: 400, consensus_window_ms: 400, ..rules }).unwrap();
        let face = |distance| [Face { place: 0, side: 60.0, person: 1, distance, runner_up: Some(0.2) }.observed()];
        for frame in 0..strangers + rules.consensus {
            let is_stranger = frame < strangers;
            let faces = face(if is_stranger { 1.2 } else { 0.9 });
            let decision = policy.decide(&Observation::new(&faces), &Now::new(0, between_ms * frame as u64));
            prop_assert_eq!(matches!(decision, Decision::Grant(_)), frame + 1 == strangers + rules.consensus);
        }
    }

    /// Two people never add up to one, however they come and go in one place: here all of them are near enough to the same
    /// enrolled person, and the frames that agree must still be of one of them.
    #[test]
    fn frames_that_agree_show_one_face(
        frames in proptest::collection::vec((0..400_u64, prop_oneof![3 => Just(None), 8 => (0..3_u8).prop_map(Some)]), 1..60),
    ) {
        let mut policy = Policy::new(Rules::new(1.0)).unwrap();
        let mut now_ms = 0;
        // When the face that is there was seen, since another one was.
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

    /// Infrared emitters that flash leave every second frame dark.
    #[test]
    fn frames_without_a_face_keep_nobody_out(dark in proptest::collection::vec(0..4_u64, 3)) {
        let mut policy = Policy::new(Rules::new(1.0)).unwrap();
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

/// A face in one place that is near enough to person 1; bodies are too far apart to be taken for each other.
fn of_body(body: u8) -> ObservedFace {
    let angle = 2.0 * f32::from(body);
    let encoding = Encoding::from_network(&[libm::cosf(angle), libm::sinf(angle)]).unwrap();
    let face = Face { place: 0, side: 60.0, person: 1, distance: 0.9, runner_up: None };
    ObservedFace { encoding: Some(Arc::new(encoding)), ..face.observed() }
}
