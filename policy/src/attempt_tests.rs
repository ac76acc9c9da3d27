//! Failed attempts and lockouts, approach by approach.

use super::*;
use shared::face::FaceBox;
use shared::gallery::{Mode, PersonId};
use std::vec::Vec;

const ADA: PersonId = PersonId([1; 16]);
const BEN: PersonId = PersonId([2; 16]);

/// A door with visitors, one after the other.
struct Door {
    policy: Policy,
    now_ms: u64,
    mode: Mode,
    frame_ms: u64,
    /// The position of the faces.
    x: f32,
    /// Whether everybody's validity has ended.
    expired: bool,
    card: CardIssue,
}

impl Door {
    fn new(mode: Mode) -> Self {
        Self::with(Rules { mode, ..Rules::face_alone(1.0) })
    }

    fn with(rules: Rules) -> Self {
        Self {
            policy: Policy::new(rules).unwrap(),
            now_ms: 0,
            mode: rules.mode,
            frame_ms: 100,
            x: 0.0,
            expired: false,
            card: CardIssue::default(),
        }
    }

    fn now(&self) -> Now {
        Now::trusted(1_800_000_000_000 + self.now_ms as i64, self.now_ms)
    }

    fn face(&self, person: Option<PersonId>, side: f32) -> ObservedFace {
        let to = |other: PersonId| if person == Some(other) { 0.5 } else { 1.25 };
        let (near, far) = if person == Some(BEN) { (BEN, ADA) } else { (ADA, BEN) };
        let best = Enrolled { valid_until: self.expired.then_some(0), ..Enrolled::new(near) };
        let resembles = Resemblance::new(best, to(near)).beside(far, to(far) + 0.01);
        let claimed = self.policy.attention().claimed.map(|person| Claimed::new(person, to(person)));
        let bounds = FaceBox { x: self.x, y: 0.0, width: side, height: side };
        ObservedFace { resembles: Some(resembles), claimed, ..ObservedFace::new(bounds) }
    }

    /// The decision on the last frame, or the first grant.
    fn stand(&mut self, person: Option<PersonId>, side: f32, ms: u64) -> Result<PersonId, Reason> {
        let mut said = Err(Reason::Deciding);
        for _ in 0..ms / self.frame_ms {
            let faces = [self.face(person, side)];
            self.now_ms += self.frame_ms;
            match self.policy.decide(&Observation::new(&faces), &self.now()) {
                Decision::Grant(grant) => return Ok(grant.person()),
                Decision::Refuse(refusal) => said = Err(refusal.reason),
                Decision::Nobody | Decision::Admit(_) => {}
            }
        }
        said
    }

    /// The view is clear for longer than an approach lasts.
    fn leave(&mut self) {
        self.pass(1500);
    }

    fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        assert_eq!(self.policy.decide(&Observation::new(&[]), &self.now()), Decision::Nobody);
    }

    fn try_once(&mut self, person: Option<PersonId>) -> Result<PersonId, Reason> {
        let said = self.stand(person, 80.0, 700);
        self.leave();
        said
    }

    fn strangers(&mut self, times: usize) {
        (0..times).for_each(|_| assert!(self.try_once(None).is_err()));
    }

    fn present(&mut self, person: PersonId) {
        let holder = Enrolled { mode: self.mode, card: self.card, ..Enrolled::new(person) };
        self.policy.present_card(&PresentedCard::Of(holder), &self.now());
    }

    /// Shows nobody for this long, and returns the last decision, or the first grant.
    fn wait(&mut self, ms: u64) -> Result<PersonId, Reason> {
        let mut said = Err(Reason::Deciding);
        for _ in 0..ms / self.frame_ms {
            self.now_ms += self.frame_ms;
            match self.policy.decide(&Observation::new(&[]), &self.now()) {
                Decision::Grant(grant) => return Ok(grant.person()),
                Decision::Refuse(refusal) => said = Err(refusal.reason),
                Decision::Nobody | Decision::Admit(_) => {}
            }
        }
        said
    }

    fn try_card(&mut self, card: PersonId, face: Option<PersonId>) -> Result<PersonId, Reason> {
        self.present(card);
        let said = self.stand(face, 80.0, 700);
        self.pass(11_000);
        said
    }
}

