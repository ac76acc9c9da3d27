//! Whole approaches, frame by frame. Single frames are tested in `gate`, `recognition`, `permission` and `consensus`.

use super::*;
use alloc::sync::Arc;
use shared::encoding::Encoding;
use shared::face::FaceBox;
use shared::gallery::{Mode, PersonId};
use std::string::String;
use std::vec::Vec;

const ADA: PersonId = PersonId([1; 16]);
const BEN: PersonId = PersonId([2; 16]);
const FRAME_MS: u64 = 100;
const START_UTC_MS: i64 = 1_800_000_000_000;

fn face(x: f32, side: f32, resembles: Resemblance) -> ObservedFace {
    ObservedFace { resembles: Some(resembles), ..ObservedFace::new(FaceBox { x, y: 0.0, width: side, height: side }) }
}

/// A face with an encoding at this angle. Angles that differ by 1.2 are too far apart for the same face.
fn encoded(angle: f32, face: ObservedFace) -> ObservedFace {
    let encoding = Encoding::from_network(&[libm::cosf(angle), libm::sinf(angle)]).unwrap();
    ObservedFace { encoding: Some(Arc::new(encoding)), ..face }
}

/// The face of a letter. `.` is an empty frame, `m` is Ada without a match.
fn seen(letter: char) -> Option<ObservedFace> {
    let near = |person, distance| Resemblance::new(Enrolled::new(person), distance);
    let ada = |to_ada, to_ben| near(ADA, to_ada).beside(BEN, to_ben);
    let ben = |to_ben, to_ada| near(BEN, to_ben).beside(ADA, to_ada);
    let of_ada = |best| Resemblance { best, ..ada(0.5, 1.25) };
    let card = of_ada(Enrolled { mode: Mode::CardAndFace, ..Enrolled::new(ADA) });
    let expired = of_ada(Enrolled { valid_until: Some(START_UTC_MS / 1000), ..Enrolled::new(ADA) });
    match letter {
        'a' => Some(encoded(0.0, face(0.0, 50.0, ada(0.5, 1.25)))),
        'b' => Some(encoded(1.4, face(0.0, 50.0, ben(0.5, 1.25)))),
        'A' => Some(encoded(0.0, face(200.0, 50.0, ada(0.5, 1.25)))),
        'B' => Some(encoded(1.4, face(200.0, 50.0, ben(0.5, 1.25)))),
        'x' => Some(encoded(0.0, face(0.0, 50.0, ada(0.5, 0.53)))),
        's' => Some(encoded(2.8, face(0.0, 50.0, ada(1.125, 1.25)))),
        'm' => Some(encoded(0.5, face(0.0, 50.0, ada(1.125, 1.25)))),
        'f' => Some(face(0.0, 30.0, ada(0.5, 1.25))),
        'c' => Some(encoded(0.0, face(0.0, 50.0, card))),
        'v' => Some(encoded(0.0, face(0.0, 50.0, expired))),
        'e' => Some(ObservedFace { resembles: None, ..face(0.0, 50.0, ada(0.5, 1.25)) }),
        '.' => None,
        other => panic!("no such frame: {other}"),
    }
}

/// `G` and `H` are grants for Ada and Ben.
fn letter(decision: &Decision) -> char {
    match decision {
        Decision::Grant(grant) if grant.person() == ADA => 'G',
        Decision::Grant(_) => 'H',
        Decision::Nobody | Decision::Admit(_) => '.',
        Decision::Refuse(refusal) => match refusal.reason {
            Reason::NotKnown => 'n',
            Reason::TooFar => 'f',
            Reason::Deciding => 'd',
            Reason::Ambiguous => 'm',
            Reason::SeveralFaces => 's',
            Reason::AlreadyGranted => 'g',
            Reason::CardNeeded => 'c',
            Reason::OutsideValidity => 'v',
            Reason::ClockUnknown => 'u',
            other => panic!("no letter for {other}"),
        },
    }
}

fn at(frame: usize) -> Now {
    Now::trusted(START_UTC_MS + (FRAME_MS * frame as u64) as i64, FRAME_MS * frame as u64)
}

/// Rules: 3 of the last 5 judged frames within 2 s; an approach ends after 1 s.
fn policy() -> Policy {
    Policy::new(Rules::face_alone(1.0)).unwrap()
}

