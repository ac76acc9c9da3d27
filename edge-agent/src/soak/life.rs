//! One life of the unit: from its start until it is stopped or killed, or the power goes.

use super::faults::{self, Happening};
use super::people::{Passer, Passers, card_of, people_in};
use super::reckoning::Reckoning;
use super::surroundings::{FRAME_MS, Surroundings, UNLOCK_MS};
use super::{Run, people};
use crate::audit_log::{AuditLog, Upkeep};
use crate::camera::{CameraError, Captured, FrameSource};
use crate::clock::Clock;
use crate::database::{Judge, Store};
use crate::door::Latch;
use crate::memory::MemoryFile;
use crate::reader::ScriptedReader;
use crate::sight::Sight;
use crate::unit::{Timings, Unit, Verdict};
use files::Storage;
use models::golden::Tested;
use models::{Frame, ModelError};
use shared::card::CardNumber;
use shared::gallery::Gallery;
use shared::policy::{ObservedFace, Policy};

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use std::sync::{Arc, Mutex};

/// A few hundred records in several files.
const UPKEEP: Upkeep = Upkeep { file_bytes: 40_000, all_bytes: 400_000, keep_days: 90 };
/// As often as a unit looks for a new database.
const LOOK_EVERY: u64 = 3;

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    Killed,
    PowerCut,
}

/// What the camera and the networks do in the next frame.
#[derive(Default)]
struct Scene {
    faces: Vec<Passer>,
    camera_fails: u32,
    networks_fail: u32,
    noise: f32,
}

type Shared<T> = Arc<Mutex<T>>;

struct Camera {
    frame: Frame,
    scene: Shared<Scene>,
}

impl FrameSource for Camera {
    fn next_frame(&mut self) -> Result<Captured<'_>, CameraError> {
        let mut scene = self.scene.lock().unwrap();
        if scene.camera_fails > 0 {
            scene.camera_fails -= 1;
            return Err(CameraError::NoFiles { folder: PathBuf::from("a camera that is lost") });
        }
        Ok(Captured::Frame(&self.frame))
    }
}

/// In place of networks.
struct Eyes {
    gallery: Arc<Gallery>,
    scene: Shared<Scene>,
}

impl Sight for Eyes {
    fn look(&mut self, _: &Frame, policy: &Policy, _: &mut Timings) -> Result<Vec<ObservedFace>, ModelError> {
        let mut scene = self.scene.lock().unwrap();
        if scene.networks_fail > 0 {
            scene.networks_fail -= 1;
            return Err(ModelError::Read { path: PathBuf::new(), source: io::Error::other("out of order") });
        }
        let (claimed, noise) = (policy.claimed(), scene.noise);
        Ok(scene.faces.iter().map(|passer| passer.observed(&self.gallery, claimed, noise)).collect())
    }

    fn know(&mut self, gallery: &Arc<Gallery>) {
        self.gallery = Arc::clone(gallery);
    }
}

pub(super) struct Life<'a> {
    around: &'a mut Surroundings,
    unit: Unit,
    latch: Latch,
    store: Store,
    reader: ScriptedReader,
    /// To be presented, one in each turn.
    cards: VecDeque<CardNumber>,
    camera: Camera,
    scene: Shared<Scene>,
    passers: Passers,
    reckoning: Reckoning,
    disk_full_frames: u32,
    unlocked_until_ms: u64,
}

impl<'a> Life<'a> {
    /// Starts the unit as `run` does.
    pub(super) fn begin(around: &'a mut Surroundings) -> Self {
        around.door.stick(0);
        let latch = Latch::close(Box::new(around.door.clone()), UNLOCK_MS).unwrap();
        assert!(!around.door.is_unlocked(), "open at the start");
        let judge = Judge::of_model(people::MODEL, Box::new(|| Ok(Tested::Passed)));
        let (store, _) = Store::open(Box::new(around.disk.clone()), "db", judge).unwrap();
        let gallery = Arc::clone(&store.in_use().gallery);
        let now = around.clock.now();
        let log =
            AuditLog::open_with(Box::new(around.disk.clone()), "log", UPKEEP, Some(Surroundings::key()), &now).unwrap();
        let policy = Policy::new(store.in_use().rules).unwrap().with_schedules(gallery.schedules().clone());
        let scene = Shared::<Scene>::default();
        let sight = Box::new(Eyes { gallery: Arc::clone(&gallery), scene: Arc::clone(&scene) });
        let clock = Arc::clone(&around.clock) as Arc<dyn Clock>;
        let mut unit = Unit::new(sight, policy, log, latch.clone(), clock);
        let reader = ScriptedReader::default();
        unit.read_cards(Box::new(reader.clone()), Arc::clone(&gallery));
        unit.remember_in(MemoryFile::new(Box::new(around.disk.clone()), "memory.json"));
        unit.start(gallery.header());
        let mut reckoning = Reckoning::default();
        reckoning.people(gallery.header().sequence);
        let camera = Camera { frame: Frame::from_rgb(1, 1, vec![128; 3]).unwrap(), scene: Arc::clone(&scene) };
        Self {
            around,
            unit,
            latch,
            store,
            reader,
            cards: VecDeque::new(),
            camera,
            scene,
            passers: Passers::default(),
            reckoning,
            disk_full_frames: 0,
            unlocked_until_ms: 0,
        }
    }

