//! Visitor passes, frame by frame.

use super::*;
use proptest::prelude::*;
use shared::face::FaceBox;
use shared::gallery::{Mode, PersonId};
use shared::pass::PassId;
use std::vec::Vec;

const HOST: PersonId = PersonId([1; 16]);
const OTHER: PersonId = PersonId([2; 16]);
const START_UTC_MS: i64 = 1_800_000_000_000;
const HOUR_MS: i64 = 3_600_000;

fn rules(mode: Mode) -> Rules {
    Rules { mode, accepts_passes: true, ..Rules::new(1.0) }
}

/// A pass that is valid for an hour.
fn pass(uses: Option<u8>) -> VisitorPass {
    VisitorPass::new(PassId([7; 6]), START_UTC_MS, START_UTC_MS + HOUR_MS, uses)
}

fn with_host(uses: Option<u8>) -> VisitorPass {
    VisitorPass { host: Host::Needed(HOST), ..pass(uses) }
}

/// The visitor: a face that resembles nobody enough.
fn visitor() -> ObservedFace {
    let found = Resemblance::new(Enrolled::new(OTHER), 1.2);
    let bounds = FaceBox { x: 0.0, y: 0.0, width: 60.0, height: 60.0 };
    ObservedFace { resembles: Some(found), ..ObservedFace::new(bounds) }
}

struct Door {
    policy: Policy,
    now_ms: u64,
    clock: ClockTrust,
    saved: Memory,
}

impl Door {
    fn new(rules: Rules) -> Self {
        Self { policy: Policy::new(rules).unwrap(), now_ms: 0, clock: ClockTrust::Trusted, saved: Memory::default() }
    }

    fn now(&self) -> Now {
        Now { clock: self.clock, ..Now::new(START_UTC_MS + self.now_ms as i64, self.now_ms) }
    }

    fn look(&mut self, faces: &[ObservedFace]) -> Decision {
        self.now_ms += 100;
        let now = self.now();
        self.policy.decide(&Observation::new(faces), &now)
    }

    fn show(&mut self, pass: VisitorPass) -> Decision {
        let now = self.now();
        self.policy.present_pass(&PresentedPass::Of(pass), &now);
        self.look(&[visitor()])
    }

    fn card(&mut self, holder: Enrolled) -> Decision {
        let now = self.now();
        self.policy.present_card(&PresentedCard::Of(holder), &now);
        self.look(&[visitor()])
    }

    /// Nobody is there until the approach has ended; returns its record.
    fn leave(&mut self) -> Option<Approach> {
        self.now_ms += 31_000;
        let _ = self.look(&[]);
        self.policy.take_ended_approach()
    }

    /// A restart: everything but the memory is lost.
    fn restart(&mut self) {
        self.saved = self.policy.take_changed_memory().unwrap_or(self.saved.clone());
        let mut next = Policy::new(*self.policy.rules()).unwrap();
        next.remember(&self.saved, &self.now());
        self.policy = next;
    }
}

/// What was decided, in one word.
fn word(decision: Decision) -> Result<&'static str, Reason> {
    match decision {
        Decision::Admit(_) => Ok("visitor"),
        Decision::Grant(_) => Ok("person"),
        Decision::Nobody => Ok("nobody"),
        Decision::Refuse(refusal) => Err(refusal.reason),
    }
}

#[test]
fn a_pass_lets_in_by_itself_at_every_door_that_accepts_passes() {
    for mode in [Mode::Face, Mode::CardOrFace, Mode::CardAndFace, Mode::Card, Mode::Default] {
        let mut door = Door::new(rules(mode));
        let Decision::Admit(visit) = door.show(pass(Some(1))) else { panic!("{mode:?}") };
        assert_eq!((visit.pass(), visit.host(), visit.utc_ms()), (PassId([7; 6]), None, START_UTC_MS + 100));
        assert_eq!(Grant::from(visit).utc_ms(), START_UTC_MS + 100);
        let mut closed = Door::new(Rules { accepts_passes: false, ..rules(mode) });
        assert_eq!(word(closed.show(pass(Some(1)))), Err(Reason::PassesNotAccepted));
    }
}