/// Shows frames and returns the decisions. `_` skips the time of a frame.
fn decided(policy: &mut Policy, frames: &str) -> String {
    let mut decisions = String::new();
    for (index, frame) in frames.chars().enumerate() {
        if frame == '_' {
            decisions.push('_');
            continue;
        }
        let faces = Vec::from_iter(seen(frame));
        decisions.push(letter(&policy.decide(&Observation::new(&faces), &at(index))));
    }
    decisions
}

/// Ada is at 0.5 from her encodings. A capital letter is a frame without colour.
#[test]
fn grey_frames_have_their_own_threshold() {
    for (colour, grey, frames, expected, threshold) in [
        (1.0, 0.4, "aaa", "ddG", 1.0),
        (1.0, 0.4, "AAA", "nnn", 0.4),
        (0.4, 1.0, "aaa", "nnn", 0.4),
        (0.4, 1.0, "AAA", "ddG", 1.0),
        (0.4, 1.0, "AAaA", "ddnG", 1.0),
        (1.0, 0.4, "AAAa", "nnnd", 1.0),
    ] {
        let mut policy = Policy::new(Rules { grey_threshold: grey, ..Rules::face_alone(colour) }).unwrap();
        assert_eq!(policy.threshold_in_force(), colour);
        let mut decisions = String::new();
        for (index, frame) in frames.chars().enumerate() {
            let faces = Vec::from_iter(seen(frame.to_ascii_lowercase()));
            let is_grey = frame.is_ascii_uppercase();
            let decision = policy.decide(&Observation::new(&faces).in_grey(is_grey), &at(index));
            if let Decision::Grant(grant) = &decision {
                assert_eq!(grant.is_grey(), is_grey, "{frames}");
            }
            if let Decision::Refuse(refusal) = &decision {
                let is_known = if is_grey { grey > 0.5 } else { colour > 0.5 };
                assert_eq!(refusal.person.is_some(), is_known, "{frames}: {refusal:?}");
            }
            decisions.push(letter(&decision));
        }
        assert_eq!((decisions.as_str(), policy.threshold_in_force()), (expected, threshold), "{colour} {grey}");
        assert_eq!(policy.rules().threshold, colour);
    }
}

#[test]
fn other_rules_forget_the_threshold_of_the_last_frame() {
    let mut policy = Policy::new(Rules { grey_threshold: 0.4, ..Rules::face_alone(1.0) }).unwrap();
    let _nobody = policy.decide(&Observation::new(&[]).in_grey(true), &at(0));
    policy.start_afresh(Rules::face_alone(0.9), &at(1)).unwrap();
    assert_eq!((policy.threshold_in_force(), policy.rules().threshold), (0.9, 0.9));
}

#[test]
fn approaches_frame_by_frame() {
    let cases = [
        ("a consensus opens once", "aaaa", "ddGg"),
        ("a stranger never", "ssssssss", "nnnnnnnn"),
        ("nobody is enrolled", "eeeeeeee", "nnnnnnnn"),
        ("a frame that matches nobody counts against", "ammaa", "dnndG"),
        ("and is forgotten after five", "ammmaaa", "dnnnddG"),
        ("somebody else's starts over", "aabbaab", "ddddddd"),
        ("also a stranger's", "aasaa", "ddndd"),
        ("the one who has the consensus", "aabbb", "ddddH"),
        ("and an ambiguous one", "axxaa", "dmmdG"),
        ("look-alikes are never told apart", "xxxxxxxx", "mmmmmmmm"),
        ("a picture that is not judged does not count", "aafffffa", "ddfffffG"),
        ("a face at another place starts over", "aaAAA", "ddddG"),
        ("a frame without a face does neither", "a.a.a", "d.d.G"),
        ("nor do several, within two seconds", "aa........a", "dd........G"),
        ("but somebody else who comes back does", "aa.bbb", "dd.ddH"),
        ("and so does an infinite row of others", "a.b.a.b.a.b.a.b", "d.d.d.d.d.d.d.d"),
        ("a missing frame does not", "aa_a", "dd_G"),
        ("nor do several within the gap", "aa________a", "dd________G"),
        ("after the gap everything starts over", "aa_________aa", "dd_________dd"),
        ("within the gap nobody opens twice", "aaa........aaa", "ddG........ggg"),
        ("after it they do", "aaa.........aaa", "ddG.........ddG"),
        ("also where no frame came", "aaa_________aaa", "ddG_________ddG"),
        ("a face too far away does not hold an approach", "aaafffffffffaaa", "ddGfffffffffddG"),
        ("the next in a queue needs a consensus of their own", "aaabbbb", "ddGddHg"),
        ("also at another place", "aaaBBBB", "ddGddHg"),
        ("and the first stays let in", "aaabbbaaabbb", "ddGddHgggggg"),
        ("nobody adds up with somebody else", "aabbaabbaabb", "dddddddddddd"),
        ("and at two places not even that", "aBaBaBaB", "dddddddd"),
        ("who needs a card is told once recognised", "ccc", "ddc"),
        ("and so is who may no longer enter", "vvvv", "ddvv"),
    ];
    for (what, frames, expected) in cases {
        assert_eq!(decided(&mut policy(), frames), expected, "{what}: {frames}");
    }
}

