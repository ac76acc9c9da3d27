//! The loop itself, over a hundred thousand frames with observations in place of networks.

use super::memory::Resident;
use edge_agent::audit_log::AuditLog;
use edge_agent::camera::{CameraError, Captured, FrameSource};
use edge_agent::clock::{Clock, VirtualClock};
use edge_agent::door::{DoorState, Latch, Movement, ScriptedDoor};
use edge_agent::sight::Sight;
use edge_agent::unit::{Timings, Unit};
use models::{Frame, ModelError};
use policy::audit::verify;
use policy::{Bounds, Candidate, ObservedFace, Policy, Resemblance, Rules};
use shared::gallery::PersonId;
use std::fs;
use std::sync::Arc;

const FRAMES: u64 = 100_000;
/// Ten pictures a second.
const FRAME_MS: u64 = 100;
const WARM: u64 = 5_000;
const GROWTH_KB: u64 = 512;

/// The same grey picture for ever.
struct Grey(Frame);

impl FrameSource for Grey {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        Ok(Captured::Frame(&self.0))
    }
}

/// People who come and go: somebody for some frames, known or not, alone or not, then nobody for a while.
struct Passers {
    random: fastrand::Rng,
    there: Vec<ObservedFace>,
    frames_left: u32,
}

impl Sight for Passers {
    fn look(&mut self, _: &Frame, _: &Policy, _: &mut Timings) -> Result<Vec<ObservedFace>, ModelError> {
        if self.frames_left == 0 {
            self.next();
        }
        self.frames_left -= 1;
        Ok(self.there.clone())
    }
}

impl Passers {
    fn next(&mut self) {
        self.frames_left = self.random.u32(1..40);
        let count = if self.there.is_empty() { self.random.usize(1..4) } else { 0 };
        self.there = (0..count).map(|_| self.somebody()).collect();
    }

    fn somebody(&mut self) -> ObservedFace {
        let random = &mut self.random;
        let side = 30.0 + 100.0 * random.f32();
        let bounds = Bounds { x: 1000.0 * random.f32(), y: 500.0 * random.f32(), width: side, height: side };
        let mut person = |nearest: f32| Candidate::new(PersonId([random.u8(..50); 16]), nearest + 0.7 * random.f32());
        let mut face = ObservedFace::new(bounds);
        face.resembles = Some(Resemblance { best: person(0.6), runner_up: Some(person(1.3)) });
        face
    }
}

#[test]
#[ignore = "takes minutes: cargo xtask endurance"]
fn a_hundred_thousand_frames_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    let clock = Arc::new(VirtualClock::starting_at(1_800_000_000_000));
    let door = ScriptedDoor::default();
    let latch = Latch::close(Box::new(door.clone()), 5_000).unwrap();
    let audit = AuditLog::open_file(&log, &clock.now()).unwrap();
    let sight = Passers { random: fastrand::Rng::with_seed(7), there: Vec::new(), frames_left: 0 };
    let policy = Policy::new(Rules::new(1.0)).unwrap();
    let mut unit = Unit::new(Box::new(sight), policy, audit, latch, Arc::clone(&clock) as Arc<dyn Clock>);
    let mut camera = Grey(Frame::from_rgb(1, 1, vec![128; 3]).unwrap());
    let mut warm = None;
    for frame in 0..FRAMES {
        clock.advance_to(frame * FRAME_MS);
        unit.turn(&mut camera).unwrap();
        if frame == WARM {
            warm = Some(Resident::of("self").now);
        }
    }
    clock.advance_to(FRAMES * FRAME_MS + 60_000);
    assert_eq!(unit.turn(&mut camera).unwrap().door, DoorState::Locked);
    unit.stop();
    let (warm, end) = (warm.unwrap(), Resident::of("self").now);
    let opened = door.movements().iter().filter(|movement| matches!(movement, Movement::Unlock)).count();
    let lines = verify(&fs::read(&log).unwrap()).unwrap().lines;
    println!("{FRAMES} frames: {opened} let in, {lines} records; memory {warm} kB, then {end} kB");
    assert!(opened > 100 && lines > opened, "{opened} let in, {lines} records");
    assert!(end <= warm + GROWTH_KB, "{warm} kB, then {end} kB");
}
