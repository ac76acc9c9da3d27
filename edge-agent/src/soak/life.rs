//! One life of the unit: from its start until it is stopped or killed, or the power goes.

use super::Run;
use super::faults::{self, Happening};
use super::leaf::{Trace, WATCH};
use super::passers::Passers;
use super::people::{self, AT_MOST, card_of, people_in};
use super::reckoning::Reckoning;
use super::report::Told;
use super::scene::{Camera, Eyes, Scene, Shared};
use super::surroundings::{FRAME_MS, Surroundings, UNLOCK_MS};
use crate::audit_log::{AuditLog, Upkeep};
use crate::clock::Clock;
use crate::database::{InUse, Judge, Opened, Store};
use crate::door::Latch;
use crate::memory::MemoryFile;
use crate::reader::ScriptedReader;
use crate::turn::{Granted, Verdict};
use crate::unit::{Unit, UnitError};
use fastrand::Rng;
use files::Storage;
use models::golden::Tested;
use policy::{ClockTrust, Liveness, Now, Policy, Reason, Refusal, Rules, Side};
use shared::card::CardNumber;
use shared::gallery::DatabaseDigest;
use std::collections::VecDeque;
use std::sync::Arc;

/// A few hundred records in several files.
const UPKEEP: Upkeep = Upkeep { file_bytes: 40_000, all_bytes: 400_000, keep_days: 90 };
/// As often as a unit looks for a new database.
const LOOK_EVERY: u64 = 3;
const REPORT_EVERY: u64 = 2_000;
pub(super) const FRAMES_OF_AN_HOUR: u64 = 36_000;
/// A card that is presented again and again is presented once in this many frames.
const AGAIN_EVERY: u32 = 5;

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    Killed,
    PowerCut,
}

pub(super) struct Life<'a> {
    around: &'a mut Surroundings,
    unit: Unit,
    latch: Latch,
    store: Store,
    reader: ScriptedReader,
    /// To be presented, one in each turn.
    cards: VecDeque<CardNumber>,
    /// Presented again and again, for this many more frames.
    card_again: Option<(CardNumber, u32)>,
    camera: Camera,
    scene: Shared<Scene>,
    passers: Passers,
    reckoning: Reckoning,
    told: Told,
    disk_full_frames: u32,
    has_stuck: bool,
    unlocked_until_ms: u64,
    last_reason: Option<Reason>,
    /// This many frames nothing ends it: one life in eight lasts for hours.
    protected_frames: u64,
}

impl<'a> Life<'a> {
    /// Starts the unit as `run` does.
    pub(super) fn begin(around: &'a mut Surroundings) -> Self {
        around.door.stick(0);
        let latch = Latch::close(Box::new(around.door.clone()), UNLOCK_MS).unwrap();
        assert!(!around.door.is_unlocked(), "open at the start");
        let judge = Judge::of_model(people::MODEL, Box::new(|| Ok(Tested::Passed)));
        let Opened { store, in_use, .. } = Store::open(Box::new(around.disk.clone()), "db", judge).unwrap();
        let now = around.clock.now();
        let log =
            AuditLog::open_in(Box::new(around.disk.clone()), "log", Some(Surroundings::key()), UPKEEP, &now).unwrap();
        let log_health = log.health();
        let policy = Policy::new(rules(in_use.rules)).unwrap();
        let scene = Shared::<Scene>::default();
        let sight = Box::new(Eyes { scene: Arc::clone(&scene) });
        let clock = Arc::clone(&around.clock) as Arc<dyn Clock>;
        let mut unit = Unit::new(sight, in_use.gallery, policy, log, latch.clone(), clock);
        let mut chance = Rng::with_seed(around.random.u64(..));
        unit.foresee(move || chance.u64(..));
        let reader = ScriptedReader::default();
        unit.read_cards(Box::new(reader.clone()));
        around.leaf.watched_from(now.monotonic_ms);
        unit.listen_to(Box::new(around.leaf.clone()), WATCH);
        let told = Told::by(&mut unit, &latch, log_health, in_use.digest);
        unit.remember_in(MemoryFile::new(Box::new(around.disk.clone()), "memory.json"));
        unit.start();
        let mut reckoning = Reckoning::default();
        reckoning.people(unit.gallery().header().sequence);
        let is_long = around.random.u8(..8) == 0;
        let protected_frames = if is_long { around.random.u64(FRAMES_OF_AN_HOUR..2 * FRAMES_OF_AN_HOUR) } else { 0 };
        Self {
            around,
            unit,
            latch,
            store,
            reader,
            cards: VecDeque::new(),
            card_again: None,
            camera: Camera::new(Arc::clone(&scene)),
            scene,
            passers: Passers::default(),
            reckoning,
            told,
            disk_full_frames: 0,
            has_stuck: false,
            unlocked_until_ms: 0,
            last_reason: None,
            protected_frames,
        }
    }

