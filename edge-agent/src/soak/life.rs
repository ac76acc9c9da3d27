//! One life of the unit: from its start until it is stopped, killed, or loses power.

mod visits;

use super::Run;
use super::environment::{End, Environment, FRAME_MS, Lockdown, UNLOCK_MS};
use super::faults::{self, Incident};
use super::leaf::{Trace, WATCH};
use super::oracle::{Admitted, Oracle};
use super::people::{self, AT_MOST, WARDENS, card_of, person_count};
use super::scene::{Camera, Scene, ScriptedSight, Shared};
use super::status_check::Indicators;
use super::visitors::Visitors;
use crate::audit_log::{AuditLog, Upkeep};
use crate::clock::Clock;
use crate::database::{InUse, Judge, Opened, Store};
use crate::door::Latch;
use crate::lockdown::{Ordered, Source};
use crate::loop_turn::{Granted, Verdict};
use crate::memory_file::MemoryFile;
use crate::reader::ScriptedReader;
use crate::unit::{OrderError, Unit, UnitError};
use fastrand::Rng;
use files::Storage;
use models::self_test::Tested;
use policy::{ClockTrust, Now, Policy, Reason, Refusal, Rules, Side, Signal, Signals};
use shared::card::CardNumber;
use shared::gallery::DatabaseDigest;
use std::collections::VecDeque;
use std::sync::Arc;
use visits::Visits;

/// Several files of a few hundred records.
const UPKEEP: Upkeep = Upkeep { file_bytes: 40_000, all_bytes: 400_000, keep_days: 90 };
/// Frames between two checks for a new database.
const CHECK_EVERY: u64 = 3;
const REPORT_EVERY: u64 = 2_000;
pub(super) const FRAMES_OF_AN_HOUR: u64 = 36_000;
/// How long one turn holds the door open.
const HELD_OPEN_MS: u64 = 5_000;
/// Frames between two presentations of a card that is presented repeatedly.
const REPEAT_EVERY: u32 = 5;

pub(super) struct Life<'a> {
    environment: &'a mut Environment,
    unit: Unit,
    latch: Latch,
    store: Store,
    reader: ScriptedReader,
    /// Cards to present, one in each turn.
    cards: VecDeque<CardNumber>,
    /// A card that is presented repeatedly, and for how many more frames.
    repeated_card: Option<(CardNumber, u32)>,
    camera: Camera,
    scene: Shared<Scene>,
    visitors: Visitors,
    visits: Visits,
    oracle: Oracle,
    indicators: Indicators,
    disk_full_frames: u32,
    has_stuck: bool,
    was_held_open: bool,
    unlocked_until_ms: u64,
    last_reason: Option<Reason>,
    /// The number of first frames in which no incident ends the life: one life in eight lasts for hours.
    protected_frames: u64,
}

impl<'a> Life<'a> {
    /// Starts the unit as `run` does.
    pub(super) fn begin(environment: &'a mut Environment) -> Self {
        environment.door.stick(0);
        let latch = Latch::close(Box::new(environment.door.clone()), UNLOCK_MS).unwrap();
        assert!(!environment.door.is_unlocked(), "unlocked at the start");
        let judge = Judge::of_model(people::MODEL, Box::new(|| Ok(Tested::Passed)));
        let Opened { store, in_use, .. } = Store::open(Box::new(environment.disk.clone()), "db", judge).unwrap();
        let now = environment.clock.now();
        let log = AuditLog::open_in(Box::new(environment.disk.clone()), "log", Some(Environment::key()), UPKEEP, &now)
            .unwrap();
        let log_health = log.health();
        let policy = Policy::new(rules(in_use.rules)).unwrap();
        let scene = Shared::<Scene>::default();
        let sight = Box::new(ScriptedSight { scene: Arc::clone(&scene) });
        let clock = Arc::clone(&environment.clock) as Arc<dyn Clock>;
        let mut unit = Unit::new(sight, in_use.gallery, policy, log, latch.clone(), clock);
        let mut chance = Rng::with_seed(environment.random.u64(..));
        unit.set_chance(move || chance.u64(..));
        let reader = ScriptedReader::default();
        unit.set_card_reader(Box::new(reader.clone()));
        let visits = Visits::default();
        unit.set_passes(visits.desk());
        environment.pass_oracle.start_over();
        environment.leaf.watched_from(now.monotonic_ms, latch.clone());
        unit.set_contacts(Box::new(environment.leaf.clone()), WATCH);
        let indicators = Indicators::attach(&mut unit, &latch, log_health, in_use.digest);
        unit.set_memory(MemoryFile::new(Box::new(environment.disk.clone()), "memory.json"));
        environment.restore_lockdown(&mut unit);
        unit.start();
        let mut oracle = Oracle::default();
        oracle.set_people(unit.gallery().header().sequence);
        let is_long = environment.random.u8(..8) == 0;
        let protected_frames =
            if is_long { environment.random.u64(FRAMES_OF_AN_HOUR..2 * FRAMES_OF_AN_HOUR) } else { 0 };
        Self {
            environment,
            unit,
            latch,
            store,
            reader,
            cards: VecDeque::new(),
            repeated_card: None,
            camera: Camera::new(Arc::clone(&scene)),
            scene,
            visitors: Visitors::default(),
            visits,
            oracle,
            indicators,
            disk_full_frames: 0,
            has_stuck: false,
            was_held_open: false,
            unlocked_until_ms: 0,
            last_reason: None,
            protected_frames,
        }
    }

