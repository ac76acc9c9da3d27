use super::*;
use crate::audit_log::Upkeep;
use crate::clock::{SystemClock, VirtualClock};
use crate::config::Config;
use crate::door::contacts::{Contact, ScriptedContacts};
use crate::door::{DoorState, Movement, ScriptedDoor};
use crate::gpio::Board;
use crate::lights::{LightState, ScriptedLights};
use crate::reader::ScriptedReader;
use crate::sight::Recorded;
use files::{Memory, Operation, Storage};
use models::Frame;
use policy::{Claimed, Credential, ObservedFace, Refusal};
use shared::card::{CardKey, CardNumber};
use shared::encoding::Encoding;
use shared::gallery::{Details, GalleryBuilder, Mode, ModelHash, NewEncoding, NewPerson, PersonName, PhotoDigest};
use testing::{PERSON, face, nobody, rules};

/// A camera that always gives the same grey picture, or nothing.
pub(super) struct Grey(Option<Frame>);

impl FrameSource for Grey {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        Ok(self.0.as_ref().map_or(Captured::Nothing, |frame| Captured::Frame(frame, None)))
    }
}

/// A unit on a bench.
pub(super) struct Bench {
    pub(super) unit: Unit,
    pub(super) door: ScriptedDoor,
    pub(super) storage: Memory,
    pub(super) clock: Arc<VirtualClock>,
    pub(super) camera: Grey,
}

impl Bench {
    pub(super) fn with(observations: Vec<Vec<ObservedFace>>) -> Self {
        let (door, storage) = (ScriptedDoor::default(), Memory::default());
        let clock = Arc::new(VirtualClock::starting_at(1_800_000_000_000));
        let audit =
            AuditLog::open_in(Box::new(storage.clone()), "log", None, Upkeep::default(), &Now::new(0, 0)).unwrap();
        let latch = Latch::close(Box::new(door.clone()), 5_000).unwrap();
        let sight = Box::new(Recorded::new(observations));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let unit = Unit::new(sight, nobody(), Policy::new(rules()).unwrap(), audit, latch, time);
        Self { unit, door, storage, clock, camera: Grey(Some(Frame::from_rgb(1, 1, vec![128; 3]).unwrap())) }
    }

    pub(super) fn turn_at(&mut self, ms: u64) -> Turn {
        self.clock.advance_to(ms);
        self.unit.turn(&mut self.camera).unwrap()
    }

    pub(super) fn log(&mut self) -> String {
        String::from_utf8(self.storage.read("log").unwrap().unwrap_or_default()).unwrap()
    }
}

/// Frames seen with the previous database must not count towards a grant with the new one.
#[test]
fn a_new_database_starts_without_earlier_frames() {
    let mut bench = Bench::with(vec![vec![face(0.5)]; 4]);
    let mut three = rules();
    (three.consensus, three.consensus_of) = (3, 3);
    bench.unit.policy = Policy::new(three).unwrap();
    let deciding = |turn: Turn| matches!(turn.verdict, Verdict::Refused(Refusal { reason: Reason::Deciding, .. }));
    assert!(deciding(bench.turn_at(0)) && deciding(bench.turn_at(100)));
    let gallery = GalleryBuilder::new(9, ModelHash([0; 32]), 2).unwrap().build();
    let policy = *bench.unit.policy.rules();
    bench.unit.use_database(gallery, policy).unwrap();
    assert!(deciding(bench.turn_at(200)) && deciding(bench.turn_at(300)), "two frames are not three");
    assert!(bench.door.movements().iter().all(|movement| *movement == Movement::Lock));
    assert!(bench.log().contains("\"database_sequence\":9"), "{}", bench.log());
}