    /// Lives for at most this many frames.
    pub(super) fn live(mut self, frames: u64, run: &mut Run) -> End {
        for frame in 0..frames {
            let sequence = self.unit.gallery().header().sequence;
            match faults::next(&mut self.around.random, sequence) {
                happening if happening.may_end_life() && frame < self.protected_frames => {}
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
            if frame % REPORT_EVERY == 0 {
                let Surroundings { door, clock, .. } = &*self.around;
                self.told.assert_true(self.unit.gallery(), door, self.has_stuck, clock);
                run.reports += 1;
            }
        }
        self.stop()
    }

    fn stop(mut self) -> End {
        self.around.door.stick(0);
        self.unit.stop();
        assert!(!self.around.door.is_unlocked(), "open after it was stopped");
        self.told.assert_dark();
        if self.around.disk.power.is_off() { End::PowerCut } else { End::Stopped }
    }

    fn happens(&mut self, happening: Happening, run: &mut Run) {
        let now_ms = self.around.clock.elapsed_ms();
        match happening {
            Happening::CameraLost(frames) => self.scene.lock().unwrap().camera_fails = frames,
            Happening::NetworksFail(frames) => self.scene.lock().unwrap().networks_fail = frames,
            Happening::DiskFull(frames) => self.disk_full_frames = frames,
            Happening::LockSticks(movements) => {
                self.has_stuck = true;
                self.around.door.stick(movements);
            }
            Happening::ClockJumps(ms) => self.around.clock.jump(ms),
            Happening::ClockTrusted(is_trusted) => self.around.clock.trust(is_trusted),
            Happening::DatabaseComes(file) => drop(self.around.disk.replace("db.incoming", &file)),
            Happening::Rollback => self.roll_back(run),
            Happening::Cards(count) => {
                run.cards_presented += u64::from(count);
                for _ in 0..count {
                    self.cards.push_back(self.passers.card(&mut self.around.random));
                }
            }
            Happening::CardAgain(frames) => {
                self.card_again = Some((self.passers.card(&mut self.around.random), frames))
            }
            Happening::DoorForced(open_ms) => self.around.leaf.force(now_ms, open_ms),
            Happening::Leaves => self.around.leaf.leave(now_ms),
            Happening::PowerCut(operation) => self.around.disk.power.cut_at(operation, self.around.random.bool()),
            Happening::Nothing | Happening::Killed | Happening::Stopped => {}
        }
    }

    fn roll_back(&mut self, run: &mut Run) {
        let previous = self.around.disk.read("db.previous").unwrap_or_default();
        let Some(previous) = previous else { return };
        if let Ok(in_use) = self.store.roll_back(DatabaseDigest::from_file(&previous)) {
            run.rollbacks += 1;
            self.use_database(in_use);
        }
    }

    fn take_news(&mut self, run: &mut Run) {
        match self.store.take_in() {
            Ok(Some(in_use)) => {
                run.databases_taken += 1;
                self.use_database(in_use);
            }
            Ok(None) => {}
            Err(refusal) => {
                run.databases_refused += 1;
                self.unit.note_refused_database(refusal.digest, refusal.why.code());
                self.told.refused_database(refusal.digest, &refusal.why.to_string());
            }
        }
    }

    fn use_database(&mut self, in_use: InUse) {
        self.unit.use_database(in_use.gallery, rules(in_use.rules)).unwrap();
        let gallery = self.unit.gallery();
        self.told.database(gallery, in_use.digest);
        self.reckoning.people(gallery.header().sequence);
        assert_eq!(gallery.people().len(), usize::from(people_in(gallery.header().sequence)));
    }

    fn turn(&mut self, run: &mut Run) {
        self.disk_full_frames = self.disk_full_frames.saturating_sub(1);
        self.around.disk.set_full(self.disk_full_frames > 0);
        self.around.clock.pass(FRAME_MS);
        let now = self.around.clock.now();
        run.frames_without_time += u64::from(now.clock != ClockTrust::Trusted);
        {
            let mut scene = self.scene.lock().unwrap();
            scene.faces = self.passers.next(&mut self.around.random).to_vec();
            scene.noise = 0.2 * self.around.random.f32();
        }
        self.present_cards(&now);
        if self.scene.lock().unwrap().is_seen() {
            self.reckoning.see(&self.passers.faces);
        }
        match self.unit.turn(&mut self.camera) {
            Ok(turn) => {
                self.told.turned(&turn, &self.unit, &self.around.clock);
                match turn.verdict {
                    Verdict::Granted(granted) => self.granted(&granted, &now, run),
                    Verdict::Refused(refusal) => self.refused(&refusal, &now, run),
                    Verdict::Nobody => self.passers.ask(None),
                }
            }
            Err(error) => {
                run.failed_turns += 1;
                self.told.failed();
                // Somebody was let in who could not enter, and it is not known who.
                if matches!(error, UnitError::Door(_)) {
                    self.around.attempts.forget();
                }
            }
        }
        self.latch.lock_if_due(now.monotonic_ms);
        let is_over = now.monotonic_ms > self.unlocked_until_ms + 5 * FRAME_MS;
        assert!(!(self.around.door.is_unlocked() && is_over), "unlocked for longer than its time");
        self.look_after(&now, run);
    }

    fn present_cards(&mut self, now: &Now) {
        if let Some((card, frames)) = &mut self.card_again {
            if *frames % AGAIN_EVERY == 0 {
                self.cards.push_back(*card);
            }
            *frames -= 1;
        }
        self.card_again = self.card_again.filter(|(_, frames)| *frames > 0);
        if let Some(card) = self.cards.pop_front() {
            let holder = (0..AT_MOST).find(|number| card_of(*number) == card);
            self.reckoning.card(holder, now.monotonic_ms);
            self.reader.present(card);
        }
    }

    fn granted(&mut self, granted: &Granted, now: &Now, run: &mut Run) {
        run.granted += 1;
        let objection = self.reckoning.objection(granted, now);
        assert!(objection.is_none(), "{objection:?}");
        let objection = self.around.attempts.granted(granted, now.monotonic_ms);
        assert!(objection.is_none(), "{objection:?}");
        run.granted_after_turning += u64::from(self.reckoning.has_turned());
        self.reckoning.note_grant();
        self.passers.ask(None);
        self.last_reason = None;
        self.unlocked_until_ms = now.monotonic_ms + UNLOCK_MS;
        let open_ms = if self.around.random.u8(..20) == 0 { 45_000 } else { 3_000 };
        self.around.leaf.let_in(self.unlocked_until_ms, now.monotonic_ms, open_ms);
    }

    fn refused(&mut self, refusal: &Refusal, now: &Now, run: &mut Run) {
        run.refused_frames += 1;
        let begins = self.last_reason.replace(refusal.reason) != Some(refusal.reason);
        let asked = match refusal.reason {
            Reason::TurnLeft => Some(Side::Left),
            Reason::TurnRight => Some(Side::Right),
            _ => None,
        };
        run.asked_to_turn += u64::from(asked.is_some_and(|side| self.reckoning.asked(side)));
        self.passers.ask(asked);
        match refusal.reason {
            Reason::LivenessFailed if begins => run.failed_to_turn += 1,
            Reason::LockedOut | Reason::FacesPaced | Reason::CardBlocked if begins => run.refused_after_failures += 1,
            Reason::ClockUnknown if begins => run.refused_without_time += 1,
            _ => {}
        }
        // What was answered when the power went is not remembered.
        if !self.around.disk.power.is_off() {
            let objection = self.around.attempts.refused(refusal, now.monotonic_ms);
            assert!(objection.is_none(), "{objection:?}");
        }
    }

    /// What the turn must have left behind.
    fn look_after(&mut self, now: &Now, run: &mut Run) {
        let is_full = self.disk_full_frames > 0;
        let Surroundings { disk, attempts, leaf, traces, .. } = &mut *self.around;
        attempts.kept(is_full, || disk.read("memory.json").unwrap_or_default());
        for trace in leaf.take_traces() {
            run.doors_forced += u64::from(trace == Trace::Forced);
            run.doors_held += u64::from(trace == Trace::Held);
            if !is_full && !disk.power.is_off() {
                traces.push((trace, now.utc_ms));
            }
        }
    }
}

/// Those of the database, with the challenge for people who are marked for it.
fn rules(mut rules: Rules) -> Rules {
    rules.liveness = Liveness::Marked;
    rules
}