#[test]
fn five_strangers_lock_out_faces_for_half_a_minute() {
    let mut door = Door::new(Mode::Face);
    door.strangers(4);
    assert_eq!(door.try_once(Some(ADA)), Ok(ADA), "four are not five, and a grant ends the count");
    door.strangers(5);
    let locked = door.policy.take_begun_lockout().unwrap();
    let after = Failures { kind: Kind::Face, failures: 5 };
    assert_eq!(locked, Locked { after, ends: LockoutEnd::InMs(30_000) });
    assert_eq!(door.try_once(Some(ADA)), Err(Reason::LockedOut));
    assert_eq!(door.try_once(None), Err(Reason::LockedOut));
    door.pass(30_000);
    assert_eq!(door.try_once(Some(ADA)), Ok(ADA));
}

#[test]
fn each_stranger_after_that_doubles_the_time_up_to_a_quarter_of_an_hour() {
    let mut door = Door::new(Mode::Face);
    door.strangers(5);
    let mut times = Vec::new();
    while let Some(Locked { ends: LockoutEnd::InMs(for_ms), .. }) = door.policy.take_begun_lockout() {
        times.push(for_ms / 1000);
        door.pass(for_ms);
        if times.len() < 8 {
            door.strangers(1);
        }
    }
    assert_eq!(times, [30, 60, 120, 240, 480, 900, 900, 900]);
}

#[test]
fn visits_that_are_not_failed_attempts() {
    type Story = fn(&mut Door);
    let cases: [(&str, Story); 5] = [
        ("too far away to be judged", |door| {
            let _ = door.stand(None, 30.0, 10_000);
            door.leave();
        }),
        ("somebody enrolled who stays", |door| {
            let _ = door.stand(Some(ADA), 80.0, 500);
            let _ = door.stand(Some(ADA), 80.0, 10_000);
            door.leave();
        }),
        ("somebody enrolled who walks past", |door| {
            let _ = door.stand(Some(ADA), 80.0, 200);
            door.leave();
        }),
        ("a frame of somebody enrolled that matches nobody", |door| {
            let _ = door.stand(None, 80.0, 100);
            assert_eq!(door.stand(Some(ADA), 80.0, 1000), Ok(ADA));
            door.leave();
        }),
        ("nobody for hours", |door| door.pass(3_600_000)),
    ];
    for (what, story) in cases {
        let mut door = Door::new(Mode::Face);
        for _ in 0..10 {
            story(&mut door);
        }
        assert_eq!(door.policy.failures(None), [], "{what}");
    }
}

/// A regression: employees refused in a lockdown locked out the people it admits.
#[test]
fn people_who_are_recognised_in_a_lockdown_lock_nobody_out() {
    let mut door = Door::new(Mode::Face);
    door.policy.set_lockdown(Some(Lockdown::admitting([BEN])));
    for _ in 0..4 {
        let _ = door.stand(None, 80.0, 100);
        assert_eq!(door.stand(Some(ADA), 80.0, 1000), Err(Reason::LockedDown));
        door.leave();
    }
    assert_eq!(door.policy.failures(None), []);
    assert_eq!(door.try_once(Some(BEN)), Ok(BEN));
}

/// A regression: visits of 1.9 s were never counted, so strangers could try all day.
#[test]
fn a_short_visit_is_an_attempt_too() {
    let mut door = Door::new(Mode::Face);
    let mut compared = 0;
    for _ in 0..1000 {
        for _ in 0..19 {
            compared += usize::from(door.stand(None, 80.0, 100) != Err(Reason::LockedOut));
        }
        door.pass(1100);
    }
    assert!(compared < 120, "{compared} frames in {} minutes", door.now_ms / 60_000);
    assert_eq!(door.stand(Some(ADA), 80.0, 500), Err(Reason::LockedOut));
}

