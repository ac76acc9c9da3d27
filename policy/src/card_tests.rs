//! Cards and faces together, frame by frame.

use super::*;
use proptest::prelude::*;
use shared::face::FaceBox;
use shared::gallery::{Mode, PersonId};
use std::string::String;
use std::vec::Vec;

const ADA: PersonId = PersonId([1; 16]);
const BEN: PersonId = PersonId([2; 16]);
const FRAME_MS: u64 = 100;
const START_UTC_MS: i64 = 1_800_000_000_000;

/// Each letter is a step of 100 ms:
/// `A` and `B` are the cards of Ada and Ben, `V` is Ben's after his validity, `?` an unknown card; the frame is empty.
/// `1` is Ada's card and her face in the same frame.
/// `a`, `b`, `s` are the faces of Ada, Ben and a stranger, `f` is Ada's, too far away; `.` is an empty frame.
struct Door {
    policy: Policy,
    modes: [Mode; 2],
    frame: u64,
    is_grey: bool,
}

impl Door {
    fn new(mode: Mode, modes: [Mode; 2]) -> Self {
        let rules = Rules { mode, card_window_ms: 1000, ..Rules::face_alone(1.0) };
        Self { policy: Policy::new(rules).unwrap(), modes, frame: 0, is_grey: false }
    }

    fn without_colour(grey_threshold: f32) -> Self {
        let rules = Rules { grey_threshold, mode: Mode::CardAndFace, card_window_ms: 1000, ..Rules::face_alone(1.0) };
        Self { policy: Policy::new(rules).unwrap(), is_grey: true, ..Self::new(Mode::CardAndFace, [Mode::Default; 2]) }
    }

    fn enrolled(&self, person: PersonId) -> Enrolled {
        let mode = if person == ADA { self.modes[0] } else { self.modes[1] };
        Enrolled { mode, ..Enrolled::new(person) }
    }

    fn face(&self, letter: char) -> Option<ObservedFace> {
        let (to_ada, to_ben, side) = match letter {
            'a' | '1' => (0.5, 1.25, 50.0),
            'b' => (1.25, 0.5, 50.0),
            's' => (1.2, 1.3, 50.0),
            'f' => (0.5, 1.25, 30.0),
            _ => return None,
        };
        let resembles = match to_ada < to_ben {
            true => Resemblance::new(self.enrolled(ADA), to_ada).beside(BEN, to_ben),
            false => Resemblance::new(self.enrolled(BEN), to_ben).beside(ADA, to_ada),
        };
        let claimed = self.policy.attention().claimed.map(|person| {
            let (own, other, to_other) = if person == ADA { (to_ada, BEN, to_ben) } else { (to_ben, ADA, to_ada) };
            Claimed::new(person, own).beside(Neighbour { person: other, distance: to_other })
        });
        let bounds = FaceBox { x: 0.0, y: 0.0, width: side, height: side };
        Some(ObservedFace { resembles: Some(resembles), claimed, ..ObservedFace::new(bounds) })
    }

    fn step(&mut self, letter: char) -> Decision {
        let now = Now::trusted(START_UTC_MS + (FRAME_MS * self.frame) as i64, FRAME_MS * self.frame);
        self.frame += 1;
        let holder = |person| self.enrolled(person);
        let expired = Enrolled { valid_until: Some(START_UTC_MS / 1000), ..holder(BEN) };
        let card = match letter {
            'A' | '1' => Some(PresentedCard::Of(holder(ADA))),
            'B' => Some(PresentedCard::Of(holder(BEN))),
            'V' => Some(PresentedCard::Of(expired)),
            '?' => Some(PresentedCard::Unknown),
            _ => None,
        };
        if let Some(card) = card {
            self.policy.present_card(&card, &now);
        }
        let faces = Vec::from_iter(self.face(letter));
        self.policy.decide(&Observation::new(&faces).in_grey(self.is_grey), &now)
    }

    fn steps(&mut self, letters: &str) -> String {
        letters.chars().map(|step| letter(&self.step(step))).collect()
    }
}

