//! Visitor passes at a unit: what is on the disk before the lock moves.

use super::testing::{face, nobody, rules};
use super::*;
use crate::audit_log::Upkeep;
use crate::clock::VirtualClock;
use crate::config::Config;
use crate::door::contacts::{Contact, ScriptedContacts};
use crate::door::{Movement, ScriptedDoor};
use crate::passes::ScriptedCodes;
use crate::sight::Recorded;
use files::power_cut::{Loss, PowerCut};
use files::{Memory, Operation, Storage};
use models::Frame;
use policy::Refusal;
use shared::gallery::GalleryBuilder;
use shared::pass::{AcceptedPasses, DoorTag, Pass, PassHours, PassId};
use shared::seal::{Fingerprint, PassKey};

struct Grey(Frame);

impl FrameSource for Grey {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        Ok(Captured::Frame(&self.0, None))
    }
}

struct Bench {
    unit: Unit,
    door: ScriptedDoor,
    codes: ScriptedCodes,
    clock: Arc<VirtualClock>,
}

fn this_unit() -> Fingerprint {
    "5f0c-8a71-0000-1111-2222".parse().unwrap()
}

fn key() -> PassKey {
    PassKey::from_random(&[3; 32])
}

impl Bench {
    /// A unit whose memory and log are on these disks. It starts at 2027-01-15T08:00:00Z.
    fn on(memory: Box<dyn Storage>, log: Box<dyn Storage>) -> Self {
        let (door, codes) = (ScriptedDoor::default(), ScriptedCodes::default());
        let clock = Arc::new(VirtualClock::starting_at(1_800_000_000_000));
        let audit = AuditLog::open_in(log, "log", None, Upkeep::default(), &Now::new(0, 0)).unwrap();
        let latch = Latch::close(Box::new(door.clone()), 5_000).unwrap();
        let mut builder = GalleryBuilder::from_gallery(nobody(), 1);
        builder.set_passes(AcceptedPasses::new(vec![key().issuer()], Vec::new()).unwrap());
        let mut accepts = rules();
        accepts.accepts_passes = true;
        let sight = Box::new(Recorded::new(vec![vec![face(1.3)]; 100]));
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let mut unit = Unit::new(sight, builder.build(), Policy::new(accepts).unwrap(), audit, latch, time);
        unit.set_memory(MemoryFile::new(memory, "memory.json"));
        unit.set_passes(PassDesk::new(Box::new(codes.clone()), Some(this_unit()), &[]));
        Self { unit, door, codes, clock }
    }

    fn show(&mut self, number: u8) -> Option<Verdict> {
        let hours = PassHours { from_minute: 30_000_000, minutes: 60 };
        let door = DoorTag::of_unit(this_unit());
        self.codes.show(&Pass::new(PassId([number; 6]), hours, Some(1), &[door], None).unwrap().sign(&key()));
        self.clock.advance_to(self.clock.now().monotonic_ms + 100);
        let mut camera = Grey(Frame::from_rgb(1, 1, vec![128; 3]).unwrap());
        self.unit.turn(&mut camera).map(|turn| turn.verdict).ok()
    }

    fn has_opened(&self) -> bool {
        self.door.movements().contains(&Movement::Unlock)
    }
}

fn refused(verdict: Option<Verdict>) -> Option<Reason> {
    match verdict {
        Some(Verdict::Refused(Refusal { reason, .. })) => Some(reason),
        _ => None,
    }
}

