//! The door leaf, its contact and the exit button. It computes independently which records their use must leave.

use crate::door::contacts::{Change, Contact, Contacts};
use crate::door::{DoorState, Latch, WatchRules};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

pub(super) const WATCH: WatchRules = WatchRules { held_ms: 30_000, leave_ms: 5_000 };
/// After the door has locked, somebody may still have a hand on it.
const HAND_ON_DOOR_MS: u64 = 2_000;

/// This many forced openings in this many milliseconds are all recorded; more look like a loose contact.
const ALWAYS_RECORDED: (usize, u64) = (10, 100 * 60_000);

/// A record that must be in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    Forced,
    Held,
    ClosedAgain,
}

/// The door leaf. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Leaf(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    latch: Option<Latch>,
    /// The planned changes, oldest first.
    planned: VecDeque<Change>,
    is_open: bool,
    is_pressed: bool,
    opened_ms: u64,
    unlocked_until_ms: u64,
    leaving_until_ms: u64,
    /// The unit holds the door open for everybody until then.
    may_stay_until_ms: u64,
    is_held: bool,
    is_wrong: bool,
    forced_ms: Vec<u64>,
    traces: Vec<Trace>,
}

impl Leaf {
    /// A unit starts to watch the door. A door that is already open does not count as forced.
    pub(super) fn watched_from(&self, now_ms: u64, latch: Latch) {
        let mut state = self.state();
        state.latch = Some(latch);
        (state.is_held, state.is_wrong) = (false, false);
        (state.unlocked_until_ms, state.leaving_until_ms, state.may_stay_until_ms) = (0, 0, 0);
        if state.is_open {
            (state.opened_ms, state.unlocked_until_ms) = (now_ms, now_ms + HAND_ON_DOOR_MS);
        }
        if state.is_pressed {
            state.leaving_until_ms = now_ms + WATCH.leave_ms;
        }
        state.forced_ms.clear();
        state.traces.clear();
    }

    /// Somebody is let in: opens the door and leaves it open for `open_ms`.
    pub(super) fn let_in(&self, locks_at_ms: u64, now_ms: u64, open_ms: u64) {
        let mut state = self.state();
        state.unlocked_until_ms = state.unlocked_until_ms.max(locks_at_ms + HAND_ON_DOOR_MS);
        state.plan(&[(now_ms + 1_000, door(true)), (now_ms + 1_000 + open_ms, door(false))]);
    }

    /// The unit holds the door open for everybody.
    pub(super) fn held_open_until(&self, until_ms: u64) {
        let mut state = self.state();
        state.unlocked_until_ms = state.unlocked_until_ms.max(until_ms + HAND_ON_DOOR_MS);
        state.may_stay_until_ms = state.may_stay_until_ms.max(until_ms);
        state.is_held = false;
    }

    /// Somebody presses the exit button and leaves.
    pub(super) fn leave(&self, now_ms: u64) {
        let (press, release) = (Contact::Exit { pressed: true }, Contact::Exit { pressed: false });
        let leaves =
            [(now_ms, press), (now_ms + 300, release), (now_ms + 1_000, door(true)), (now_ms + 3_000, door(false))];
        self.state().plan(&leaves);
    }

    /// Somebody forces the door.
    pub(super) fn force(&self, now_ms: u64, open_ms: u64) {
        self.state().plan(&[(now_ms, door(true)), (now_ms + open_ms, door(false))]);
    }

    /// The records that must have been added since the last call.
    pub(super) fn take_traces(&self) -> Vec<Trace> {
        std::mem::take(&mut self.state().traces)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

const fn door(open: bool) -> Contact {
    Contact::Door { open }
}

impl State {
    /// Plans these changes, unless somebody is using the door already.
    fn plan(&mut self, changes: &[(u64, Contact)]) {
        if self.planned.is_empty() && !self.is_open {
            self.planned = changes.iter().map(|&(at_ms, contact)| Change { contact, at_ms }).collect();
        }
    }

    /// The door is locked, maybe earlier than it was to be.
    fn locked(&mut self, now_ms: u64) {
        self.unlocked_until_ms = self.unlocked_until_ms.min(now_ms + HAND_ON_DOOR_MS);
        self.may_stay_until_ms = self.may_stay_until_ms.min(now_ms);
    }

    fn apply(&mut self, Change { contact, at_ms }: Change) {
        match contact {
            Contact::Exit { pressed } => {
                self.is_pressed = pressed;
                self.leaving_until_ms = self.leaving_until_ms.max(at_ms + WATCH.leave_ms);
            }
            Contact::Door { open: true } => {
                (self.is_open, self.opened_ms) = (true, at_ms);
                let is_forced = !self.is_pressed && at_ms >= self.unlocked_until_ms.max(self.leaving_until_ms);
                self.forced_ms.extend(is_forced.then_some(at_ms));
                self.forced_ms.retain(|forced_ms| forced_ms + ALWAYS_RECORDED.1 > at_ms);
                self.is_wrong = is_forced && self.forced_ms.len() <= ALWAYS_RECORDED.0;
                self.traces.extend(self.is_wrong.then_some(Trace::Forced));
            }
            Contact::Door { open: false } => {
                self.traces.extend(self.is_wrong.then_some(Trace::ClosedAgain));
                (self.is_open, self.is_held, self.is_wrong) = (false, false, false);
            }
            Contact::FireAlarm { .. } | Contact::Lockdown { .. } => {}
        }
    }
}

impl Contacts for Leaf {
    fn states(&self) -> Vec<Contact> {
        let state = self.state();
        vec![Contact::Exit { pressed: state.is_pressed }, door(state.is_open)]
    }

    fn changes(&mut self, now_ms: u64) -> Vec<Change> {
        let mut state = self.state();
        if state.latch.as_ref().is_some_and(|latch| latch.state() == DoorState::Locked) {
            state.locked(now_ms);
        }
        let due = state.planned.iter().take_while(|change| change.at_ms <= now_ms).count();
        let changes: Vec<Change> = state.planned.drain(..due).collect();
        changes.iter().for_each(|change| state.apply(*change));
        if state.is_open
            && !state.is_held
            && now_ms.saturating_sub(state.opened_ms.max(state.may_stay_until_ms)) >= WATCH.held_ms
        {
            (state.is_held, state.is_wrong) = (true, true);
            state.traces.push(Trace::Held);
        }
        changes
    }
}