/// `G` and `H` are grants for Ada and Ben.
fn letter(decision: &Decision) -> char {
    match decision {
        Decision::Grant(grant) if grant.person() == ADA => 'G',
        Decision::Grant(_) => 'H',
        Decision::Nobody | Decision::Admit(_) => '.',
        Decision::Refuse(refusal) => match refusal.reason {
            Reason::Deciding => 'd',
            Reason::NotKnown => 'n',
            Reason::TooFar => 'f',
            Reason::AlreadyGranted => 'g',
            Reason::CardNeeded => 'c',
            Reason::CardNotKnown => '?',
            Reason::NotCardHolder => 'x',
            Reason::FaceNeeded => 'l',
            Reason::OutsideValidity => 'v',
            other => panic!("no letter for {other}"),
        },
    }
}

#[test]
fn without_colour_a_card_needs_a_face_within_the_threshold_for_that() {
    for (grey_threshold, expected) in [(1.0, "lddG"), (0.5, "lddG"), (0.4, "lxxx")] {
        let mut door = Door::without_colour(grey_threshold);
        let decisions: String = "Aaaa".chars().map(|step| letter(&door.step(step))).collect();
        assert_eq!(decisions, expected, "{grey_threshold}");
    }
}

#[test]
fn card_and_face() {
    let both = [Mode::Default; 2];
    let cases = [
        ("the card first", "Aaaa", "lddG"),
        ("the card before anybody is seen", "A....aaa", "lllllddG"),
        ("the face first, and then again", "aaaAaaa", "ddclddG"),
        ("also where the face stays in view", "aa1aa", "ddddG"),
        ("without a card nobody", "aaaaaa", "ddcccc"),
        ("nor a stranger, who is asked for one too", "ssss", "cccc"),
        ("another one's face", "Abbbbbb", "lxxxxxx"),
        ("a stranger's", "Asss", "lxxx"),
        ("a frame of another one counts against", "Aabbbaaa", "ldxxxddG"),
        ("too far away", "Affaaa", "lffddG"),
        ("a card waits for its time", "A.........", "llllllllll"),
        ("and no longer", "A..........aaa", "llllllllll.ddc"),
        ("also not in the middle of deciding", "A........aaa", "lllllllllddc"),
        ("a card opens once", "Aaaaaaa", "lddGggg"),
        ("and again when it is presented again", "AaaaAaaa", "lddGlddG"),
        ("the last card counts", "ABaaabbb", "llxxxddH"),
        ("frames for one do not count for another", "AaaBaaa", "lddlxxx"),
        ("a card of nobody takes the claim away", "A?aaaa", "l?????"),
        ("a card of nobody is told of for two seconds", "?...................a", "????????????????????d"),
        ("whose time is over is told so once verified", "Vbbbb", "lddvv"),
        ("and is not let in by anybody else's face", "Vaaa", "lxxx"),
    ];
    for (what, letters, expected) in cases {
        assert_eq!(Door::new(Mode::CardAndFace, both).steps(letters), expected, "{what}: {letters}");
    }
}

#[test]
fn card_or_face() {
    let cases = [
        ("the card alone", "A", "G"),
        ("the face alone", "aaa", "ddG"),
        ("each card", "AB", "GH"),
        ("the same card again", "A.A", "G.G"),
        ("the card of somebody let in by their face", "aaaA", "ddGG"),
        ("and the face of somebody let in by their card", "Aaaa", "Gggg"),
        ("a stranger's face does not hinder a card", "sAs", "nGn"),
        ("a card of nobody does not hinder a face", "?aaa", "???G"),
        ("a card whose time is over, and why", "V..", "vvv"),
        ("a face after it", "Vaaa", "vvvG"),
    ];
    for (what, letters, expected) in cases {
        assert_eq!(Door::new(Mode::CardOrFace, [Mode::Default; 2]).steps(letters), expected, "{what}: {letters}");
    }
}

#[test]
fn a_person_may_differ_from_the_door() {
    use Mode::{CardAndFace, CardOrFace, Default, Face};
    let cases = [
        ("a face is enough for one", CardAndFace, [Face, Default], "aaabbb", "ddGddc"),
        ("whose card says nothing", CardAndFace, [Face, Default], "Aaaa", ".ddG"),
        ("a card is enough for one", Face, [CardOrFace, Default], "AB", "G."),
        ("one needs both", Face, [CardAndFace, Default], "aaaAaaabbb", "ddclddGddH"),
        ("one needs both where either is enough", CardOrFace, [CardAndFace, Default], "AB", "lH"),
        ("in face mode a card is not asked for", Face, [Default, Default], "Abbb", ".ddH"),
        ("and changes nothing of what was seen", Face, [Default, Default], "aaAaaa", "dd.ddG"),
    ];
    for (what, mode, modes, letters, expected) in cases {
        assert_eq!(Door::new(mode, modes).steps(letters), expected, "{what}: {letters}");
    }
}

