//! Hours, schedules that a keyholder opens, anti-passback, tailgating and the liveness challenge.

use super::*;
use alloc::borrow::ToOwned;
use alloc::sync::Arc;
use alloc::vec::Vec;
use shared::encoding::Encoding;
use shared::face::{FaceBox, Point};
use shared::gallery::{Mode, PersonId};
use shared::schedule::{Calendar, Hours, Period, Schedule, ScheduleSet, Weekdays};
use std::vec;

const ADA: PersonId = PersonId([1; 16]);
const BEN: PersonId = PersonId([2; 16]);
/// 23 November 2026, a Monday, 00:00 UTC.
const MONDAY_UTC_MS: i64 = 20_780 * 86_400_000;
const HOUR_MS: i64 = 3_600_000;

fn schedules(after_first_of: Option<&str>) -> Schedules {
    let from_8_to_18 = Period { weekdays: Weekdays::ALL, from_minute: 8 * 60, until_minute: 18 * 60 };
    Schedules::new(vec![Schedule {
        name: "office".to_owned(),
        groups: vec!["staff".to_owned()],
        people: Vec::new(),
        calendar: Calendar::of(vec![from_8_to_18]),
        after_first_of: after_first_of.map(str::to_owned),
    }])
    .unwrap()
}

fn bound() -> Hours {
    Hours { bound_by: ScheduleSet::from_indices([0]), ..Hours::default() }
}

fn opener() -> Hours {
    Hours { opens: ScheduleSet::from_indices([0]), ..Hours::default() }
}

fn rules() -> Rules {
    Rules { consensus: 1, consensus_of: 1, ..Rules::face_alone(1.0) }
}

struct Door {
    policy: Policy,
    schedules: Schedules,
}

fn door(rules: Rules, schedules: Schedules) -> Door {
    Door { policy: Policy::new(rules).unwrap(), schedules }
}

fn seen(person: PersonId, hours: Hours, at: f32) -> ObservedFace {
    let best = Enrolled { hours, ..Enrolled::new(person) };
    let bounds = FaceBox { x: at, y: 0.0, width: 100.0, height: 100.0 };
    ObservedFace { resembles: Some(Resemblance::new(best, 0.5)), ..ObservedFace::new(bounds) }
}

fn decide(Door { policy, schedules }: &mut Door, faces: &[ObservedFace], now: Now) -> Result<PersonId, Reason> {
    match policy.decide(&Observation::new(faces).with_schedules(schedules), &now) {
        Decision::Grant(grant) => Ok(grant.person()),
        Decision::Refuse(refusal) => Err(refusal.reason),
        Decision::Nobody | Decision::Admit(_) => panic!("somebody is there"),
    }
}

/// The time this many hours after Monday 00:00 UTC.
fn at(hours: i64) -> Now {
    Now::trusted(MONDAY_UTC_MS + hours * HOUR_MS, (hours * HOUR_MS) as u64 + 1)
}

#[test]
fn schedules_use_the_local_time_of_the_door_and_need_a_trusted_clock() {
    let (unknown, cet) = (|now: Now| Now { clock: ClockTrust::Unknown, ..now }, 3600);
    let cases = [
        (bound(), at(7), Err(Reason::OutsideHours)),
        (bound(), at(7).ahead_of_utc(cet), Ok(ADA)),
        (bound(), at(17), Ok(ADA)),
        (bound(), at(17).ahead_of_utc(cet), Err(Reason::OutsideHours)),
        (bound(), unknown(at(12)), Err(Reason::ClockUnknown)),
        (Hours::default(), at(3), Ok(ADA)),
        (Hours::default(), unknown(at(3)), Ok(ADA)),
        (Hours { bound_by: ScheduleSet::from_indices([7]), ..bound() }, at(12), Err(Reason::OutsideHours)),
    ];
    for (hours, now, expected) in cases {
        assert_eq!(
            decide(&mut door(rules(), schedules(None)), &[seen(ADA, hours, 0.0)], now),
            expected,
            "{hours:?} {now:?}"
        );
        let mut by_card = door(rules(), schedules(None));
        let holder = Enrolled { mode: Mode::CardOrFace, hours, ..Enrolled::new(ADA) };
        by_card.policy.present_card(&PresentedCard::Of(holder), &now);
        assert_eq!(decide(&mut by_card, &[], now), expected, "by card, {hours:?} {now:?}");
    }
}