#[test]
fn one_frame_is_enough_where_the_rules_say_so() {
    let rules = Rules { consensus: 1, consensus_of: 1, ..Rules::face_alone(1.0) };
    assert_eq!(decided(&mut Policy::new(rules).unwrap(), "aasb"), "GgnH");
}

#[test]
fn a_grant_contains_its_evidence() {
    let mut policy = policy();
    let near = |distance| face(0.0, 50.0, Resemblance::new(Enrolled::new(ADA), distance).beside(BEN, 1.25));
    for (frame, distance) in [0.5, 1.5, 0.75].into_iter().enumerate() {
        let Decision::Refuse(refusal) = policy.decide(&Observation::new(&[near(distance)]), &at(frame)) else {
            panic!("granted too early");
        };
        let known = distance <= 1.0;
        assert_eq!(refusal.reason, if known { Reason::Deciding } else { Reason::NotKnown });
        assert_eq!(refusal.person, known.then_some(ADA));
        assert_eq!(refusal.distance, Some(distance));
        assert_eq!(refusal.runner_up, Some(Neighbour { person: BEN, distance: 1.25 }));
    }
    let Decision::Grant(grant) = policy.decide(&Observation::new(&[near(0.25)]), &at(3)) else { panic!("refused") };
    assert_eq!(grant.person(), ADA);
    assert_eq!((grant.credential(), grant.distance(), grant.face()), (Credential::Face, Some(0.25), Some(0)));
    assert_eq!(grant.distances(), [0.5, 0.75, 0.25]);
    assert_eq!(grant.runner_up(), Some(Neighbour { person: BEN, distance: 1.25 }));
    assert_eq!(grant.utc_ms(), at(3).utc_ms);
}

#[test]
fn a_face_of_poor_quality_is_not_compared() {
    let faces = [seen('f').unwrap()];
    let expected = Refusal { face: Some(0), ..Refusal::new(Reason::TooFar) };
    assert_eq!(policy().decide(&Observation::new(&faces), &at(0)), Decision::Refuse(expected));
    assert!(!policy().attention().must_be_encoded(&faces[0]));
    assert!(policy().attention().must_be_encoded(&seen('s').unwrap()));
}

#[test]
fn the_nearest_of_several_faces_is_judged() {
    let small_stranger =
        ObservedFace { bounds: FaceBox { x: 300.0, y: 0.0, width: 45.0, height: 45.0 }, ..seen('s').unwrap() };
    let large_stranger =
        ObservedFace { bounds: FaceBox { x: 300.0, y: 0.0, width: 60.0, height: 60.0 }, ..seen('s').unwrap() };
    let ada = seen('a').unwrap();
    let cases = [
        (SeveralFaces::NearestOnly, [small_stranger.clone(), ada.clone()], "ddG", 1),
        (SeveralFaces::NearestOnly, [large_stranger.clone(), ada.clone()], "nnn", 0),
        (SeveralFaces::AllKnown, [small_stranger.clone(), ada.clone()], "sss", 1),
        (SeveralFaces::AllKnown, [large_stranger.clone(), ada.clone()], "nnn", 0),
        (SeveralFaces::Refuse, [small_stranger.clone(), ada.clone()], "sss", 1),
    ];
    for (several_faces, faces, expected, judged) in cases {
        let mut policy = Policy::new(Rules { several_faces, ..Rules::face_alone(1.0) }).unwrap();
        for (frame, expected) in expected.chars().enumerate() {
            let decision = policy.decide(&Observation::new(&faces), &at(frame));
            assert_eq!(letter(&decision), expected, "{several_faces:?}, frame {frame}");
            if let Decision::Refuse(refusal) = decision {
                assert_eq!(refusal.face, Some(judged));
            }
        }
    }
}

