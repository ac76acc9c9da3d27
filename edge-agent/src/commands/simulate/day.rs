//! Runs a script: the unit keeps turning between the steps, as it does at a door.

use super::Simulation;
use super::line::Line;
use super::script::{Happening, Step};
use crate::door::contacts::Contact;
use crate::lockdown::Ordered;
use crate::loop_turn::Turn;
use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;
use terminal::{print, print_json};

/// Between two turns without anybody in view. Hours begin and end within this time.
const PAUSE_MS: u64 = 2000;

/// The state of the door after a turn, printed when it has changed.
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
                None if step.card.is_some() => self.card_alone()?,
                None => {
                    self.turn_unseen()?;
                }
            }
        }
        self.turn_until(self.time.clock().now().utc_ms.saturating_add(60_000))
    }

    fn happen(&mut self, happening: &Happening) -> anyhow::Result<()> {
        let now_ms = self.time.clock().now().monotonic_ms;
        match happening {
            Happening::LockDown { admits } => self.unit.lock_down(Ordered { admits: admits.clone() })?,
            Happening::EndLockdown => drop(self.unit.end_lockdown().context("the lockdown cannot be ended")?),
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
            self.turn_unseen()?;
        }
    }

    fn turn_unseen(&mut self) -> anyhow::Result<Turn> {
        self.camera.hide();
        let turn = self.unit.turn(&mut self.camera)?;
        self.report_door()?;
        Ok(turn)
    }

    fn show(&mut self, photo: &Path) -> anyhow::Result<()> {
        self.camera.show(photo)?;
        let turn = self.until_decided(photo)?;
        self.report_decision(photo, &turn)
    }

    fn card_alone(&mut self) -> anyhow::Result<()> {
        let turn = self.turn_unseen()?;
        self.report_decision(Path::new("-"), &turn)
    }

    fn report_decision(&mut self, photo: &Path, turn: &Turn) -> anyhow::Result<()> {
        let line = self.line(photo, turn);
        let at = self.time.now_in_words();
        match self.json {
            true => print_json(&Decided { at, line })?,
            false => print(&format!("{at}  {}", super::line::in_words(&line, 1)))?,
        }
        self.report_door()
    }

    /// Prints the state of the door if it has changed.
    fn report_door(&mut self) -> anyhow::Result<()> {
        let state = DoorNow {
            door: self.latch.state().code(),
            held_open: self.unit.policy().held_open_by().map(str::to_owned),
            locked_down: self.unit.lockdowns().in_force().next().is_some(),
        };
        if self.door_before.as_ref() == Some(&state) {
            return Ok(());
        }
        let at = self.time.now_in_words();
        match self.json {
            true => print_json(&DoorLine { at, state: state.clone() })?,
            false => print(&format!("{at}  {}", state.in_words()))?,
        }
        self.door_before = Some(state);
        Ok(())
    }
}

impl DoorNow {
    fn in_words(&self) -> String {
        let held = self.held_open.as_ref().map(|hours| format!(", held open in the hours {hours}"));
        let down = if self.locked_down { ", LOCKED DOWN" } else { "" };
        format!("the door is {}{}{down}", self.door, held.unwrap_or_default())
    }
}

/// When a simulation with this script begins: a minute before the first step.
pub(super) fn beginning(steps: &[Step]) -> Option<Timestamp> {
    let first = steps.first()?;
    Timestamp::from_millisecond(first.utc_ms.saturating_sub(60_000)).ok()
}