#[test]
fn a_missing_schedule_is_closed() {
    let mut door = door(rules(), Schedules::NONE);
    assert_eq!(decide(&mut door, &[seen(ADA, bound(), 0.0)], at(12)), Err(Reason::OutsideHours));
}

#[test]
fn the_first_of_a_group_opens_for_the_others_until_the_hours_end() {
    let mut door = door(rules(), schedules(Some("keyholders")));
    let (ada, ben) = ([seen(ADA, bound(), 0.0)], [seen(BEN, opener(), 0.0)]);
    assert_eq!(decide(&mut door, &ada, at(9)), Err(Reason::NobodyHereYet));
    assert_eq!(decide(&mut door, &ben, at(10)), Ok(BEN));
    assert_eq!(decide(&mut door, &ada, at(11)), Ok(ADA));
    assert_eq!(decide(&mut door, &ada, at(20)), Err(Reason::OutsideHours));
    assert_eq!(decide(&mut door, &ada, at(24 + 9)), Err(Reason::NobodyHereYet), "each day is separate");

    let memory = door.policy.take_changed_memory().unwrap();
    let mut restarted = self::door(rules(), schedules(Some("keyholders")));
    restarted.policy.remember(&memory, &at(11));
    assert_eq!(decide(&mut restarted, &ada, at(12)), Ok(ADA), "a restart does not send anybody home");
}

#[test]
fn a_keyholder_whose_grant_is_withheld_opens_nothing() {
    let mut door = door(rules(), schedules(Some("keyholders")));
    let ben = [seen(BEN, opener(), 0.0)];
    let observation = Observation::new(&ben).with_schedules(&door.schedules);
    let Decision::Grant(grant) = door.policy.decide(&observation, &at(9)) else { panic!("not granted") };
    assert_eq!(door.policy.withhold(grant, Reason::NotRecorded).reason, Reason::NotRecorded);
    assert_eq!(decide(&mut door, &[seen(ADA, bound(), 0.0)], at(10)), Err(Reason::NobodyHereYet));
}

/// A regression: a passage dated in the future by a wrong clock switched the rule off permanently.
#[test]
fn anti_passback_does_not_depend_on_the_wall_clock() {
    let rule = AntiPassback { direction: Direction::In, for_ms: 2 * HOUR_MS as u64 };
    let rules = Rules { anti_passback: Some(rule), ..rules() };
    let ada = [seen(ADA, Hours::default(), 0.0)];
    let clocks: [fn(Now) -> Now; 4] = [
        |now| now,
        |now| Now { utc_ms: now.utc_ms + 400 * 24 * HOUR_MS, ..now },
        |now| Now { utc_ms: 0, ..now },
        |now| Now { clock: ClockTrust::Unknown, ..now },
    ];
    for (then, later) in clocks.iter().flat_map(|then| clocks.iter().map(move |later| (then, later))) {
        let mut door = door(rules, Schedules::NONE);
        assert_eq!(decide(&mut door, &ada, then(at(8))), Ok(ADA));
        assert_eq!(decide(&mut door, &ada, later(at(9))), Err(Reason::PassedAlready));
        assert_eq!(decide(&mut door, &ada, later(at(10))), Ok(ADA), "the time is over");
        assert_eq!(decide(&mut door, &ada, then(at(11))), Err(Reason::PassedAlready), "and was noted again");
    }
}

#[test]
fn a_restart_does_not_shorten_anti_passback() {
    let rule = AntiPassback { direction: Direction::In, for_ms: 2 * HOUR_MS as u64 };
    let rules = Rules { anti_passback: Some(rule), ..rules() };
    let ada = [seen(ADA, Hours::default(), 0.0)];
    let restarted_at = |now: Now, ms: u64| Now { monotonic_ms: ms, ..now };
    let wrong = |now: Now| Now { clock: ClockTrust::Unknown, utc_ms: now.utc_ms + 30 * 24 * HOUR_MS, ..now };
    for (then, now, expected) in [
        (at(8), at(9), Err(Reason::PassedAlready)),
        (at(8), at(10), Ok(ADA)),
        (at(8), wrong(at(10)), Err(Reason::PassedAlready)),
        (wrong(at(8)), at(10), Err(Reason::PassedAlready)),
        (at(100), at(10), Err(Reason::PassedAlready)),
    ] {
        let mut before = door(rules, Schedules::NONE);
        assert_eq!(decide(&mut before, &ada, then), Ok(ADA));
        let memory = before.policy.take_changed_memory().unwrap();
        let mut after = door(rules, Schedules::NONE);
        after.policy.remember(&memory, &restarted_at(now, 5));
        assert_eq!(decide(&mut after, &ada, restarted_at(now, 1000)), expected, "{then:?} {now:?}");
        let in_the_end = restarted_at(now, 2 * HOUR_MS as u64 + 2000);
        assert!(expected.is_ok() || decide(&mut after, &ada, in_the_end) == Ok(ADA));
    }
}