#[test]
fn company_missed_in_one_frame_opens_nothing() {
    // A detector that misses the second face once must not bypass the rule: frames with it count against the person.
    let mut policy = Policy::new(Rules { several_faces: SeveralFaces::Refuse, ..Rules::face_alone(1.0) }).unwrap();
    let ada = seen('a').unwrap();
    let company =
        [ada.clone(), ObservedFace { bounds: FaceBox { x: 300.0, y: 0.0, width: 45.0, height: 45.0 }, ..ada }];
    let decided: String = [2, 2, 1, 2, 2, 1, 1]
        .into_iter()
        .enumerate()
        .map(|(frame, faces)| letter(&policy.decide(&Observation::new(&company[..faces]), &at(frame))))
        .collect();
    assert_eq!(decided, "ssdssdG");
}

#[test]
fn the_wall_clock_may_jump() {
    let mut policy = policy();
    let ada = [seen('a').unwrap()];
    let decided: String = [0, i64::MAX, i64::MIN, -5]
        .into_iter()
        .enumerate()
        .map(|(frame, utc_ms)| {
            letter(&policy.decide(&Observation::new(&ada), &Now::new(utc_ms, FRAME_MS * frame as u64)))
        })
        .collect();
    assert_eq!(decided, "ddGg");
}

#[test]
fn a_monotonic_clock_that_goes_back_opens_nothing() {
    let ada = [seen('a').unwrap()];
    let cases: [(&[u64], &str); 4] = [
        (&[5000, 5100, 0, 5200], "dddd"),
        (&[5000, 5100, 0, 100, 200], "ddddG"),
        (&[5000, 5100, 5200, 0, 100, 200, 300], "ddGgggg"),
        (&[u64::MAX, 0, u64::MAX, 0], "dddd"),
    ];
    for (times, expected) in cases {
        let mut policy = policy();
        let decide = |&ms: &u64| letter(&policy.decide(&Observation::new(&ada), &Now::new(0, ms)));
        assert_eq!(times.iter().map(decide).collect::<String>(), expected, "{times:?}");
    }
}

#[test]
fn an_approach_is_kept_for_the_record() {
    type Kept = (usize, Option<Reason>, Option<PersonId>, Option<f32>, usize);
    let cases: [(&str, Kept); 11] = [
        ("aaa", (1, None, Some(ADA), Some(0.5), 0)),
        ("aaaaaa", (1, None, Some(ADA), Some(0.5), 0)),
        ("aaafff", (1, None, Some(ADA), Some(0.5), 0)),
        ("aa", (0, Some(Reason::Deciding), Some(ADA), Some(0.5), 2)),
        ("sssf", (0, Some(Reason::NotKnown), None, Some(1.125), 3)),
        ("sssx", (0, Some(Reason::Ambiguous), Some(ADA), Some(0.5), 1)),
        ("aaabb", (1, Some(Reason::Deciding), Some(BEN), Some(0.5), 2)),
        ("aaabbb", (2, None, Some(BEN), Some(0.5), 0)),
        ("aaass", (1, Some(Reason::NotKnown), None, Some(1.125), 2)),
        ("vvv", (0, Some(Reason::OutsideValidity), Some(ADA), Some(0.5), 3)),
        ("e", (0, Some(Reason::NotKnown), None, None, 0)),
    ];
    for (frames, kept) in cases {
        let mut policy = policy();
        decided(&mut policy, frames);
        assert_eq!(policy.take_ended_approach(), None, "{frames}: still there");
        let _ = policy.decide(&Observation::new(&[]), &at(100));
        let approach = policy.take_ended_approach().unwrap();
        let Approach { grants, reason, person, distance, ref distances, .. } = approach;
        assert_eq!((grants, reason, person, distance, distances.len()), kept, "{frames}");
        assert_eq!(policy.take_ended_approach(), None, "{frames}: taken twice");
    }
}

