//! The loop: each turn takes a frame, makes a decision and drives the door.
//!
//! The lock moves only after the record is on the disk. If a grant cannot be recorded, the door stays locked.

mod aim;
mod database_swap;
mod equip;
mod face_recognition;
mod held_open;
mod link;
mod lock_test;
mod lockdown;
mod obey;
pub(crate) mod people;
mod peripherals;
#[cfg(test)]
pub(crate) mod testing;

pub use equip::equip;
pub(crate) use equip::passes;
pub(crate) use link::LinkDesk;
pub(crate) use lockdown::OrderError;
pub(crate) use people::People;

use crate::aim::AimDesk;
use crate::audit_log::{AuditError, AuditLog};
use crate::camera::{CameraError, Captured, FrameSource};
use crate::clock::Clock;
use crate::door::contacts::Contacts;
use crate::door::{DoorError, DoorState, DoorWatch, Latch, WatchRules};
use crate::face_recognition::FaceRecognition;
use crate::infrared::Infrared;
use crate::lamp::Lamp;
use crate::lights::Lights;
use crate::lockdown::Lockdowns;
use crate::loop_turn::{Admitted, Granted, Timings, Turn, Verdict};
use crate::memory_file::MemoryFile;
use crate::part_reports::PartReports;
use crate::passes::PassDesk;
use crate::reader::{CardReader, ReaderState};
use crate::sight::{Seen, Sight};
use fleet_messages::aim::AimEnd;
use models::ModelError;
use peripherals::{Peripherals, WatchedContacts};
use policy::audit::Event;
use policy::{Decision, Entry, Failures, Grant, HoldEnd, Kind, Locked, Now, Observation, Policy, Reason, Visit};
use shared::gallery::Gallery;
use std::sync::Arc;
use std::time::Instant;