#[test]
fn a_visitor_is_let_in_once_whatever_restarts() {
    let (memory, mut log) = (Memory::default(), Memory::default());
    let mut bench = Bench::on(Box::new(memory.clone()), Box::new(log.clone()));
    let admitted = Admitted { pass: PassId([7; 6]) };
    assert_eq!(bench.show(7), Some(Verdict::Admitted(admitted)));
    assert!(bench.has_opened());
    let text = String::from_utf8(log.read("log").unwrap().unwrap()).unwrap();
    assert!(text.contains(r#""event":"pass_granted","pass":"070707070707","host":null"#), "{text}");
    let mut again = Bench::on(Box::new(memory), Box::new(log.clone()));
    assert_eq!(refused(again.show(7)), Some(Reason::PassUsedUp));
    assert!(!again.has_opened());
    again.unit.stop();
    let text = String::from_utf8(log.read("log").unwrap().unwrap()).unwrap();
    assert!(text.contains(r#""reason":"pass_used_up""#), "{text}");
    assert_eq!(text.matches("070707070707").count(), 2, "{text}");
}

#[test]
fn a_door_that_a_visitor_opens_is_not_forced() {
    for (shows, expected) in [(true, 0), (false, 1)] {
        let mut log = Memory::default();
        let mut bench = Bench::on(Box::new(Memory::default()), Box::new(log.clone()));
        let opened = ScriptedContacts::new([(150, Contact::Door { open: true })]);
        bench.unit.set_contacts(Box::new(opened), Config::default().contacts.watch_rules());
        if shows {
            assert!(matches!(bench.show(7), Some(Verdict::Admitted(_))));
        }
        bench.clock.advance_to(200);
        let mut camera = Grey(Frame::from_rgb(1, 1, vec![128; 3]).unwrap());
        bench.unit.turn(&mut camera).unwrap();
        let text = String::from_utf8(log.read("log").unwrap().unwrap_or_default()).unwrap();
        assert_eq!(text.matches("door_forced").count(), expected, "{text}");
    }
}

/// The power is cut at every operation on the disk with the memory and the log: if the door has opened, the pass is used
/// up afterwards, whatever the cut has lost.
#[test]
fn no_power_cut_gives_a_second_use() {
    let (mut cuts, mut checked) = (0, 0);
    for does_it in [false, true] {
        for operation in 0.. {
            let disk = PowerCut::default();
            let mut bench = Bench::on(Box::new(disk.clone()), Box::new(disk.clone()));
            disk.cut_at(operation, does_it);
            let _verdict = bench.show(7);
            for loss in Loss::kinds(disk.last_append()).filter(|_| bench.has_opened()) {
                let after = disk.after(loss);
                let mut second = Bench::on(Box::new(after.clone()), Box::new(after));
                let found = second.show(7);
                assert_eq!(refused(found), Some(Reason::PassUsedUp), "operation {operation}, {loss:?}: {found:?}");
                checked += 1;
            }
            if !disk.is_off() {
                assert!(bench.has_opened());
                break;
            }
            cuts += 1;
        }
    }
    assert!(cuts > 10 && checked > 10, "{cuts} cuts, {checked} restarts");
}

#[test]
fn the_door_stays_locked_if_the_use_or_the_record_cannot_be_written() {
    for (memory_fails, log_fails) in [(true, false), (false, true)] {
        let (memory, log) = (Memory::default(), Memory::default());
        let mut bench = Bench::on(Box::new(memory.clone()), Box::new(log.clone()));
        if memory_fails {
            memory.fail_at(Some(Operation::Rename));
        }
        if log_fails {
            log.fail_at(Some(Operation::Append));
        }
        assert_eq!(refused(bench.show(7)), Some(Reason::NotRecorded), "{memory_fails} {log_fails}");
        assert!(!bench.has_opened());
    }
}

#[test]
fn after_damage_passes_that_were_valid_before_are_refused() {
    let mut memory = Memory::default();
    memory.append("memory.json", b"{").unwrap();
    let mut bench = Bench::on(Box::new(memory.clone()), Box::new(Memory::default()));
    assert_eq!(refused(bench.show(7)), Some(Reason::PassUsesUnknown));
    let mut later = Bench::on(Box::new(memory), Box::new(Memory::default()));
    assert_eq!(refused(later.show(7)), Some(Reason::PassUsesUnknown), "a restart changes nothing");
}