    /// Runs for at most this many frames.
    pub(super) fn live(mut self, frames: u64, run: &mut Run) -> End {
        for frame in 0..frames {
            let sequence = self.unit.gallery().header().sequence;
            match faults::next(&mut self.environment.random, sequence) {
                incident if incident.may_end_life() && frame < self.protected_frames => {}
                Incident::Killed => return End::Killed,
                Incident::Stopped => return self.stop(),
                incident => self.cause(incident, run),
            }
            if frame % CHECK_EVERY == 0 {
                self.take_new_database(run);
            }
            self.turn(run);
            run.frames += 1;
            if self.environment.disk.power.is_off() {
                return End::PowerCut;
            }
            if frame % REPORT_EVERY == 0 {
                let Environment { door, clock, .. } = &*self.environment;
                self.indicators.assert_true(self.unit.gallery(), door, self.has_stuck, clock);
                run.reports += 1;
            }
        }
        self.stop()
    }

    fn stop(mut self) -> End {
        self.environment.door.stick(0);
        self.unit.stop();
        assert!(!self.environment.door.is_unlocked(), "unlocked after it was stopped");
        self.indicators.assert_dark();
        if self.environment.disk.power.is_off() { End::PowerCut } else { End::Stopped }
    }

    fn cause(&mut self, incident: Incident, run: &mut Run) {
        let now_ms = self.environment.clock.elapsed_ms();
        match incident {
            Incident::CameraLost(frames) => self.scene.lock().unwrap().camera_fails = frames,
            Incident::NetworksFail(frames) => self.scene.lock().unwrap().networks_fail = frames,
            Incident::DiskFull(frames) => self.disk_full_frames = frames,
            Incident::LockSticks(movements) => {
                self.has_stuck = true;
                self.environment.door.stick(movements);
            }
            Incident::ClockJumps(ms) => self.environment.clock.jump(ms),
            Incident::ClockTrusted(is_trusted) => self.environment.clock.set_trusted(is_trusted),
            Incident::DatabaseArrives(file) => drop(self.environment.disk.replace("db.incoming", &file)),
            Incident::Rollback => self.roll_back(run),
            Incident::Cards(count) => {
                run.cards_presented += u64::from(count);
                for _ in 0..count {
                    self.cards.push_back(self.visitors.card(&mut self.environment.random));
                }
            }
            Incident::RepeatedCard(frames) => {
                self.repeated_card = Some((self.visitors.card(&mut self.environment.random), frames))
            }
            Incident::DoorForced(open_ms) => self.environment.leaf.force(now_ms, open_ms),
            Incident::LockedDown { admits_wardens } => {
                let admits = admits_wardens.then(|| WARDENS.to_owned());
                let ordered = self.unit.lock_down(Ordered { admits }, Source::Command);
                run.lockdowns += 1;
                if let Err(OrderError::Unchanged(_)) = ordered {
                    self.environment.lockdown.is_saved = false;
                    return;
                }
                let is_saved = ordered.is_ok() && !self.environment.disk.power.is_off();
                self.environment.lockdown = Lockdown { now: Some(admits_wardens), is_saved };
                assert!(!self.environment.door.is_unlocked() || self.has_stuck, "unlocked in a lockdown");
            }
            Incident::LockdownEnds => match self.unit.end_lockdown() {
                Ok(_) => {
                    let is_saved = !self.environment.disk.power.is_off();
                    self.environment.lockdown = Lockdown { now: None, is_saved };
                }
                Err(_) => self.environment.lockdown.is_saved = false,
            },
            Incident::Hangs(ms) => {
                // The relock timer has a thread of its own, and drives a lock that sticks again and again.
                for _ in 0..ms / FRAME_MS {
                    self.environment.clock.pass(FRAME_MS);
                    self.latch.lock_if_due(self.environment.clock.elapsed_ms());
                }
            }
            Incident::PassShown { cut_at } => {
                self.show_pass(run);
                if let Some(operation) = cut_at {
                    self.environment.disk.power.cut_at(operation, self.environment.random.bool());
                }
            }
            Incident::Leaves => self.environment.leaf.leave(now_ms),
            Incident::PowerCut(operation) => {
                self.environment.disk.power.cut_at(operation, self.environment.random.bool())
            }
            Incident::Nothing | Incident::Killed | Incident::Stopped => {}
        }
    }

