//! Runs a script: the unit keeps turning between the steps, as it does at a door. Words have the local time of the door,
//! JSON has UTC.

use super::Simulation;
use super::line::Line;
use super::script::{Happening, Step};
use crate::door::DoorWatch;
use crate::door::contacts::Contact;
use crate::lockdown::{Ordered, Source};
use crate::loop_turn::Turn;
use anyhow::Context;
use jiff::Timestamp;
use policy::ClockTrust;
use serde::Serialize;
use std::path::Path;
use terminal::{print, print_json};

/// Between two turns without anybody in view. Hours begin and end within this time.
const PAUSE_MS: u64 = 2000;

/// The state of the door after a turn, with what the unit knows about its surroundings; printed when it has changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct DoorLine {
    /// UTC.
    at: String,
    #[serde(flatten)]
    state: DoorNow,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct DoorNow {
    /// `locked` or `unlocked`.
    door: &'static str,
    /// The name of the hours in which the door is held open.
    held_open: Option<String>,
    locked_down: bool,
    /// Whether the door itself is open.
    is_open: bool,
    fire_alarm: bool,
    clock_trusted: bool,
}

/// The decision on a step.
#[derive(Serialize)]
struct Decided {
    /// UTC.
    at: String,
    #[serde(flatten)]
    line: Line,
}

impl Simulation {
    /// Carries out a script, and lets the door lock at the end.
    ///
    /// # Errors
    /// If a photo cannot be read, or a lockdown cannot be recorded.
    pub(super) fn run_script(&mut self, steps: &[Step]) -> anyhow::Result<()> {
        for step in steps {
            self.turn_until(step.utc_ms)?;
            step.happens.iter().try_for_each(|happening| self.happen(happening))?;
            if let Some(card) = step.card {
                self.reader.present(card);
            }
            match &step.show {
                Some(photo) => self.show(photo)?,
                None => {
                    let turn = self.turn_unseen()?;
                    if step.card.is_some() || turn.verdict.lets_in() {
                        self.report_decision(Path::new("-"), &turn)?;
                    }
                    self.report_door()?;
                }
            }
        }
        self.turn_until(self.time.clock().now().utc_ms.saturating_add(60_000))
    }

    fn happen(&mut self, happening: &Happening) -> anyhow::Result<()> {
        let now_ms = self.time.clock().now().monotonic_ms;
        match happening {
            Happening::LockDown { admits } => {
                self.unit.lock_down(Ordered { admits: admits.clone() }, Source::Command)?
            }
            Happening::EndLockdown => drop(self.unit.end_lockdown().context("the lockdown cannot be ended")?),
            Happening::FaceRecognition { is_on: false } => self.unit.turn_off_face_recognition(Source::Command)?,
            Happening::FaceRecognition { is_on: true } => {
                self.unit.turn_on_face_recognition().context("face recognition cannot be switched on")?;
            }
            Happening::Clock { is_trusted } => self.time.trust(*is_trusted),
            Happening::FireAlarm { is_on } => self.contacts.change(Contact::FireAlarm { on: *is_on }, now_ms),
            Happening::Door { is_open } => self.contacts.change(Contact::Door { open: *is_open }, now_ms),
        }
        Ok(())
    }

    /// Turns without anybody in view until this time.
    fn turn_until(&mut self, utc_ms: i64) -> anyhow::Result<()> {
        loop {
            let left_ms = u64::try_from(utc_ms.saturating_sub(self.time.clock().now().utc_ms)).unwrap_or(0);
            if left_ms == 0 {
                return Ok(());
            }
            self.time.pass(left_ms.min(PAUSE_MS), &self.latch);
            let turn = self.turn_unseen()?;
            // A card that waited for the reader.
            if turn.verdict.lets_in() {
                self.report_decision(Path::new("-"), &turn)?;
            }
            self.report_door()?;
        }
    }

    fn turn_unseen(&mut self) -> anyhow::Result<Turn> {
        self.camera.hide();
        let turn = self.unit.turn(&mut self.camera)?;
        Ok(self.count_grant(turn))
    }

    fn show(&mut self, photo: &Path) -> anyhow::Result<()> {
        self.camera.show(photo)?;
        let turn = self.until_decided(photo)?;
        self.report_decision(photo, &turn)?;
        self.report_door()
    }

    fn report_decision(&self, photo: &Path, turn: &Turn) -> anyhow::Result<()> {
        let line = self.line(photo, turn);
        match self.json {
            true => print_json(&Decided { at: self.time.now_in_utc(), line }),
            false => print(&format!("{}  {}", self.time.now_in_words(), super::line::in_words(&line, 1))),
        }
    }

    /// Prints the state of the door if it has changed.
    fn report_door(&mut self) -> anyhow::Result<()> {
        let watch = self.unit.door_watch();
        let state = DoorNow {
            door: self.latch.state().code(),
            held_open: self.unit.policy().held_open_by().map(str::to_owned),
            locked_down: self.unit.lockdowns().in_force().next().is_some(),
            is_open: watch.is_some_and(DoorWatch::is_open),
            fire_alarm: watch.is_some_and(DoorWatch::is_fire_alarm_on),
            clock_trusted: self.time.clock().now().clock == ClockTrust::Trusted,
        };
        if self.door_before.as_ref() == Some(&state) {
            return Ok(());
        }
        match self.json {
            true => print_json(&DoorLine { at: self.time.now_in_utc(), state: state.clone() })?,
            false => print(&format!("{}  {}", self.time.now_in_words(), state.in_words()))?,
        }
        self.door_before = Some(state);
        Ok(())
    }
}

impl DoorNow {
    fn in_words(&self) -> String {
        let held = self.held_open.as_ref().map(|hours| format!(", held open in the hours {hours}"));
        let down = if self.locked_down { ", LOCKED DOWN" } else { "" };
        let open = if self.is_open { "; it is open" } else { "" };
        let alarm = if self.fire_alarm { "; THE FIRE ALARM IS ON" } else { "" };
        let clock = if self.clock_trusted { "" } else { "; the clock is not trusted" };
        format!("the door is {}{}{down}{open}{alarm}{clock}", self.door, held.unwrap_or_default())
    }
}

/// When a simulation with this script begins: a minute before the first step.
pub(super) fn beginning(steps: &[Step]) -> Option<Timestamp> {
    let first = steps.first()?;
    Timestamp::from_millisecond(first.utc_ms.saturating_sub(60_000)).ok()
}