#[test]
fn each_fault_has_its_reason() {
    let other_door = VisitorPass { is_for_this_door: false, ..pass(Some(1)) };
    let revoked = VisitorPass { is_revoked: true, ..pass(Some(1)) };
    let early = VisitorPass { from_utc_ms: START_UTC_MS + 101, ..pass(Some(1)) };
    let late = VisitorPass { until_utc_ms: START_UTC_MS + 100, ..pass(Some(1)) };
    let no_host = VisitorPass { host: Host::NotEnrolled, ..pass(Some(1)) };
    for (shown, clock, expected) in [
        (PresentedPass::NotGenuine, ClockTrust::Trusted, Reason::PassNotGenuine),
        (PresentedPass::Of(revoked), ClockTrust::Trusted, Reason::PassRevoked),
        (PresentedPass::Of(other_door), ClockTrust::Trusted, Reason::PassForOtherDoor),
        (PresentedPass::Of(early), ClockTrust::Trusted, Reason::PassOutsideHours),
        (PresentedPass::Of(late), ClockTrust::Trusted, Reason::PassOutsideHours),
        (PresentedPass::Of(pass(Some(1))), ClockTrust::Unknown, Reason::ClockUnknown),
        (PresentedPass::Of(no_host), ClockTrust::Trusted, Reason::HostNotAllowed),
        (PresentedPass::Of(with_host(Some(1))), ClockTrust::Trusted, Reason::HostNeeded),
    ] {
        let mut door = Door { clock, ..Door::new(rules(Mode::Card)) };
        let now = door.now();
        door.policy.present_pass(&shown, &now);
        assert_eq!(word(door.look(&[])), Err(expected), "{shown:?}");
        let approach = door.leave().unwrap();
        let id = matches!(shown, PresentedPass::Of(_)).then_some(PassId([7; 6]));
        assert_eq!((approach.reason, approach.pass, approach.person), (Some(expected), id, None));
    }
}

/// The code stays in view while the visitor walks in, and must not use up a second use.
#[test]
fn a_pass_opens_once_per_approach_and_as_often_as_it_may() {
    let mut door = Door::new(rules(Mode::Card));
    for (restarts, expected) in [
        (false, Ok("visitor")),
        (true, Ok("visitor")),
        (true, Err(Reason::PassUsedUp)),
        (false, Err(Reason::PassUsedUp)),
    ] {
        assert_eq!(word(door.show(pass(Some(2)))), expected);
        if expected.is_ok() {
            (0..3).for_each(|_| assert_eq!(word(door.show(pass(Some(2)))), Err(Reason::AlreadyGranted)));
        }
        if restarts {
            door.restart();
        }
        door.leave();
    }
    let any = VisitorPass { id: PassId([8; 6]), ..pass(None) };
    for _ in 0..300 {
        assert_eq!(word(door.show(any)), Ok("visitor"));
        door.now_ms += 5_000;
        assert_eq!(word(door.look(&[])), Ok("nobody"));
    }
}

#[test]
fn a_use_that_the_door_did_not_act_on_is_given_back() {
    let mut door = Door::new(rules(Mode::Card));
    let Decision::Admit(visit) = door.show(pass(Some(1))) else { panic!("not admitted") };
    let refusal = door.policy.withhold_visit(visit, Reason::NotRecorded);
    assert_eq!((refusal.reason, refusal.pass), (Reason::NotRecorded, Some(PassId([7; 6]))));
    door.restart();
    assert_eq!(word(door.show(pass(Some(1)))), Ok("visitor"));
    door.restart();
    assert_eq!(word(door.show(pass(Some(1)))), Err(Reason::PassUsedUp));
}