    fn roll_back(&mut self, run: &mut Run) {
        let previous = self.environment.disk.read("db.previous").unwrap_or_default();
        let Some(previous) = previous else { return };
        if let Ok(in_use) = self.store.roll_back(DatabaseDigest::from_file(&previous)) {
            run.rollbacks += 1;
            self.use_database(in_use);
        }
    }

    fn take_new_database(&mut self, run: &mut Run) {
        match self.store.take_in() {
            Ok(Some(in_use)) => {
                run.databases_taken += 1;
                self.use_database(in_use);
            }
            Ok(None) => {}
            Err(refusal) => {
                run.databases_refused += 1;
                self.unit.note_refused_database(refusal.digest, refusal.why.code());
                self.indicators.note_refused_database(refusal.digest, &refusal.why.to_string());
            }
        }
    }

    fn use_database(&mut self, in_use: InUse) {
        self.unit.use_database(in_use.gallery, rules(in_use.rules)).unwrap();
        let gallery = self.unit.gallery();
        self.indicators.note_database(gallery, in_use.digest);
        self.oracle.set_people(gallery.header().sequence);
        self.environment.pass_oracle.start_over();
        assert_eq!(gallery.people().len(), usize::from(person_count(gallery.header().sequence)));
    }

    fn turn(&mut self, run: &mut Run) {
        self.disk_full_frames = self.disk_full_frames.saturating_sub(1);
        self.environment.disk.set_full(self.disk_full_frames > 0);
        self.environment.clock.pass(FRAME_MS);
        let now = self.environment.clock.now();
        run.frames_without_time += u64::from(now.clock != ClockTrust::Trusted);
        {
            let mut scene = self.scene.lock().unwrap();
            scene.faces = self.visitors.next(&mut self.environment.random).to_vec();
            scene.noise = 0.2 * self.environment.random.f32();
        }
        self.present_cards(&now);
        self.hold_up_pass(run);
        if self.scene.lock().unwrap().is_seen() {
            self.oracle.see(&self.visitors.faces);
        }
        let turn = self.unit.turn(&mut self.camera);
        self.note_hours(&now, matches!(turn, Err(UnitError::Door(_))), run);
        self.note_visits(turn.as_ref().ok(), &now, run);
        match turn {
            Ok(turn) => {
                self.indicators.note_turn(&turn, &self.unit, &self.environment.clock);
                match turn.verdict {
                    Verdict::Granted(granted) => self.granted(&granted, &now, run),
                    Verdict::Refused(refusal) => self.refused(&refusal, &now, run),
                    Verdict::Admitted(_) => {}
                    Verdict::Nobody => self.visitors.ask(None),
                }
            }
            Err(error) => {
                run.failed_turns += 1;
                self.indicators.note_failure(&self.environment.clock);
                // Somebody was granted access but the lock did not move, and the error does not name them.
                if matches!(error, UnitError::Door(_)) {
                    self.environment.attempts.forget();
                }
            }
        }
        self.latch.lock_if_due(now.monotonic_ms);
        let is_over = now.monotonic_ms > self.unlocked_until_ms + 5 * FRAME_MS;
        assert!(!(self.environment.door.is_unlocked() && is_over), "unlocked for longer than its time");
        self.note_traces(&now, run);
    }