#[test]
fn a_withheld_grant_can_be_granted_again() {
    // A full disk keeps the door locked. A waiting person must not be told that they were let in already.
    let mut policy = policy();
    let ada = [seen('a').unwrap()];
    let decide = |policy: &mut Policy, frame| policy.decide(&Observation::new(&ada), &at(frame));
    let decided: String = (0..6)
        .map(|frame| {
            let decision = decide(&mut policy, frame);
            let letter = letter(&decision);
            if let Decision::Grant(grant) = decision {
                let refusal = policy.withhold(grant, Reason::NotRecorded);
                let expected = (Reason::NotRecorded, Some(ADA), Some(0.5), Some(0));
                assert_eq!((refusal.reason, refusal.person, refusal.distance, refusal.face), expected);
            }
            letter
        })
        .collect();
    assert_eq!(decided, "ddGddG");
    policy.end_approach(&Now::new(0, u64::MAX));
    let approach = policy.take_ended_approach().unwrap();
    assert_eq!((approach.grants, approach.reason, approach.person), (0, Some(Reason::NotRecorded), Some(ADA)));
}

#[test]
fn an_approach_lasts_from_the_first_face_to_the_last() {
    let mut policy = policy();
    decided(&mut policy, "..f.ss.s.f");
    assert_eq!(policy.take_ended_approach(), None);
    policy.end_approach(&Now::new(0, u64::MAX));
    let approach = policy.take_ended_approach().unwrap();
    assert_eq!((approach.began_utc_ms, approach.ended_utc_ms), (at(4).utc_ms, at(7).utc_ms));
    policy.end_approach(&Now::new(0, u64::MAX));
    assert_eq!(policy.take_ended_approach(), None, "nobody came");
}

/// A regression: a stranger followed by others without a gap left no record.
#[test]
fn a_refusal_is_kept_when_another_face_steps_in_front() {
    type Kept = (usize, Reason, Option<PersonId>, usize);
    let cases: [(&str, &[Kept]); 6] = [
        ("sssaaa", &[(0, Reason::NotKnown, None, 3)]),
        ("sssbbbsss", &[(0, Reason::NotKnown, None, 3)]),
        ("sbsbs", &[(0, Reason::NotKnown, None, 1), (0, Reason::NotKnown, None, 2)]),
        ("vvvvvvvvvvvbbb", &[(0, Reason::OutsideValidity, Some(ADA), 11)]),
        ("aaabbb", &[]),
        ("fffsss", &[]),
    ];
    for (frames, expected) in cases {
        let mut policy = policy();
        let mut kept = Vec::new();
        for (index, frame) in frames.chars().enumerate() {
            let _ = policy.decide(&Observation::new(&Vec::from_iter(seen(frame))), &at(index));
            let refused = policy.take_refused_face();
            kept.extend(refused.map(|face| (face.grants, face.reason.unwrap(), face.person, face.distances.len())));
        }
        assert_eq!(kept, expected, "{frames}");
        assert_eq!(policy.take_ended_approach(), None, "{frames}: it goes on");
    }
}

#[test]
fn faces_too_far_away_are_no_approach() {
    let mut policy = policy();
    assert_eq!(decided(&mut policy, "fff."), "fff.");
    policy.end_approach(&Now::new(0, u64::MAX));
    assert_eq!(policy.take_ended_approach(), None);
}

#[test]
fn an_approach_lets_in_a_bounded_number() {
    let rules = Rules { consensus: 1, consensus_of: 1, ..Rules::face_alone(1.0) };
    let mut policy = Policy::new(rules).unwrap();
    for number in 0..=MAX_GRANTS_OF_APPROACH {
        let person = Resemblance::new(Enrolled::new(PersonId([number as u8; 16])), 0.5).beside(ADA, 1.5);
        let decision = policy.decide(&Observation::new(&[face(0.0, 50.0, person)]), &at(number));
        assert_eq!(matches!(decision, Decision::Grant(_)), number < MAX_GRANTS_OF_APPROACH, "{number}");
    }
    policy.end_approach(&Now::new(0, u64::MAX));
    assert_eq!(policy.take_ended_approach().unwrap().grants, MAX_GRANTS_OF_APPROACH);
}