#[test]
fn a_grant_names_its_credential() {
    let grant = |mode, letters: &str| {
        let mut door = Door::new(mode, [Mode::Default; 2]);
        let decisions: Vec<Decision> = letters.chars().map(|letter| door.step(letter)).collect();
        match decisions.into_iter().next_back() {
            Some(Decision::Grant(grant)) => grant,
            other => panic!("{letters}: {other:?}"),
        }
    };
    let card = grant(Mode::CardOrFace, "A");
    assert_eq!((card.credential(), card.person(), card.distance(), card.face()), (Credential::Card, ADA, None, None));
    let both = grant(Mode::CardAndFace, "Aaaa");
    assert_eq!((both.credential(), both.distance()), (Credential::CardAndFace, Some(0.5)));
    assert_eq!(both.distances(), [0.5; 3]);
    let face = grant(Mode::CardOrFace, "aaa");
    assert_eq!((face.credential(), face.distance()), (Credential::Face, Some(0.5)));
}

#[test]
fn the_outcome_of_a_card_is_recorded() {
    type Kept = (usize, Option<Reason>, Option<PersonId>, Option<f32>);
    let cases: [(Mode, &str, Kept); 9] = [
        (Mode::CardAndFace, "A", (0, Some(Reason::FaceNeeded), Some(ADA), None)),
        (Mode::CardAndFace, "Aff", (0, Some(Reason::TooFar), Some(ADA), None)),
        (Mode::CardAndFace, "Abb.", (0, Some(Reason::NotCardHolder), Some(ADA), Some(1.25))),
        (Mode::CardAndFace, "Aaaa", (1, None, Some(ADA), Some(0.5))),
        (Mode::CardAndFace, "?", (0, Some(Reason::CardNotKnown), None, None)),
        (Mode::CardAndFace, "aaa", (0, Some(Reason::CardNeeded), Some(ADA), Some(0.5))),
        (Mode::CardAndFace, "ss", (0, Some(Reason::CardNeeded), None, Some(1.2))),
        (Mode::CardOrFace, "A", (1, None, Some(ADA), None)),
        (Mode::CardOrFace, "AAA", (3, None, Some(ADA), None)),
    ];
    for (mode, letters, kept) in cases {
        let mut door = Door::new(mode, [Mode::Default; 2]);
        door.steps(letters);
        door.policy.end_approach(&Now::new(0, u64::MAX));
        let approach = door.policy.take_ended_approach().unwrap();
        let found = (approach.grants, approach.reason, approach.person, approach.distance);
        assert_eq!(found, kept, "{letters}");
    }
}

/// Somebody tries an unknown card and stays: the record must not say only that a card was needed.
#[test]
fn a_wrong_card_stays_on_record_when_another_is_asked_for() {
    for (letters, reason) in
        [("?ssssssssssssssssssssssss", Reason::CardNotKnown), ("Abbbbbbbbbbbbbbb", Reason::NotCardHolder)]
    {
        let mut door = Door::new(Mode::CardAndFace, [Mode::Default; 2]);
        assert!(door.steps(letters).ends_with('c'), "{letters}");
        door.policy.end_approach(&Now::new(0, u64::MAX));
        assert_eq!(door.policy.take_ended_approach().unwrap().reason, Some(reason), "{letters}");
    }
}

#[test]
fn a_clock_that_goes_back_forgets_the_card() {
    let mut door = Door::new(Mode::CardAndFace, [Mode::Default; 2]);
    door.frame = 50;
    assert_eq!(door.steps("Aaa"), "ldd");
    door.frame = 10;
    assert_eq!(door.steps("aaa"), "ddc");
    assert_eq!(door.policy.attention().claimed, None);
}