/// A card presented under the previous database claims nothing under the new one, where it may be somebody else's.
#[test]
fn a_card_does_not_outlive_a_change_of_database() {
    let card = CardNumber::new(5).unwrap();
    let mut claimed = face(0.5);
    claimed.resembles.as_mut().unwrap().best.mode = Mode::CardAndFace;
    claimed.claimed = Some(Claimed::new(PERSON, 0.5));
    for changes in [false, true] {
        let mut bench = Bench::with(vec![vec![], vec![claimed.clone()]]);
        let reader = ScriptedReader::default();
        bench.unit.use_database(card_holder(card, Mode::CardAndFace), rules()).unwrap();
        bench.unit.set_card_reader(Box::new(reader.clone()));
        reader.present(card);
        let waits = bench.turn_at(0).verdict;
        assert!(matches!(waits, Verdict::Refused(Refusal { reason: Reason::FaceNeeded, .. })), "{waits:?}");
        if changes {
            bench.unit.use_database(nobody(), rules()).unwrap();
        }
        let verdict = bench.turn_at(100).verdict;
        assert_eq!(matches!(verdict, Verdict::Granted(_)), !changes, "{verdict:?}");
        reader.present(card);
        let unknown =
            matches!(bench.turn_at(10_000).verdict, Verdict::Refused(Refusal { reason: Reason::CardNotKnown, .. }));
        assert_eq!(unknown, changes, "the new database says whose card it is");
    }
}

/// Networks whose encodings differ from the workstation's cannot recognise anybody.
#[test]
fn nobody_is_let_in_by_networks_that_failed_their_self_test() {
    let mut bench = Bench::with(vec![vec![face(0.5)]; 3]);
    bench.unit.note_self_test(false);
    bench.unit.note_self_test(false);
    let turn = bench.turn_at(0);
    assert!(matches!(turn.verdict, Verdict::Refused(Refusal { reason: Reason::SelfTestFailed, .. })), "{turn:?}");
    assert_eq!(bench.door.movements(), [Movement::Lock]);
    assert_eq!(bench.log().matches("self_test_failed").count(), 1, "{}", bench.log());
    bench.unit.note_self_test(true);
    assert!(matches!(bench.turn_at(100).verdict, Verdict::Granted(_)));
}

#[test]
fn an_enrolled_person_is_recorded_and_let_in_and_the_door_locks_again() {
    let mut bench = Bench::with(vec![vec![face(0.5)]]);
    let turn = bench.turn_at(0);
    assert!(matches!(turn.verdict, Verdict::Granted(Granted { person: PERSON, .. })), "{turn:?}");
    assert_eq!(turn.door, DoorState::Unlocked);
    assert!(bench.log().contains(&PERSON.to_string()));
    bench.camera = Grey(None);
    assert_eq!(bench.turn_at(4_999).door, DoorState::Unlocked);
    assert_eq!(bench.turn_at(5_000).door, DoorState::Locked);
    assert_eq!(bench.door.movements(), [Movement::Lock, Movement::Unlock, Movement::Lock]);
}

#[test]
fn a_stranger_and_an_empty_frame_leave_the_door_locked() {
    let mut bench = Bench::with(vec![vec![face(1.2)], vec![], vec![face(f32::NAN)]]);
    assert!(matches!(
        bench.turn_at(0).verdict,
        Verdict::Refused(Refusal { reason: Reason::NotKnown, person: None, .. })
    ));
    assert_eq!(bench.turn_at(100).verdict, Verdict::Nobody);
    assert!(matches!(bench.turn_at(200).verdict, Verdict::Refused(_)));
    assert_eq!(bench.door.movements(), [Movement::Lock]);
}

#[test]
fn a_refused_approach_is_recorded_once_at_its_end() {
    let mut bench = Bench::with(vec![vec![face(1.2)], vec![face(1.3)]]);
    bench.turn_at(0);
    bench.turn_at(100);
    assert_eq!(bench.log(), "");
    bench.camera = Grey(None);
    bench.turn_at(60_000);
    bench.turn_at(60_100);
    let log = bench.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("not_known"), "{log}");
}

/// Invariant 3: the record comes before the act. With a full disk, an enrolled person is not let in.
#[test]
fn an_act_that_cannot_be_recorded_does_not_happen() {
    for failing in [Operation::Append, Operation::Sync] {
        let mut bench = Bench::with(vec![vec![face(0.5)]; 2]);
        bench.storage.fail_at(Some(failing));
        let turn = bench.turn_at(0);
        let withheld = matches!(turn.verdict, Verdict::Refused(Refusal { reason: Reason::NotRecorded, .. }));
        assert!(withheld, "{failing:?}: {turn:?}");
        assert_eq!(bench.door.movements(), [Movement::Lock], "{failing:?}");
    }
}