    /// Checks whether the door is held open for everybody only when that is allowed.
    fn note_hours(&mut self, now: &Now, has_stuck: bool, run: &mut Run) {
        self.oracle.note_turn(now, self.environment.lockdown.now.is_some());
        let is_held_open = self.unit.policy().held_open_by().is_some();
        let was_held_open = std::mem::replace(&mut self.was_held_open, is_held_open);
        // A lock that sticks when somebody is let in ends the hold, after this turn has renewed it.
        if !(is_held_open || was_held_open && has_stuck) {
            return;
        }
        assert!(self.oracle.may_be_held_open(now), "held open without a reason: {now:?}, {:?}", self.oracle);
        run.frames_held_open += 1;
        let until_ms = now.monotonic_ms + HELD_OPEN_MS;
        self.unlocked_until_ms = self.unlocked_until_ms.max(until_ms);
        self.environment.leaf.held_open_until(until_ms);
    }

    fn present_cards(&mut self, now: &Now) {
        if let Some((card, frames)) = &mut self.repeated_card {
            if *frames % REPEAT_EVERY == 0 {
                self.cards.push_back(*card);
            }
            *frames -= 1;
        }
        self.repeated_card = self.repeated_card.filter(|(_, frames)| *frames > 0);
        if let Some(card) = self.cards.pop_front() {
            let holder = (0..AT_MOST).find(|number| card_of(*number) == card);
            self.oracle.note_card(holder, now.monotonic_ms);
            self.reader.present(card);
        }
    }

    fn granted(&mut self, granted: &Granted, now: &Now, run: &mut Run) {
        run.granted += 1;
        let admitted = match self.environment.lockdown.now {
            None => Admitted::Everybody,
            Some(true) => Admitted::Wardens,
            Some(false) => Admitted::Nobody,
        };
        let objection = self.oracle.objection(granted, now, admitted);
        assert!(objection.is_none(), "{objection:?}");
        let objection = self.environment.attempts.granted(granted, now.monotonic_ms);
        assert!(objection.is_none(), "{objection:?}");
        run.granted_after_turning += u64::from(self.oracle.has_turned());
        self.oracle.note_grant(granted, now);
        self.visitors.ask(None);
        self.last_reason = None;
        self.unlocked_until_ms = self.unlocked_until_ms.max(now.monotonic_ms + UNLOCK_MS);
        let open_ms = if self.environment.random.u8(..20) == 0 { 45_000 } else { 3_000 };
        self.environment.leaf.let_in(self.unlocked_until_ms, now.monotonic_ms, open_ms);
    }

    fn refused(&mut self, refusal: &Refusal, now: &Now, run: &mut Run) {
        run.refused_frames += 1;
        let begins = self.last_reason.replace(refusal.reason) != Some(refusal.reason);
        let asked = match refusal.reason {
            Reason::TurnLeft => Some(Side::Left),
            Reason::TurnRight => Some(Side::Right),
            _ => None,
        };
        run.asked_to_turn += u64::from(asked.is_some_and(|side| self.oracle.note_challenge(side)));
        self.visitors.ask(asked);
        match refusal.reason {
            Reason::LivenessFailed if begins => run.failed_to_turn += 1,
            Reason::LockedOut | Reason::FacesPaced | Reason::CardBlocked if begins => run.refused_after_failures += 1,
            Reason::ClockUnknown if begins => run.refused_without_time += 1,
            Reason::LockedDown if begins => run.refused_in_a_lockdown += 1,
            _ => {}
        }
        // A decision made after the power was cut is not remembered.
        if !self.environment.disk.power.is_off() {
            let objection = self.environment.attempts.refused(refusal, now.monotonic_ms);
            assert!(objection.is_none(), "{objection:?}");
        }
    }

    /// Collects what the turn must have left on the disk and in the log.
    fn note_traces(&mut self, now: &Now, run: &mut Run) {
        let is_full = self.disk_full_frames > 0;
        let Environment { disk, attempts, leaf, traces, .. } = &mut *self.environment;
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

/// The rules of the database, with visitor passes, and the liveness challenge for people who are marked for it.
fn rules(mut rules: Rules) -> Rules {
    rules.accepts_passes = true;
    rules.liveness.required_of_marked = Signals::only(Signal::HeadTurn);
    rules
}