/// A time in milliseconds, and the faces seen.
type Frames = Vec<(u64, Vec<ObservedFace>)>;

#[test]
fn more_faces_than_grants_are_recorded_as_tailgating() {
    let stranger =
        ObservedFace { resembles: None, ..ObservedFace::new(FaceBox { x: 300.0, y: 0.0, width: 60.0, height: 60.0 }) };
    let far_away = ObservedFace::new(FaceBox { x: 300.0, y: 0.0, width: 20.0, height: 20.0 });
    let (ada, ben) = (seen(ADA, Hours::default(), 0.0), seen(BEN, Hours::default(), 300.0));
    let nearer = |face: ObservedFace| {
        let FaceBox { x, y, .. } = face.bounds;
        ObservedFace { bounds: FaceBox { x, y, width: 120.0, height: 120.0 }, ..face }
    };
    let alone = ada.clone();
    let alone_until = |ms: u64| (0..ms / 900).map(|step| (step * 900, vec![alone.clone()]));
    let cases: [(&str, Frames, Option<usize>); 7] = [
        ("alone", vec![(0, vec![ada.clone()])], None),
        ("together", vec![(0, vec![ada.clone(), stranger.clone()])], Some(1)),
        ("three", vec![(0, vec![ada.clone(), stranger.clone(), stranger.clone()])], Some(2)),
        ("a moment later", vec![(0, vec![ada.clone()]), (800, vec![ada.clone(), stranger.clone()])], Some(1)),
        ("long after", alone_until(5400).chain([(5400, vec![ada.clone(), stranger.clone()])]).collect(), None),
        ("somebody in the background", vec![(0, vec![ada.clone(), far_away.clone()])], None),
        (
            "both are let in",
            vec![(0, vec![nearer(ada.clone()), ben.clone()]), (500, vec![ada.clone(), nearer(ben.clone())])],
            None,
        ),
    ];
    for (what, frames, others) in cases {
        let mut policy = Policy::new(rules()).unwrap();
        for (ms, faces) in &frames {
            let _ = policy.decide(&Observation::new(faces), &Now::trusted(0, *ms));
        }
        policy.end_approach(&Now::new(0, u64::MAX));
        let found = policy.take_ended_approach().unwrap().tailgating;
        assert_eq!(found.map(|found| found.others), others, "{what}");
        assert!(found.is_none_or(|found| found.person == ADA), "{what}");
    }
}

/// Everybody must turn their head.
const TURNING: LivenessRules = LivenessRules { required: Signals::only(Signal::HeadTurn), ..LivenessRules::NONE };

/// An encoding at this angle. Angles that differ by 1.2 are too far apart for the same face.
fn looks(angle: f32) -> Arc<Encoding> {
    Arc::new(Encoding::from_network(&[libm::cosf(angle), libm::sinf(angle)]).unwrap())
}

/// Ada with this position of the nose and this sharpness.
fn facing(nose: f32, frame: u64, is_challenged: bool) -> ObservedFace {
    let at = |x, y| Point { x, y };
    let landmarks = [at(20.0, 30.0), at(80.0, 30.0), at(20.0 + 60.0 * nose, 55.0), at(20.0, 80.0), at(80.0, 80.0)];
    let mut face = seen(ADA, Hours::default(), 0.0);
    // Turned away, she is not recognised.
    let best = Enrolled { is_challenged, ..Enrolled::new(ADA) };
    face.resembles = Some(Resemblance::new(best, if (nose - 0.5).abs() < 0.1 { 0.5 } else { 1.2 }));
    face.landmarks = Some(landmarks);
    face.encoding = Some(looks(0.0));
    face.quality.sharpness = Some(100.0 + (frame % 3) as f32);
    face
}