/// Why a turn of the loop failed. The door is locked, or will be when the unlock time is over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// The camera gave no frame.
    #[error(transparent)]
    Camera(#[from] CameraError),
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The lock did not move.
    #[error(transparent)]
    Door(#[from] DoorError),
}

/// A door unit without its camera.
pub struct Unit {
    sight: Box<dyn Sight>,
    /// The enrolled people; lent to the parts that need them.
    gallery: Gallery,
    policy: Policy,
    audit: AuditLog,
    latch: Latch,
    clock: Arc<dyn Clock>,
    peripherals: Peripherals,
    aim: AimDesk,
    lockdowns: Lockdowns,
    face_recognition: FaceRecognition,
    memory: Option<MemoryFile>,
    /// Parts whose failures are recorded.
    parts: Vec<PartReports>,
    /// If set, every grant is refused for this reason.
    barred: Option<Reason>,
    /// Random numbers for the liveness challenge; unpredictable except in tests.
    chance: Box<dyn FnMut() -> u64 + Send>,
}

impl Unit {
    /// Joins the parts. The latch is driven by the monotonic time of `clock`.
    pub fn new(
        sight: Box<dyn Sight>,
        gallery: Gallery,
        policy: Policy,
        audit: AuditLog,
        latch: Latch,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let peripherals = Peripherals::default();
        let (parts, chance) = (Vec::new(), Box::new(system_chance));
        Self {
            sight,
            gallery,
            policy,
            audit,
            latch,
            clock,
            peripherals,
            aim: AimDesk::default(),
            lockdowns: Lockdowns::default(),
            face_recognition: FaceRecognition::default(),
            memory: None,
            parts,
            barred: None,
            chance,
        }
    }

    /// Replaces the random numbers, so that a run can be reproduced.
    #[cfg(test)]
    pub(crate) fn set_chance(&mut self, chance: impl FnMut() -> u64 + Send + 'static) {
        self.chance = Box::new(chance);
    }

    /// Restores the policy's memory from this file, and saves it there from now on.
    pub fn set_memory(&mut self, mut file: MemoryFile) {
        self.policy.remember(&file.read(), &self.clock.now());
        self.parts.push(file.part());
        self.memory = Some(file);
    }

    /// Sets the card reader.
    pub fn set_card_reader(&mut self, reader: Box<dyn CardReader>) {
        self.peripherals.reader = Some(reader);
    }

    /// Sets the contacts, and how to watch the door by them.
    pub fn set_contacts(&mut self, contacts: Box<dyn Contacts>, rules: WatchRules) {
        self.peripherals.contacts = Some(WatchedContacts::new(contacts, rules, self.clock.now().monotonic_ms));
        self.take_switch();
    }

    /// Sets the lights that show the decisions.
    pub fn set_lights(&mut self, lights: Lights) {
        self.peripherals.lights = Some(lights);
    }

    /// Sets the lamp that plays codes on faces.
    pub fn set_lamp(&mut self, lamp: Lamp) {
        self.peripherals.lamp = Some(lamp);
    }

    /// Sets where visitors show their passes.
    pub fn set_passes(&mut self, passes: PassDesk) {
        self.peripherals.passes = Some(passes);
    }

    /// Sets the camera that looks at faces in infrared.
    pub fn set_infrared(&mut self, infrared: Infrared) {
        self.peripherals.infrared = Some(infrared);
    }

    /// Records the failures of this part from now on.
    pub(crate) fn follow_part(&mut self, part: PartReports) {
        self.parts.push(part);
    }

    /// Runs one turn: frame, faces, encodings, nearest people, decision, record, door.
    ///
    /// # Errors
    /// [`UnitError`]; the next turn may succeed.
    pub fn turn(&mut self, camera: &mut dyn FrameSource) -> Result<Turn, UnitError> {
        let turn = self.decide_and_act(camera);
        // Also after a failed turn, which may have written records.
        self.audit.maintain(&self.clock.now());
        let is_held_open = self.policy.held_open_by().is_some();
        self.peripherals.show(turn.as_ref().ok().map(|turn| &turn.verdict), is_held_open);
        turn
    }

    fn decide_and_act(&mut self, camera: &mut dyn FrameSource) -> Result<Turn, UnitError> {
        let started = Instant::now();
        self.drive_lamp(camera);
        let captured = camera.next_frame();
        let now = self.clock.now();
        self.latch.lock_if_due(now.monotonic_ms);
        if self.latch.state() == DoorState::Locked {
            self.peripherals.note_locked(now.monotonic_ms);
        }
        let happened = self.peripherals.watch_contacts(now.monotonic_ms);
        self.follow_lockdown_switch(happened.is_lockdown_switch_on, &now);
        happened.events.into_iter().for_each(|event| self.record(event, &now));
        let part_events: Vec<Event> = self.parts.iter().flat_map(PartReports::take).collect();
        part_events.into_iter().for_each(|event| self.record(event, &now));
        self.follow_aim(&now);
        self.follow_hours(&now)?;
        // One card per decision, so that no card replaces another that has not been decided on.
        let card = self.peripherals.next_card(&self.gallery);
        if let Some(card) = &card {
            self.policy.present_card(card, &now);
        }
        let attention = self.policy.attention();
        // Before the networks run, so that both frames are of the same moment.
        self.peripherals.take_infrared(attention.infrared);
        let (seen, is_grey, lit, size) = match captured? {
            Captured::Frame(frame, symbol) => {
                let size = (frame.width(), frame.height());
                (self.sight.look(frame, &self.gallery, attention)?, frame.is_grey(), Some((frame, symbol)), size)
            }
            Captured::Nothing => (Seen::default(), false, None, (0, 0)),
        };
        let frame = lit.as_ref().map(|(frame, _)| *frame);
        self.peripherals.look_for_pass(frame, !seen.faces.is_empty(), &self.gallery, now.monotonic_ms);
        // A card or a pass, for the same reason.
        if card.is_none()
            && let Some(pass) = self.peripherals.next_pass(&self.gallery)
        {
            self.policy.present_pass(&pass, &now);
        }
        let nearest = Observation::new(&seen.faces).nearest().map(|(_, face)| face);
        let lamp = self.peripherals.see_lamp(attention.lamp, lit, nearest, now.monotonic_ms);
        let infrared = self.peripherals.see_infrared(attention.infrared, nearest, size)?;
        let chance = self.chance();
        let observation = Observation::new(&seen.faces).in_grey(is_grey).with_chance(chance).with_lamp(lamp.as_ref());
        let observation = observation.with_infrared(infrared.as_ref()).with_schedules(self.gallery.schedules());
        let decision = self.policy.decide(&observation, &now);
        self.record_ended_approach(&now);
        let verdict = self.act_on(decision, &now);
        self.remember(&now);
        let verdict = verdict?;
        // Last, so that the door has not waited for it.
        if let Some(frame) = frame {
            self.show_frame(frame, &seen.faces, attention.faces, &now);
        }
        let timings = Timings { total_ms: started.elapsed().as_secs_f64() * 1e3, ..seen.timings };
        Ok(Turn { verdict, door: self.latch.state(), faces: seen.faces.len(), timings })
    }

    /// Records the start of the unit and its database.
    pub fn start(&mut self) {
        let now = self.clock.now();
        self.record(Event::started(env!("CARGO_PKG_VERSION")), &now);
        self.record_lockdowns(&now);
        self.record_face_recognition(&now);
        self.record_database(&now);
        self.sign(&now);
        self.audit.maintain(&now);
    }

    /// Locks the door, and records the unfinished approach and the stop.
    pub fn stop(&mut self) {
        self.latch.lock();
        let now = self.clock.now();
        self.policy.end_approach(&now);
        (self.peripherals.lights, self.peripherals.lamp) = (None, None);
        self.record_ended_approach(&now);
        self.end_aim(AimEnd::Stopping, &now);
        self.record(Event::Stopped, &now);
        self.sign(&now);
    }

    /// Ends the approach in progress, and clears all failed attempts, so that the next presentation of a drill is judged
    /// as the first. A drill moves no lock.
    pub(crate) fn begin_presentation(&mut self) {
        let now = self.clock.now();
        self.policy.end_approach(&now);
        self.policy.clear_lockouts(None);
        self.record_ended_approach(&now);
    }

    /// The enrolled people.
    pub fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the card reader can be used; `None` if the unit has none.
    pub fn reader_state(&self) -> Option<ReaderState> {
        self.peripherals.reader_state()
    }

    /// The watched door; `None` if it has no contacts.
    pub fn door_watch(&self) -> Option<&DoorWatch> {
        self.peripherals.door_watch()
    }

    /// The current lockouts after failed attempts.
    pub fn locked_out(&self) -> Vec<Locked> {
        self.policy.locked_out(&self.clock.now())
    }

    /// Clears the failed attempts of one kind, or of all, for an administrator, once that is recorded. Returns what was
    /// cleared.
    ///
    /// # Errors
    /// If it cannot be recorded; nothing is cleared then.
    pub fn clear_lockouts(&mut self, of: Option<Kind>) -> Result<Vec<Failures>, AuditError> {
        let now = self.clock.now();
        let failures = self.policy.failures(of);
        for failed in &failures {
            self.audit.append(Event::lockout_cleared(failed), &now)?;
        }
        self.policy.clear_lockouts(of);
        self.remember(&now);
        Ok(failures)
    }

    fn act_on(&mut self, decision: Decision, now: &Now) -> Result<Verdict, DoorError> {
        match decision {
            Decision::Grant(grant) => self.let_in(grant, now),
            Decision::Admit(visit) => self.admit(visit, now),
            Decision::Refuse(refusal) => Ok(Verdict::Refused(refusal)),
            Decision::Nobody => Ok(Verdict::Nobody),
        }
    }

    fn let_in(&mut self, grant: Entry, now: &Now) -> Result<Verdict, DoorError> {
        if let Some(reason) = self.barred {
            return Ok(Verdict::Refused(self.policy.withhold(grant, reason)));
        }
        let granted = Granted::new(&grant);
        // The log reports its own failures.
        if self.audit.append(Event::from(&grant), now).is_err() {
            return Ok(Verdict::Refused(self.policy.withhold(grant, Reason::NotRecorded)));
        }
        self.unlock(grant, now)?;
        self.peripherals.note_unlocked(self.latch.locks_at_ms(), now.monotonic_ms);
        Ok(Verdict::Granted(granted))
    }

    /// Lets a visitor in. The use of the pass is on the disk before the lock moves: a power cut never gives it back.
    fn admit(&mut self, visit: Visit, now: &Now) -> Result<Verdict, DoorError> {
        if let Some(reason) = self.barred {
            return Ok(Verdict::Refused(self.policy.withhold_visit(visit, reason)));
        }
        if !self.save_memory() || self.audit.append(Event::from(&visit), now).is_err() {
            return Ok(Verdict::Refused(self.policy.withhold_visit(visit, Reason::NotRecorded)));
        }
        let admitted = Admitted { pass: visit.pass() };
        self.unlock(visit, now)?;
        self.peripherals.note_unlocked(self.latch.locks_at_ms(), now.monotonic_ms);
        Ok(Verdict::Admitted(admitted))
    }

    /// Unlocks the door. The grant must be on record. If the lock does not move, nobody has come in, and the door is
    /// not held open for others.
    fn unlock(&mut self, grant: impl Into<Grant>, now: &Now) -> Result<(), DoorError> {
        let unlocked = self.latch.unlock(grant, self.clock.now().monotonic_ms);
        if let Err(error) = &unlocked {
            let held_open = self.policy.stop_holding();
            if !matches!(error, DoorError::Ending) {
                self.record(Event::DoorFailed, now);
                held_open
                    .into_iter()
                    .for_each(|hours| self.record(Event::hold_ended(&hours, HoldEnd::DoorFailed), now));
            }
        }
        unlocked
    }

    fn record_ended_approach(&mut self, now: &Now) {
        let parts = [self.policy.take_refused_face(), self.policy.take_ended_approach()];
        for approach in parts.into_iter().flatten() {
            let events = [Event::tailgating(&approach), Event::refused(&approach)];
            events.into_iter().flatten().for_each(|event| self.record(event, now));
        }
    }

    /// Tells the lamp what to do until the next frame.
    fn drive_lamp(&mut self, camera: &mut dyn FrameSource) {
        if let Some(lamp) = &mut self.peripherals.lamp {
            let now_ms = self.clock.now().monotonic_ms;
            lamp.follow(self.policy.attention().lamp, camera, &mut *self.chance, now_ms);
        }
    }

    /// A random number for the side that somebody is asked to turn to.
    fn chance(&mut self) -> u64 {
        if self.policy.rules().liveness.asks_for_a_turn() { (self.chance)() } else { 0 }
    }

    /// Records a lockout that has begun, and saves the policy's memory if it has changed.
    fn remember(&mut self, now: &Now) {
        if let Some(lockout) = self.policy.take_begun_lockout() {
            self.record(Event::locked_out(&lockout), now);
        }
        self.save_memory();
    }

    /// Saves the policy's memory if it has changed. Returns whether nothing is unsaved.
    fn save_memory(&mut self) -> bool {
        match (self.policy.take_changed_memory(), &mut self.memory) {
            (Some(memory), Some(file)) => file.save(&memory),
            _ => true,
        }
    }

    fn sign(&mut self, now: &Now) {
        self.audit.sign(now).ok();
    }

    /// Records an event that no movement of the door depends on. The log reports its own failures.
    fn record(&mut self, event: Event, now: &Now) {
        self.audit.append(event, now).ok();
    }
}

/// A random number from the operating system; 0 if it has none.
pub(crate) fn system_chance() -> u64 {
    getrandom::u64().unwrap_or_else(|error| {
        tracing::error!("cannot get random numbers from the operating system: {error}");
        0
    })
}

#[cfg(test)]
mod aim_tests;
#[cfg(test)]
mod face_recognition_tests;
#[cfg(test)]
mod held_open_tests;
#[cfg(test)]
mod link_tests;
#[cfg(test)]
mod lockdown_tests;
#[cfg(test)]
mod pass_tests;
#[cfg(test)]
mod tests;