/// A regression: 407 faces of one stay were compared before the first lockout.
#[test]
fn each_face_of_a_stay_without_a_gap_is_an_attempt() {
    let mut door = Door::new(Mode::Face);
    let faces = (1..100).find(|face| {
        door.x = 300.0 * (face % 2) as f32;
        door.stand(None, 80.0, 300) == Err(Reason::LockedOut)
    });
    assert_eq!(faces, Some(6));
}

#[test]
fn a_face_that_stays_is_an_attempt_again_and_again_whatever_the_frame_rate() {
    for frame_ms in [30, 100, 500] {
        let mut door = Door { frame_ms, ..Door::new(Mode::Face) };
        let mut frames = 0;
        while door.stand(None, 80.0, frame_ms) != Err(Reason::LockedOut) {
            frames += 1;
        }
        assert_eq!(frames, 5 * FRAMES_OF_AN_ATTEMPT, "{frame_ms} ms");
    }
}

/// A regression: presenting a card every 1.8 s reset the attempt each time.
#[test]
fn presenting_a_card_does_not_begin_a_new_attempt() {
    let mut door = Door::new(Mode::Face);
    let mut compared = 0;
    for _ in 0..600 {
        for _ in 0..18 {
            let said = door.stand(None, 80.0, 100);
            compared += usize::from(!matches!(said, Err(Reason::LockedOut | Reason::CardBlocked)));
        }
        let holder = Enrolled { mode: Mode::CardAndFace, ..Enrolled::new(BEN) };
        door.policy.present_card(&PresentedCard::Of(holder), &door.now());
    }
    let minutes = door.now_ms / 60_000;
    assert!(compared < 200, "{compared} frames in {minutes} minutes");
}

#[test]
fn a_known_person_who_may_not_enter_does_not_reset_the_count() {
    let mut door = Door::new(Mode::Face);
    door.expired = true;
    door.strangers(4);
    assert_eq!(door.try_once(Some(ADA)), Err(Reason::OutsideValidity));
    door.strangers(1);
    assert!(door.policy.take_begun_lockout().is_some());
}

#[test]
fn a_withheld_grant_does_not_reset_the_count() {
    let mut door = Door::new(Mode::Face);
    door.strangers(4);
    let faces = [door.face(Some(ADA), 80.0)];
    let grant = (1..10_u64).find_map(|frame| {
        let now = Now { monotonic_ms: door.now_ms + 100 * frame, ..door.now() };
        match door.policy.decide(&Observation::new(&faces), &now) {
            Decision::Grant(grant) => Some(grant),
            _ => None,
        }
    });
    let refusal = door.policy.withhold(grant.unwrap(), Reason::NotRecorded);
    assert_eq!(refusal.reason, Reason::NotRecorded);
    assert_eq!(door.policy.failures(None), [Failures { kind: Kind::Face, failures: 4 }]);
}

#[test]
fn after_fifty_failures_one_face_is_judged_every_five_minutes_until_a_grant() {
    let mut door = Door::new(Mode::Face);
    while door.policy.failures(None).first().is_none_or(|failed| failed.failures < FAILURES_BEFORE_PACING) {
        door.strangers(1);
        door.pass(900_000);
    }
    let ends = LockoutEnd::OneFaceEach(PACE_MS);
    assert_eq!(door.policy.take_begun_lockout().map(|locked| locked.ends), Some(ends), "it is announced");
    assert_eq!(door.policy.locked_out(&door.now()).first().map(|locked| locked.ends), Some(ends));
    assert_eq!(door.stand(None, 80.0, 300), Err(Reason::NotKnown), "one face");
    door.leave();
    assert_eq!(door.try_once(Some(ADA)), Err(Reason::FacesPaced), "and not the next");
    door.pass(PACE_MS);
    door.expired = true;
    assert_eq!(door.stand(Some(ADA), 80.0, 500), Err(Reason::OutsideValidity), "a known face is one, too");
    door.expired = false;
    door.leave();
    assert_eq!(door.try_once(Some(BEN)), Err(Reason::FacesPaced));
    door.pass(PACE_MS);
    assert_eq!(door.try_once(Some(ADA)), Ok(ADA));
    assert_eq!(door.try_once(Some(BEN)), Ok(BEN), "a grant ends it");
}