#[test]
fn the_hosts_card_may_come_first_or_last_within_half_a_minute() {
    let host = Enrolled { mode: Mode::CardAndFace, ..Enrolled::new(HOST) };
    let other = Enrolled { mode: Mode::CardAndFace, ..Enrolled::new(OTHER) };
    let expired = Enrolled { valid_until: Some(START_UTC_MS / 1000), ..host };
    for (first, between_ms, second, expected) in [
        (None, 0, Some(host), Ok("visitor")),
        (None, 29_700, Some(host), Ok("visitor")),
        (None, 30_000, Some(host), Err(Reason::NotCardHolder)),
        (None, 0, Some(other), Err(Reason::HostNeeded)),
        (None, 0, Some(expired), Err(Reason::HostNotAllowed)),
        (Some(host), 0, None, Ok("visitor")),
        (Some(host), 29_700, None, Ok("visitor")),
        (Some(host), 30_000, None, Err(Reason::HostNeeded)),
        (Some(other), 0, None, Err(Reason::HostNeeded)),
        (Some(expired), 0, None, Err(Reason::HostNotAllowed)),
    ] {
        let mut door = Door::new(rules(Mode::CardAndFace));
        let case = (first, between_ms, second);
        match first {
            Some(card) => drop(door.card(card)),
            None => assert_eq!(word(door.show(with_host(Some(1)))), Err(Reason::HostNeeded), "{case:?}"),
        }
        door.now_ms += between_ms;
        let decision = match second {
            Some(card) => door.card(card),
            None => door.show(with_host(Some(1))),
        };
        if let Decision::Admit(visit) = &decision {
            assert_eq!(visit.host(), Some(HOST));
            assert_eq!(door.policy.attention().claimed, None, "the card claims nothing any more");
        }
        assert_eq!(word(decision), expected, "{case:?}");
    }
}

/// A lockdown still admits some people, but a visitor is none of them.
#[test]
fn a_lockdown_refuses_every_visitor() {
    let mut door = Door::new(rules(Mode::CardAndFace));
    door.policy.set_lockdown(Some(Lockdown::admitting([HOST])));
    drop(door.card(Enrolled::new(HOST)));
    assert_eq!(word(door.show(with_host(Some(1)))), Err(Reason::LockedDown));
    door.leave();
    door.policy.set_lockdown(None);
    assert_eq!(word(door.show(pass(Some(1)))), Ok("visitor"), "no use was counted");
}

#[test]
fn a_hosts_card_covers_one_visitor() {
    let mut door = Door::new(rules(Mode::CardAndFace));
    let second = VisitorPass { id: PassId([8; 6]), ..with_host(Some(1)) };
    drop(door.card(Enrolled::new(HOST)));
    assert_eq!(word(door.show(with_host(Some(1)))), Ok("visitor"));
    assert_eq!(word(door.show(second)), Err(Reason::HostNeeded));
    assert_eq!(word(door.card(Enrolled::new(HOST))), Ok("visitor"));
}

/// A regression: the host went in with the card, and a copy of the pass alone opened the door half a minute later.
#[test]
fn a_card_that_let_in_the_host_counts_for_no_visitor() {
    let mut door = Door::new(rules(Mode::Card));
    assert_eq!(word(door.card(Enrolled::new(HOST))), Ok("person"));
    assert_eq!(word(door.show(with_host(Some(1)))), Err(Reason::HostNeeded));
    assert_eq!(word(door.card(Enrolled::new(HOST))), Ok("visitor"));
}

/// After too many failures with the host's card, the card vouches for nobody.
#[test]
fn a_locked_out_host_vouches_for_nobody() {
    let mut door = Door::new(Rules { lockout_after: 1, ..rules(Mode::CardAndFace) });
    let host = Enrolled { mode: Mode::CardAndFace, ..Enrolled::new(HOST) };
    let mut stranger = visitor();
    stranger.claimed = Some(Claimed::new(HOST, 1.2));
    drop(door.card(host));
    (0..2 * FRAMES_OF_AN_ATTEMPT).for_each(|_| drop(door.look(&[stranger.clone()])));
    assert!(!door.policy.locked_out(&door.now()).is_empty());
    assert_eq!(word(door.show(with_host(Some(1)))), Err(Reason::HostNotAllowed));
}

