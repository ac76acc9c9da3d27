//! Failed attempts and lockouts, approach by approach.

use super::*;
use std::vec::Vec;

const ADA: PersonId = PersonId([1; 16]);
const BEN: PersonId = PersonId([2; 16]);
const FRAME_MS: u64 = 100;

/// A door at which people stand for a while, one after the other.
struct Door {
    policy: Policy,
    now_ms: u64,
    mode: Mode,
}

impl Door {
    fn new(mode: Mode) -> Self {
        Self::with(Rules { mode, ..Rules::new(1.0) })
    }

    fn with(rules: Rules) -> Self {
        Self { policy: Policy::new(rules).unwrap(), now_ms: 0, mode: rules.mode }
    }

    fn now(&self) -> Now {
        Now::trusted(1_800_000_000_000 + self.now_ms as i64, self.now_ms)
    }

    fn face(&self, person: Option<PersonId>, side: f32) -> ObservedFace {
        let to = |other: PersonId| if person == Some(other) { 0.5 } else { 1.25 };
        let (near, far) = if person == Some(BEN) { (BEN, ADA) } else { (ADA, BEN) };
        let resembles =
            Resemblance { best: Candidate::new(near, to(near)), runner_up: Some(Candidate::new(far, to(far) + 0.01)) };
        let claimed = self.policy.claimed().map(|person| Neighbour { person, distance: to(person) });
        let bounds = Bounds { x: 0.0, y: 0.0, width: side, height: side };
        ObservedFace { resembles: Some(resembles), claimed, ..ObservedFace::new(bounds) }
    }

    /// What is said in the last frame, or of the first grant.
    fn stand(&mut self, person: Option<PersonId>, side: f32, ms: u64) -> Result<PersonId, Reason> {
        let mut said = Err(Reason::Deciding);
        for _ in 0..ms / FRAME_MS {
            let faces = [self.face(person, side)];
            self.now_ms += FRAME_MS;
            match self.policy.decide(&Observation::new(&faces), &self.now()) {
                Decision::Grant(grant) => return Ok(grant.person()),
                Decision::Deny(refusal) => said = Err(refusal.reason),
                Decision::Nobody => {}
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
        let said = self.stand(person, 80.0, 2500);
        self.leave();
        said
    }

    fn strangers(&mut self, times: usize) {
        (0..times).for_each(|_| assert!(self.try_once(None).is_err()));
    }

    fn present(&mut self, person: PersonId) {
        let holder = Candidate { mode: self.mode, ..Candidate::new(person, 0.0) }.holder();
        self.policy.present_card(&PresentedCard::Of(holder), &self.now());
    }

    fn try_card(&mut self, card: PersonId, face: Option<PersonId>) -> Result<PersonId, Reason> {
        self.present(card);
        let said = self.stand(face, 80.0, 2500);
        self.pass(11_000);
        said
    }
}

#[test]
fn five_strangers_lock_out_everybody_for_half_a_minute() {
    let mut door = Door::new(Mode::Face);
    door.strangers(4);
    assert_eq!(door.try_once(Some(ADA)), Ok(ADA), "four are not five, and a match ends the count");
    door.strangers(5);
    let lockout = door.policy.take_begun_lockout().unwrap();
    assert_eq!(lockout, Lockout { after: Failures { kind: Kind::Face, failures: 5 }, for_ms: 30_000 });
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
    while let Some(Lockout { for_ms, .. }) = door.policy.take_begun_lockout() {
        times.push(for_ms / 1000);
        door.pass(for_ms);
        if times.len() < 8 {
            door.strangers(1);
        }
    }
    assert_eq!(times, [30, 60, 120, 240, 480, 900, 900, 900]);
}

#[test]
fn what_is_no_failed_attempt() {
    type Story = fn(&mut Door);
    let cases: [(&str, Story); 6] = [
        ("a passer-by", |door| {
            let _ = door.stand(None, 80.0, 1900);
            door.leave();
        }),
        ("too far away to be judged", |door| {
            let _ = door.stand(None, 30.0, 10_000);
            door.leave();
        }),
        ("somebody enrolled who stays", |door| {
            let _ = door.stand(Some(ADA), 80.0, 500);
            let _ = door.stand(Some(ADA), 80.0, 10_000);
            door.leave();
        }),
        ("a stranger before and after somebody enrolled", |door| {
            let _ = door.stand(None, 80.0, 1500);
            assert_eq!(door.stand(Some(ADA), 80.0, 1000), Ok(ADA));
            let _ = door.stand(None, 80.0, 1500);
            door.leave();
        }),
        ("nobody for hours", |door| door.pass(3_600_000)),
        ("a stranger too long ago", |door| {
            door.strangers(4);
            door.pass(900_000);
        }),
    ];
    for (what, story) in cases {
        let mut door = Door::new(Mode::Face);
        for _ in 0..10 {
            story(&mut door);
        }
        assert_eq!(door.policy.take_begun_lockout(), None, "{what}");
    }
}

#[test]
fn one_picture_after_the_other_without_a_pause_is_found_too() {
    let mut door = Door::new(Mode::Face);
    let _ = door.stand(None, 80.0, 2000 + 4 * LONG_STAY_MS);
    assert_eq!(door.policy.take_begun_lockout(), None);
    let _ = door.stand(None, 80.0, 1000);
    assert!(door.policy.take_begun_lockout().is_some());
}

#[test]
fn passers_by_lock_out_no_card_and_a_card_with_its_face_ends_it() {
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
fn somebody_elses_face_with_a_card_counts_for_that_card_alone() {
    let mut door = Door::new(Mode::CardAndFace);
    for attempt in 1..=5 {
        let expected = if attempt < 5 { Reason::NotCardHolder } else { Reason::LockedOut };
        assert_eq!(door.try_card(ADA, Some(BEN)), Err(expected));
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

#[test]
fn cards_that_are_nobodys_lock_out_cards_and_not_faces() {
    let mut door = Door::new(Mode::CardOrFace);
    for _ in 0..5 {
        door.policy.present_card(&PresentedCard::Unknown, &door.now());
        let _ = door.policy.decide(&Observation::new(&[]), &door.now());
    }
    assert_eq!(door.policy.take_begun_lockout().map(|lockout| lockout.after.kind), Some(Kind::Card));
    door.now_ms += 3000;
    door.present(ADA);
    let Decision::Deny(refusal) = door.policy.decide(&Observation::new(&[]), &door.now()) else {
        panic!("not refused")
    };
    assert_eq!((refusal.reason, refusal.person), (Reason::LockedOut, Some(ADA)));
    door.pass(2500);
    assert_eq!(door.try_once(Some(ADA)), Ok(ADA));
}

#[test]
fn an_administrator_ends_a_lockout_and_no_other() {
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
fn switching_the_unit_off_and_on_gives_no_new_attempts() {
    let mut door = Door::new(Mode::Face);
    door.strangers(5);
    let memory = door.policy.take_changed_memory().unwrap();
    let mut again = Door::new(Mode::Face);
    again.policy.remember(&memory, &again.now());
    assert_eq!(again.policy.take_changed_memory(), None);
    assert_eq!(again.try_once(Some(ADA)), Err(Reason::LockedOut));
    again.pass(30_000);
    again.strangers(1);
    assert_eq!(again.policy.take_begun_lockout().map(|lockout| lockout.for_ms), Some(60_000));
    again.pass(60_000);
    assert_eq!(again.try_once(Some(ADA)), Ok(ADA));
    assert_eq!(again.policy.take_changed_memory(), Some(Memory::default()));
}