#[test]
fn after_fifty_failures_a_card_is_blocked_until_replaced_or_cleared() {
    let blocked = || {
        let mut door = Door::new(Mode::CardAndFace);
        door.card = CardIssue { database: 10, tag: 1 };
        while door.try_card(ADA, Some(BEN)) != Err(Reason::CardBlocked) {
            door.pass(900_000);
        }
        door.pass(100 * 86_400_000);
        assert_eq!(door.try_card(ADA, Some(ADA)), Err(Reason::CardBlocked), "no time ends it");
        let memory = door.policy.take_changed_memory().unwrap();
        let mut again = Door::new(Mode::CardAndFace);
        again.card = door.card;
        again.policy.remember(&memory, &again.now());
        assert_eq!(again.try_card(ADA, Some(ADA)), Err(Reason::CardBlocked), "nor a restart");
        assert_eq!(again.try_card(BEN, Some(BEN)), Ok(BEN), "others are let in");
        again
    };
    let mut door = blocked();
    door.policy.clear_lockouts(Some(Kind::CardOf(ADA)));
    assert_eq!(door.try_card(ADA, Some(ADA)), Ok(ADA));
    let mut door = blocked();
    for (card, is_new) in [
        (CardIssue { database: 11, tag: 1 }, false),
        (CardIssue { database: 10, tag: 2 }, false),
        (CardIssue { database: 11, tag: 2 }, true),
    ] {
        door.card = card;
        assert_eq!(door.try_card(ADA, Some(ADA)).is_ok(), is_new, "{card:?}");
    }
}

#[test]
fn passers_by_lock_out_no_card_and_a_card_with_its_face_resets_the_count() {
    let mut door = Door::new(Mode::CardOrFace);
    door.strangers(5);
    assert_eq!(door.try_once(Some(ADA)), Err(Reason::LockedOut));
    assert_eq!(door.try_card(ADA, None), Ok(ADA), "the card alone opens");
    assert_eq!(door.try_once(Some(ADA)), Err(Reason::LockedOut), "and ends nothing");

    let mut door = Door::new(Mode::Face);
    door.strangers(5);
    door.mode = Mode::CardAndFace;
    assert_eq!(door.try_card(ADA, Some(ADA)), Ok(ADA));
    assert_eq!(door.try_once(Some(BEN)), Ok(BEN), "a card with its own matching face ends it");
}

#[test]
fn another_face_with_a_card_counts_only_against_that_card() {
    let mut door = Door::new(Mode::CardAndFace);
    for _ in 0..5 {
        assert_eq!(door.try_card(ADA, Some(BEN)), Err(Reason::NotCardHolder));
    }
    let lockout = door.policy.take_begun_lockout().unwrap();
    assert_eq!(lockout.after, Failures { kind: Kind::CardOf(ADA), failures: 5 });
    assert_eq!(door.try_card(ADA, Some(ADA)), Err(Reason::LockedOut));
    assert_eq!(door.try_card(BEN, Some(BEN)), Ok(BEN));
    assert_eq!(door.try_once(None), Err(Reason::CardNeeded), "a face without a card is no attempt at such a door");
    door.pass(30_000);
    assert_eq!(door.try_card(ADA, Some(ADA)), Ok(ADA));
    assert_eq!(door.try_card(ADA, Some(BEN)), Err(Reason::NotCardHolder), "counted from the beginning again");
    assert_eq!(door.policy.take_begun_lockout(), None);
}