/// Invariant 3, the other way round: when the lock moves, the record is already there.
#[test]
fn the_record_is_written_before_the_lock_moves() {
    struct Witness(Memory);
    impl crate::door::Door for Witness {
        fn unlock(&mut self, grant: Grant) -> Result<(), DoorError> {
            let log = self.0.read("log").unwrap().unwrap_or_default();
            let Grant::Entry(entry) = grant else { panic!("{grant:?}") };
            assert!(String::from_utf8(log).unwrap().contains(&entry.person().to_string()));
            Ok(())
        }
        fn lock(&mut self) -> Result<(), DoorError> {
            Ok(())
        }
    }
    let mut bench = Bench::with(vec![vec![face(0.5)]]);
    bench.unit.latch = Latch::close(Box::new(Witness(bench.storage.clone())), 5_000).unwrap();
    assert_eq!(bench.turn_at(0).door, DoorState::Unlocked);
}

/// Invariant 2: the door is locked after the loop has panicked.
#[test]
fn a_panic_in_the_loop_locks_the_door() {
    struct Broken;
    impl FrameSource for Broken {
        fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
            panic!("a failed driver")
        }
    }
    let mut bench = Bench::with(vec![vec![face(0.5)]]);
    let door = bench.door.clone();
    bench.turn_at(0);
    assert_eq!(door.movements().last(), Some(&Movement::Unlock));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        bench.unit.turn(&mut Broken).ok();
    }));
    assert!(panicked.is_err());
    assert_eq!(door.movements().last(), Some(&Movement::Lock));
}

#[test]
fn after_a_failed_record_the_next_one_is_whole() {
    let mut bench = Bench::with(vec![vec![face(0.5)], vec![], vec![face(0.5)]]);
    bench.storage.fail_at(Some(Operation::Sync));
    bench.turn_at(0);
    bench.storage.fail_at(None);
    bench.turn_at(10_000);
    let turn = bench.turn_at(20_000);
    assert!(matches!(turn.verdict, Verdict::Granted(_)), "{turn:?}");
    let log = bench.log();
    let [withheld, works_again, granted] = log.lines().collect::<Vec<_>>()[..] else { panic!("{log}") };
    assert!(withheld.contains("not_recorded") && works_again.contains("audit_log"), "{log}");
    assert!(granted.contains("granted"), "{log}");
    AuditLog::open_in(Box::new(bench.storage.clone()), "log", None, Upkeep::default(), &Now::new(0, 0)).unwrap();
}

#[test]
fn a_stopping_unit_locks_the_door_and_records_it() {
    let mut bench = Bench::with(vec![vec![face(0.5)], vec![face(1.3)]]);
    bench.turn_at(0);
    bench.turn_at(100);
    bench.unit.stop();
    assert_eq!(bench.door.movements().last(), Some(&Movement::Lock));
    let log = bench.log();
    let events: Vec<&str> =
        log.lines().filter_map(|line| line.split("\"event\":\"").nth(1)?.split('"').next()).collect();
    assert_eq!(events, ["granted", "refused", "stopped"]);
}

#[test]
fn a_door_that_fails_is_recorded() {
    let mut bench = Bench::with(vec![vec![face(0.5)]]);
    bench.door.jam(1);
    assert!(matches!(bench.unit.turn(&mut bench.camera), Err(UnitError::Door(_))));
    assert!(bench.log().contains("door_failed"));
    assert_eq!(bench.door.movements().last(), Some(&Movement::Lock));
}

/// A gallery in which [`PERSON`] has this card and this mode.
fn card_holder(card: CardNumber, mode: Mode) -> Gallery {
    let key = CardKey([9; 32]);
    let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
    builder.set_card_key(key).unwrap();
    let encoding = Encoding::from_network(&[1.0, 0.0]).unwrap();
    let person = NewPerson {
        id: PERSON,
        name: PersonName::parse("Ada").unwrap(),
        details: Details { mode, cards: vec![key.hash(card)], ..Details::default() },
        encodings: vec![NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true }],
    };
    builder.add_person(person).unwrap();
    builder.build()
}