#[test]
fn company_is_forbidden_as_for_a_card() {
    let stranger = || ObservedFace { bounds: FaceBox { x: 200.0, y: 0.0, width: 50.0, height: 50.0 }, ..visitor() };
    let mut host = stranger();
    host.resembles = Some(Resemblance::new(Enrolled::new(HOST), 0.5));
    for (several_faces, other, expected) in [
        (SeveralFaces::NearestOnly, stranger(), Ok("visitor")),
        (SeveralFaces::AllKnown, stranger(), Err(Reason::SeveralFaces)),
        (SeveralFaces::AllKnown, host.clone(), Ok("visitor")),
        (SeveralFaces::Refuse, host, Err(Reason::SeveralFaces)),
    ] {
        let mut door = Door::new(Rules { several_faces, ..rules(Mode::Card) });
        let now = door.now();
        door.policy.present_pass(&PresentedPass::Of(pass(Some(1))), &now);
        assert_eq!(word(door.look(&[visitor(), other])), expected, "{several_faces:?}");
    }
}

/// The code of a poster, or of a used pass, stops nobody who may enter.
#[test]
fn an_enrolled_person_enters_beside_any_code() {
    let known = || ObservedFace { resembles: Some(Resemblance::new(Enrolled::new(OTHER), 0.5)), ..visitor() };
    for shown in [PresentedPass::NotAPass, PresentedPass::NotGenuine, PresentedPass::Of(with_host(Some(1)))] {
        let mut door = Door::new(Rules { accepts_passes: true, ..Rules::face_alone(1.0) });
        let decisions: Vec<_> = (0..3)
            .map(|_| {
                let now = door.now();
                door.policy.present_pass(&shown, &now);
                word(door.look(&[known()]))
            })
            .collect();
        assert_eq!(decisions[2], Ok("person"), "{shown:?}: {decisions:?}");
        if shown == PresentedPass::NotAPass {
            let now = door.now();
            door.policy.present_pass(&shown, &now);
            let _ = door.look(&[known()]);
            assert_eq!(door.leave().unwrap().reason, None, "a poster is no refusal");
        }
    }
}

#[test]
fn the_same_bad_code_gives_one_record_per_approach() {
    let mut door = Door::new(rules(Mode::Card));
    for _ in 0..200 {
        let now = door.now();
        door.policy.present_pass(&PresentedPass::NotGenuine, &now);
        let _ = door.look(&[visitor()]);
        assert_eq!(door.policy.take_ended_approach(), None);
        assert_eq!(door.policy.take_refused_face(), None);
    }
    assert_eq!(door.leave().unwrap().reason, Some(Reason::PassNotGenuine));
}

#[test]
fn a_visitors_face_is_no_failed_attempt_once_the_pass_has_opened() {
    let mut door = Door::new(rules(Mode::CardOrFace));
    for _ in 0..FRAMES_OF_AN_ATTEMPT - 1 {
        let _ = door.look(&[visitor()]);
    }
    assert_eq!(word(door.show(pass(Some(1)))), Ok("visitor"));
    door.leave();
    assert!(door.policy.failures(None).is_empty(), "{:?}", door.policy.failures(None));
}

#[test]
fn a_new_database_forgets_the_pass_that_waits_but_no_use() {
    let mut door = Door::new(rules(Mode::Card));
    assert_eq!(word(door.show(pass(Some(1)))), Ok("visitor"));
    door.leave();
    assert_eq!(word(door.show(with_host(Some(2)))), Err(Reason::HostNeeded));
    let now = door.now();
    door.policy.start_afresh(rules(Mode::Card), &now).unwrap();
    let _ = door.card(Enrolled::new(HOST));
    assert_eq!(word(door.show(pass(Some(1)))), Err(Reason::PassUsedUp));
}

proptest! {
    /// However readings, restarts, failures of the door and pauses follow each other: a pass opens as often as it may.
    #[test]
    fn no_order_of_events_gives_a_further_use(uses in 1..4_u8, steps in prop::collection::vec(0..6_u8, 1..60)) {
        let mut door = Door::new(rules(Mode::Card));
        let mut opened = 0;
        for step in steps {
            match step {
                0..3 => match door.show(pass(Some(uses))) {
                    Decision::Admit(visit) if step == 2 => drop(door.policy.withhold_visit(visit, Reason::NotRecorded)),
                    Decision::Admit(_) => opened += 1,
                    _ => {}
                },
                3 => drop(door.leave()),
                4 => door.now_ms += 1000,
                _ => door.restart(),
            }
            prop_assert!(opened <= uses, "{opened} of {uses}");
        }
    }
}