/// A regression: five taps of any foreign card locked out everybody's cards, and one tap every quarter of an hour kept
/// them locked out.
#[test]
fn unknown_cards_slow_down_the_reader_but_refuse_no_card() {
    let mut door = Door::new(Mode::CardOrFace);
    for _ in 0..50 {
        door.policy.present_card(&PresentedCard::Unknown, &door.now());
        let _ = door.policy.decide(&Observation::new(&[]), &door.now());
        door.now_ms += LONGEST_CARD_PAUSE_MS;
    }
    door.policy.present_card(&PresentedCard::Unknown, &door.now());
    door.present(ADA);
    assert_eq!(door.wait(100), Err(Reason::CardPause));
    assert_eq!(door.wait(LONGEST_CARD_PAUSE_MS), Ok(ADA), "the card is looked at when the reader has waited");
    assert_eq!(door.policy.failures(Some(Kind::Card)).first().map(|failed| failed.failures), Some(51));
    door.present(BEN);
    assert_eq!(door.wait(100), Ok(BEN));
    assert_eq!(door.policy.take_begun_lockout(), None);
}

#[test]
fn guessing_cards_is_slow() {
    let mut door = Door::new(Mode::CardOrFace);
    let mut looked_at = 0;
    while door.now_ms < 3_600_000 {
        door.policy.present_card(&PresentedCard::Unknown, &door.now());
        looked_at += u32::from(door.wait(100) == Err(Reason::CardNotKnown));
    }
    let guesses = door.policy.failures(Some(Kind::Card))[0].failures;
    assert!((100..150).contains(&guesses), "{guesses} numbers in an hour ({looked_at})");
}

#[test]
fn an_administrator_clears_only_the_named_lockout() {
    let mut door = Door::new(Mode::Face);
    door.strangers(5);
    let [locked] = door.policy.locked_out(&door.now())[..] else { panic!("faces are locked out") };
    assert_eq!(locked.after, Failures { kind: Kind::Face, failures: 5 });
    door.policy.clear_lockouts(Some(Kind::CardOf(ADA)));
    assert_eq!(door.try_once(Some(ADA)), Err(Reason::LockedOut));
    assert_eq!(door.policy.failures(None), [locked.after]);
    door.policy.clear_lockouts(None);
    assert!(door.policy.failures(None).is_empty() && door.policy.locked_out(&door.now()).is_empty());
    assert_eq!(door.try_once(Some(ADA)), Ok(ADA));
}

#[test]
fn a_restart_gives_no_new_attempts() {
    let mut door = Door::new(Mode::Face);
    door.strangers(5);
    let memory = door.policy.take_changed_memory().unwrap();
    let mut again = Door::new(Mode::Face);
    again.policy.remember(&memory, &again.now());
    assert_eq!(again.policy.take_changed_memory(), None);
    assert_eq!(again.try_once(Some(ADA)), Err(Reason::LockedOut));
    again.pass(30_000);
    again.strangers(1);
    let ends = again.policy.take_begun_lockout().map(|locked| locked.ends);
    assert_eq!(ends, Some(LockoutEnd::InMs(60_000)));
    again.pass(60_000);
    assert_eq!(again.try_once(Some(ADA)), Ok(ADA));
    assert_eq!(again.policy.take_changed_memory(), Some(Memory::default()));
}

/// A regression: cutting the power before the eighth frame allowed an unlimited number of faces.
#[test]
fn an_attempt_that_a_power_cut_interrupts_has_failed() {
    let mut memory = Memory::default();
    for failures in 1..=5 {
        let mut door = Door::new(Mode::Face);
        door.policy.remember(&memory, &door.now());
        assert_eq!(door.stand(None, 80.0, 300), Err(Reason::NotKnown));
        memory = door.policy.take_changed_memory().unwrap();
        let mut after = Door::new(Mode::Face);
        after.policy.remember(&memory, &after.now());
        assert_eq!(after.policy.failures(None), [Failures { kind: Kind::Face, failures }]);
        memory.failures = after.policy.remembered.lockouts.to_remember().collect();
    }
    let mut door = Door::new(Mode::Face);
    door.policy.remember(&memory, &door.now());
    assert_eq!(door.stand(Some(ADA), 80.0, 500), Err(Reason::LockedOut));
}