#[test]
fn a_claimed_face_that_was_not_compared_opens_nothing() {
    let mut door = Door::new(Mode::CardAndFace, [Mode::Default; 2]);
    let _ = door.step('A');
    for frame in 1..8 {
        let face = ObservedFace { claimed: None, ..door.face('a').unwrap() };
        let decision = door.policy.decide(&Observation::new(&[face]), &Now::trusted(START_UTC_MS, frame * FRAME_MS));
        assert_eq!(letter(&decision), 'x');
    }
}

#[test]
fn a_withheld_grant_needs_the_card_again() {
    let mut door = Door::new(Mode::CardOrFace, [Mode::Default; 2]);
    let Decision::Grant(grant) = door.step('A') else { panic!("not granted") };
    let refusal = door.policy.withhold(grant, Reason::NotRecorded);
    assert_eq!((refusal.person, refusal.distance, refusal.face), (Some(ADA), None, None));
    assert_eq!(door.steps("..A"), "..G");
    door.policy.end_approach(&Now::new(0, u64::MAX));
    assert_eq!(door.policy.take_ended_approach().unwrap().grants, 1);
}

#[test]
fn an_approach_lets_in_a_bounded_number_of_cards() {
    let mut door = Door::new(Mode::CardOrFace, [Mode::Default; 2]);
    let expected = "G".repeat(MAX_GRANTS_OF_APPROACH) + "g";
    assert_eq!(door.steps(&"A".repeat(MAX_GRANTS_OF_APPROACH + 1)), expected);
}

/// Ada's and Ben's mode, the door's mode, and the steps.
fn stories() -> impl Strategy<Value = (Mode, [Mode; 2], String)> {
    let of_door = proptest::sample::select(&[Mode::Face, Mode::CardAndFace, Mode::CardOrFace, Mode::Card][..]);
    let of_person = || prop_oneof![2 => Just(Mode::Default), 1 => of_door.clone()];
    let letters = proptest::collection::vec(proptest::sample::select("aaaaaabbbsf..ABVB?".as_bytes()), 1..60);
    (of_door.clone(), [of_person(), of_person()], letters)
        .prop_map(|(door, people, letters)| (door, people, letters.into_iter().map(char::from).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Compares the policy with a simple model of the requirements of each kind of grant.
    #[test]
    fn no_card_lets_in_a_person_without_permission((door_mode, modes, letters) in stories()) {
        let mode_of = |person: PersonId| match if person == ADA { modes[0] } else { modes[1] } {
            Mode::Default => door_mode,
            said => said,
        };
        let mut door = Door::new(door_mode, modes);
        // The last card and its step, if it counts: a card is ignored where the face is enough.
        let mut card: Option<(char, usize)> = None;
        for (step, shown) in letters.bytes().map(char::from).enumerate() {
            let decision = door.step(shown);
            let holder = match shown {
                'A' => Some(ADA),
                'B' | 'V' => Some(BEN),
                _ => None,
            };
            if shown == '?' || holder.is_some_and(|holder| mode_of(holder) != Mode::Face) {
                card = Some((shown, step));
            }
            let Decision::Grant(grant) = decision else { continue };
            let person = grant.person();
            let (own_card, own_face) = if person == ADA { ('A', 'a') } else { ('B', 'b') };
            let has_waited = |since: usize| letters[..since].contains('?');
            let frames_of = |since: usize| {
                letters[since..=step].bytes().rev().take(20).filter(|frame| char::from(*frame) == own_face).count()
            };
            match grant.credential() {
                Credential::Card => {
                    prop_assert!(matches!(mode_of(person), Mode::CardOrFace | Mode::Card));
                    let Some((last, since)) = card else { panic!("no card") };
                    prop_assert_eq!(last, own_card);
                    prop_assert!(step == since || has_waited(since), "it was just presented, or the reader has waited");
                }
                Credential::CardAndFace => {
                    prop_assert_eq!(mode_of(person), Mode::CardAndFace);
                    let Some((last, since)) = card else { panic!("no card") };
                    prop_assert_eq!(last, own_card);
                    prop_assert!(step - since < 10 || has_waited(since), "within the card's time");
                    prop_assert!(frames_of(since) >= 3, "the face was seen after the card");
                    card = None;
                }
                Credential::Face => {
                    prop_assert!(!matches!(mode_of(person), Mode::CardAndFace | Mode::Card));
                    prop_assert!(shown == own_face && frames_of(0) >= 3);
                }
            }
        }
    }
}