#[test]
fn a_person_is_let_in_after_turning_and_looking_ahead_again() {
    let turned = [0.5, 0.5, 0.5, 0.65, 0.8, 0.8, 0.8, 0.8, 0.65, 0.5, 0.5, 0.5];
    let ahead = [0.5; 12];
    let (nobody, required_of_marked) = (LivenessRules::NONE, Signals::only(Signal::HeadTurn));
    let marked = LivenessRules { required_of_marked, ..nobody };
    let cases = [
        (nobody, false, 0, &ahead, Ok(2)),
        (marked, false, 0, &ahead, Ok(2)),
        (marked, true, 0, &ahead, Err(Reason::TurnLeft)),
        (marked, true, 0, &turned, Ok(11)),
        (TURNING, false, 0, &turned, Ok(11)),
        (TURNING, false, 1, &turned, Err(Reason::LivenessFailed)),
    ];
    for (liveness, is_challenged, chance, noses, expected) in cases {
        let mut policy = Policy::new(Rules { liveness, ..Rules::face_alone(1.0) }).unwrap();
        let mut last = Err(Reason::Deciding);
        for (frame, nose) in (0..).zip(noses) {
            let faces = [facing(*nose, frame, is_challenged)];
            let observation = Observation::new(&faces).with_chance(chance);
            match policy.decide(&observation, &Now::trusted(frame as i64 * 100, frame * 100)) {
                Decision::Grant(_) => {
                    last = Ok(frame);
                    break;
                }
                Decision::Refuse(refusal) => last = Err(refusal.reason),
                Decision::Nobody | Decision::Admit(_) => panic!("she is there"),
            }
        }
        assert_eq!(last, expected, "{liveness:?} {is_challenged} {chance} {noses:?}");
    }
}

/// An attacker shows a photo of Ada, answers the challenge with their own head, and shows the photo again.
#[test]
fn the_face_that_turns_must_be_the_challenged_one() {
    let photo = |frame| facing(0.5, frame, false);
    let of_attacker = |nose, frame| {
        let mut face = facing(nose, frame, false);
        face.resembles = Some(Resemblance::new(Enrolled::new(ADA), 1.3));
        face.encoding = Some(looks(1.4));
        face
    };
    let not_encoded = |nose, frame| ObservedFace { encoding: None, ..of_attacker(nose, frame) };
    type Answer<'a> = &'a dyn Fn(f32, u64) -> ObservedFace;
    let answers: [(&str, Answer<'_>, bool); 3] = [
        ("her own head", &|nose, frame| facing(nose, frame, false), true),
        ("another head", &of_attacker, false),
        ("a head that is not compared", &not_encoded, false),
    ];
    for (what, answer, is_let_in) in answers {
        let mut policy = Policy::new(Rules { liveness: TURNING, ..Rules::face_alone(1.0) }).unwrap();
        let noses = [0.5, 0.65, 0.8, 0.8, 0.8, 0.8, 0.8, 0.65];
        let faces = (0..5)
            .map(photo)
            .chain((5..).zip(noses).map(|(frame, nose)| answer(nose, frame)))
            .chain((13..17).map(photo));
        let granted = faces.zip(0..).any(|(face, frame): (ObservedFace, u64)| {
            let now = Now::trusted(frame as i64 * 100, frame * 100);
            matches!(policy.decide(&Observation::new(&[face]), &now), Decision::Grant(_))
        });
        assert_eq!(granted, is_let_in, "{what}");
    }
}

/// Photos that fail the challenge are failed attempts.
#[test]
fn failed_challenges_lock_out() {
    let mut policy = Policy::new(Rules { liveness: TURNING, ..Rules::face_alone(1.0) }).unwrap();
    for approach in 0..5 {
        for frame in 0..70 {
            let ms = 10_000 * approach + 100 * frame;
            let _ = policy.decide(&Observation::new(&[facing(0.5, frame, false)]), &Now::trusted(0, ms));
        }
        let _ = policy.decide(&Observation::new(&[]), &Now::trusted(0, 10_000 * approach + 9000));
    }
    assert_eq!(policy.failures(None), [Failures { kind: Kind::Face, failures: 5 }]);
}