#[test]
fn a_card_works_only_for_its_holder() {
    let [card, other] = [5, 6].map(|number| CardNumber::new(number).unwrap());
    for (mode, presented, seen, expected) in [
        (Mode::CardOrFace, card, vec![], Some(Credential::Card)),
        (Mode::CardOrFace, other, vec![], None),
        (Mode::CardAndFace, card, vec![face(0.5)], Some(Credential::CardAndFace)),
        (Mode::CardAndFace, card, vec![face(1.2)], None),
        (Mode::CardAndFace, other, vec![face(0.5)], None),
        (Mode::CardAndFace, card, vec![], None),
    ] {
        let claimed = |mut face: ObservedFace| {
            let best = face.resembles.as_mut().unwrap();
            best.best.mode = mode;
            face.claimed = Some(Claimed::new(PERSON, best.distance));
            face
        };
        let mut bench = Bench::with(vec![seen.into_iter().map(claimed).collect()]);
        let reader = ScriptedReader::default();
        bench.unit.use_database(card_holder(card, mode), rules()).unwrap();
        bench.unit.set_card_reader(Box::new(reader.clone()));
        reader.present(presented);
        let granted = match bench.turn_at(0).verdict {
            Verdict::Granted(granted) => Some(granted.credential),
            _ => None,
        };
        assert_eq!(granted, expected, "{mode:?}");
        let moved = bench.door.movements().contains(&Movement::Unlock);
        assert_eq!(moved, expected.is_some());
        let log = bench.log();
        assert!(!log.contains("Ada"), "{log}");
        if let Some(credential) = expected {
            assert!(log.contains(&format!("\"credential\":\"{}\"", credential.code())), "{log}");
        }
    }
}

/// Without its infrared camera, a unit cannot tell whether somebody is live: it asks for the card, or refuses.
#[test]
fn a_lost_infrared_camera_opens_no_door_to_a_face_alone() {
    use crate::infrared::{Infrared, scripted::Scripted};
    use policy::{IfUnsure, Signal, Signals};
    let card = CardNumber::new(5).unwrap();
    let recogniser = models::Recogniser::bundled().unwrap();
    for (has_camera, has_card, if_unsure, expected) in [
        (true, false, IfUnsure::Card, Err(Reason::InfraredUnsure)),
        (true, true, IfUnsure::Card, Ok(Credential::CardAndFace)),
        (true, true, IfUnsure::Refuse, Err(Reason::InfraredUnsure)),
        (false, false, IfUnsure::Card, Err(Reason::InfraredUnsure)),
        (false, true, IfUnsure::Card, Ok(Credential::CardAndFace)),
    ] {
        let mut seen = face(0.5);
        seen.claimed = has_card.then(|| Claimed::new(PERSON, 0.5));
        let mut bench = Bench::with(vec![vec![seen]; 3]);
        let mut rules = rules();
        rules.liveness.required = Signals::only(Signal::Infrared);
        rules.liveness.if_unsure = if_unsure;
        bench.unit.use_database(card_holder(card, Mode::CardAndFace), rules).unwrap();
        if has_camera {
            let lost = Box::new(Scripted::new([]));
            bench.unit.set_infrared(Infrared::new(lost, recogniser.clone(), None));
        }
        let reader = ScriptedReader::default();
        bench.unit.set_card_reader(Box::new(reader.clone()));
        if has_card {
            reader.present(card);
        }
        let asks = bench.turn_at(0).verdict;
        assert!(matches!(asks, Verdict::Refused(Refusal { reason: Reason::LivenessPending, .. })), "{asks:?}");
        let found = match bench.turn_at(100).verdict {
            Verdict::Granted(granted) => Ok(granted.credential),
            Verdict::Refused(refusal) => Err(refusal.reason),
            Verdict::Nobody | Verdict::Admitted(_) => panic!("somebody is there"),
        };
        assert_eq!(found, expected, "{has_camera} {has_card} {if_unsure:?}");
        let because = if has_camera { "camera_lost" } else { "no_camera" };
        assert!(found.is_err() || bench.log().contains(because), "{}", bench.log());
    }
}

/// On a computer without pins, the error names the section that needs them; the rest works.
#[test]
fn an_unavailable_peripheral_is_named_by_its_section() {
    if Board::of_this_computer().is_some() {
        eprintln!("skipped: this is a Raspberry Pi, whose pins a test does not touch");
        return;
    }
    let clock = Arc::new(SystemClock::start());
    for (text, expected) in [
        ("", None),
        ("[reader]\nkind = \"evdev\"\ndevice = \"/nowhere\"\n", None),
        ("[reader]\nkind = \"wiegand\"\nd0-pin = 5\nd1-pin = 6\n", Some("[reader]")),
        ("[contacts]\ndoor-pin = 5\n", Some("[contacts]")),
        ("[lights]\nred-pin = 5\n", Some("[lights]")),
    ] {
        let mut bench = Bench::with(vec![]);
        let equipped = equip(&mut bench.unit, &Config::parse(text).unwrap(), &clock);
        let message = equipped.err().map(|error| format!("{error:#}"));
        let named = |message: &String| {
            expected.is_some_and(|section| message.contains(section) && message.contains("not a Raspberry Pi"))
        };
        assert_eq!(message.as_ref().map(named), expected.map(|_| true), "{text}: {message:?}");
    }
}