    /// Lives for at most so many frames.
    pub(super) fn live(mut self, frames: u64, run: &mut Run) -> End {
        for frame in 0..frames {
            let sequence = self.store.in_use().gallery.header().sequence;
            match faults::next(&mut self.around.random, sequence) {
                Happening::Killed => return End::Killed,
                Happening::Stopped => return self.stop(),
                happening => self.happens(happening, run),
            }
            if frame % LOOK_EVERY == 0 {
                self.take_news(run);
            }
            self.turn(run);
            run.frames += 1;
            if self.around.disk.power.is_off() {
                return End::PowerCut;
            }
        }
        self.stop()
    }

    fn stop(mut self) -> End {
        self.around.door.stick(0);
        self.unit.stop();
        assert!(!self.around.door.is_unlocked(), "open after it was stopped");
        if self.around.disk.power.is_off() { End::PowerCut } else { End::Stopped }
    }

    fn happens(&mut self, happening: Happening, run: &mut Run) {
        match happening {
            Happening::CameraLost(frames) => self.scene.lock().unwrap().camera_fails = frames,
            Happening::NetworksFail(frames) => self.scene.lock().unwrap().networks_fail = frames,
            Happening::DiskFull(frames) => self.disk_full_frames = frames,
            Happening::LockSticks(movements) => self.around.door.stick(movements),
            Happening::ClockJumps(ms) => self.around.clock.jump(ms),
            Happening::DatabaseComes(file) => drop(self.around.disk.replace("db.incoming", &file)),
            Happening::Rollback => {
                let previous = self.around.disk.read("db.previous").unwrap_or_default();
                let Some(previous) = previous else { return };
                if let Ok(in_use) = self.store.roll_back(shared::gallery::DatabaseDigest::of(&previous)) {
                    run.rollbacks += 1;
                    self.use_database(&in_use.gallery, in_use.rules);
                }
            }
            Happening::Cards(count) => {
                run.cards_presented += u64::from(count);
                for _ in 0..count {
                    self.cards.push_back(self.passers.card(&mut self.around.random));
                }
            }
            Happening::PowerCut(operation) => self.around.disk.power.cut_at(operation, self.around.random.bool()),
            Happening::Nothing | Happening::Killed | Happening::Stopped => {}
        }
    }

    fn take_news(&mut self, run: &mut Run) {
        match self.store.take_in() {
            Ok(Some(in_use)) => {
                run.databases_taken += 1;
                self.use_database(&in_use.gallery, in_use.rules);
            }
            Ok(None) => {}
            Err(refusal) => {
                run.databases_refused += 1;
                self.unit.note_refused_database(refusal.digest, refusal.why.code());
            }
        }
    }

    fn use_database(&mut self, gallery: &Arc<Gallery>, rules: shared::policy::Rules) {
        self.unit.use_database(gallery, rules).unwrap();
        self.reckoning.people(gallery.header().sequence);
        assert_eq!(gallery.people().len(), usize::from(people_in(gallery.header().sequence)));
    }

    fn turn(&mut self, run: &mut Run) {
        self.disk_full_frames = self.disk_full_frames.saturating_sub(1);
        self.around.disk.set_full(self.disk_full_frames > 0);
        self.around.clock.pass(FRAME_MS);
        let now = self.around.clock.now();
        {
            let mut scene = self.scene.lock().unwrap();
            scene.faces = self.passers.next(&mut self.around.random).to_vec();
            scene.noise = 0.2 * self.around.random.f32();
        }
        if let Some(card) = self.cards.pop_front() {
            let holder = (0..u8::MAX).take(64).find(|number| card_of(*number) == card);
            self.reckoning.card(holder, now.monotonic_ms);
            self.reader.present(card);
        }
        let sees = {
            let scene = self.scene.lock().unwrap();
            scene.camera_fails == 0 && scene.networks_fail == 0
        };
        if sees {
            self.reckoning.see(&self.passers.faces);
        }
        match self.unit.turn(&mut self.camera) {
            Ok(turn) => match turn.verdict {
                Verdict::Granted(granted) => {
                    run.granted += 1;
                    let minute = now.local().minute;
                    let objection = self.reckoning.objection(&granted, minute, now.monotonic_ms);
                    assert!(objection.is_none(), "{objection:?}");
                    self.unlocked_until_ms = now.monotonic_ms + UNLOCK_MS;
                }
                Verdict::Denied(_) => run.refused_frames += 1,
                Verdict::Nobody => {}
            },
            Err(_) => run.failed_turns += 1,
        }
        self.latch.lock_if_due(now.monotonic_ms);
        let is_over = now.monotonic_ms > self.unlocked_until_ms + 5 * FRAME_MS;
        assert!(!(self.around.door.is_unlocked() && is_over), "unlocked for longer than its time");
    }
}
