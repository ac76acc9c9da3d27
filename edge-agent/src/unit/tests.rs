use super::*;
use crate::clock::VirtualClock;
use crate::door::{DoorState, Movement, ScriptedDoor};
use crate::sight::Recorded;
use crate::storage::{Memory, Operation, Storage};
use fixture::{PERSON, face, rules};
use models::Frame;
use shared::policy::ObservedFace;

/// A camera that shows the same grey picture for ever, or nothing.
struct Grey(Option<Frame>);

impl FrameSource for Grey {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        Ok(self.0.as_ref().map_or(Captured::Nothing, Captured::Frame))
    }
}

struct Bench {
    unit: Unit,
    door: ScriptedDoor,
    storage: Memory,
    clock: Arc<VirtualClock>,
    camera: Grey,
}

impl Bench {
    fn with(observations: Vec<Vec<ObservedFace>>) -> Self {
        let (door, storage) = (ScriptedDoor::default(), Memory::default());
        let clock = Arc::new(VirtualClock::starting_at(1_800_000_000_000));
        let audit = AuditLog::open(Box::new(storage.clone()), "log", &Now::new(0, 0)).unwrap();
        let latch = Latch::close(Box::new(door.clone()), 5_000).unwrap();
        let sight = Box::new(Recorded::new(observations));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let unit = Unit::new(sight, Policy::new(rules()).unwrap(), audit, latch, time);
        Self { unit, door, storage, clock, camera: Grey(Some(Frame::from_rgb(1, 1, vec![128; 3]).unwrap())) }
    }

    fn turn_at(&mut self, ms: u64) -> Turn {
        self.clock.advance_to(ms);
        self.unit.turn(&mut self.camera).unwrap()
    }

    fn log(&mut self) -> String {
        String::from_utf8(self.storage.read("log").unwrap().unwrap_or_default()).unwrap()
    }
}

#[test]
fn somebody_known_is_recorded_and_let_in_and_the_door_locks_again() {
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
fn a_stranger_and_nobody_leave_the_door_locked() {
    let mut bench = Bench::with(vec![vec![face(1.2)], vec![], vec![face(f32::NAN)]]);
    assert!(matches!(bench.turn_at(0).verdict, Verdict::Denied(Denied { reason: Reason::NotKnown, person: None, .. })));
    assert_eq!(bench.turn_at(100).verdict, Verdict::Nobody);
    assert!(matches!(bench.turn_at(200).verdict, Verdict::Denied(_)));
    assert_eq!(bench.door.movements(), [Movement::Lock]);
}

#[test]
fn an_approach_that_was_refused_is_recorded_once_when_it_has_ended() {
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

/// Invariant 3: log before act. With the disk full, somebody known stands before a door that stays closed.
#[test]
fn what_cannot_be_recorded_does_not_happen() {
    for failing in [Operation::Append, Operation::Sync] {
        let mut bench = Bench::with(vec![vec![face(0.5)]; 2]);
        bench.storage.fail_at(Some(failing));
        let turn = bench.turn_at(0);
        let withheld = matches!(turn.verdict, Verdict::Denied(Denied { reason: Reason::NotRecorded, .. }));
        assert!(withheld, "{failing:?}: {turn:?}");
        assert_eq!(bench.door.movements(), [Movement::Lock], "{failing:?}");
    }
}

/// Invariant 3, the other way round: when the lock moves, the record is there already.
#[test]
fn the_record_is_there_when_the_lock_moves() {
    struct Witness(Memory);
    impl crate::door::Door for Witness {
        fn unlock(&mut self, grant: Grant) -> Result<(), DoorError> {
            let log = self.0.read("log").unwrap().unwrap_or_default();
            assert!(String::from_utf8(log).unwrap().contains(&grant.person().to_string()));
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

/// Invariant 2: a door is locked when the loop that held it is gone.
#[test]
fn a_panic_in_the_loop_locks_the_door() {
    struct Broken;
    impl FrameSource for Broken {
        fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
            panic!("a driver that gave up")
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
    let withheld = log.lines().next().unwrap();
    assert!(log.lines().count() == 2 && withheld.contains("not_recorded"), "{log}");
    AuditLog::open(Box::new(bench.storage.clone()), "log", &Now::new(0, 0)).unwrap();
}

#[test]
fn a_unit_that_stops_locks_the_door_and_says_so() {
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