#[test]
fn openings_of_the_door_are_recorded() {
    let mut bench = Bench::with(vec![vec![face(0.5)]]);
    let open = |open| Contact::Door { open };
    let changes = [
        (2_000, open(true)),
        (4_000, open(false)),
        (20_000, open(true)),
        (21_000, open(false)),
        (30_000, Contact::Exit { pressed: true }),
        (30_200, Contact::Exit { pressed: false }),
        (31_000, open(true)),
        (70_000, open(false)),
    ];
    let rules = WatchRules { held_ms: 30_000, leave_ms: 5_000 };
    bench.unit.set_contacts(Box::new(ScriptedContacts::new(changes)), rules);
    for ms in [0, 2_000, 4_000, 20_000, 21_000, 30_500, 31_000, 61_000, 70_000] {
        bench.turn_at(ms);
    }
    let log = bench.log();
    let events: Vec<&str> =
        log.lines().filter_map(|line| line.split("\"event\":\"").nth(1)?.split('"').next()).collect();
    assert_eq!(events, ["granted", "door_forced", "door_closed", "door_held", "door_closed"]);
}

#[test]
fn cleared_lockouts_are_recorded_first() {
    let cleared = "\"event\":\"lockout_cleared\"";
    let mut bench = Bench::with(vec![vec![face(1.2)]; 400]);
    for frame in 0..400 {
        bench.turn_at(frame * 1000);
    }
    let failures = bench.unit.locked_out().into_iter().map(|locked| locked.after).collect::<Vec<_>>();
    assert!(!failures.is_empty() && !bench.log().contains(cleared));
    bench.storage.fail_at(Some(Operation::Sync));
    assert!(bench.unit.clear_lockouts(None).is_err());
    assert!(!bench.unit.locked_out().is_empty(), "what cannot be recorded does not happen");
    bench.storage.fail_at(None);
    assert_eq!(bench.unit.clear_lockouts(None).unwrap(), failures);
    assert!(bench.unit.locked_out().is_empty() && bench.log().contains(cleared));
}

/// Two people present their cards in quick succession: both are let in.
#[test]
fn every_card_gets_a_decision() {
    let card = CardNumber::new(5).unwrap();
    let mut bench = Bench::with(vec![]);
    let reader = ScriptedReader::default();
    bench.unit.use_database(card_holder(card, Mode::CardOrFace), rules()).unwrap();
    bench.unit.set_card_reader(Box::new(reader.clone()));
    reader.present(card);
    reader.present(card);
    for ms in [0, 100] {
        assert!(matches!(bench.turn_at(ms).verdict, Verdict::Granted(_)), "{ms}");
    }
    assert_eq!(bench.turn_at(200).verdict, Verdict::Nobody);
}

#[test]
fn a_door_is_watched_while_the_camera_is_lost() {
    struct Lost;
    impl FrameSource for Lost {
        fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
            Err(CameraError::NoFiles { folder: "/nowhere".into() })
        }
    }
    let mut bench = Bench::with(vec![]);
    let rules = WatchRules { held_ms: 30_000, leave_ms: 5_000 };
    bench.unit.set_contacts(Box::new(ScriptedContacts::new([(50, Contact::Door { open: true })])), rules);
    bench.clock.advance_to(100);
    assert!(bench.unit.turn(&mut Lost).is_err());
    assert!(bench.log().contains("door_forced"));
}

#[test]
fn lights_show_the_decision_and_are_off_at_the_end() {
    let mut bench = Bench::with(vec![vec![face(1.2)], vec![], vec![face(0.5)]]);
    let lights = ScriptedLights::default();
    bench.unit.set_lights(Lights::start(Box::new(lights.clone()), Arc::new(SystemClock::start())).unwrap());
    bench.turn_at(0);
    lights.wait_for(|shown| shown.red && shown.buzzer);
    bench.turn_at(10_000);
    bench.turn_at(20_000);
    lights.wait_for(|shown| shown.green);
    bench.unit.stop();
    assert_eq!(lights.last(), Some(LightState::OFF));
}
