//! Keeps the door open in its hours, and locks it when they end.

use super::Unit;
use crate::door::{DoorError, DoorState};
use policy::audit::Event;
use policy::{HeldOpen, Hold, Now};

impl Unit {
    /// Follows the hours of the door: records when it begins to be held open and when it no longer is, and renews the
    /// unlock time in between.
    ///
    /// # Errors
    /// If the lock does not move. The door is then no longer held open.
    pub(super) fn follow_hours(&mut self, now: &Now) -> Result<(), DoorError> {
        match self.policy.hold_open(self.gallery.schedules(), self.barred.is_some(), now) {
            Hold::No => Ok(()),
            Hold::Begins(held) => self.open_for_all(held, now),
            // A loop that hung let the door lock.
            Hold::GoesOn(held) if self.latch.state() == DoorState::Locked => self.open_for_all(held, now),
            Hold::GoesOn(held) => self.keep_open(held, now),
            Hold::Ends { hours, because } => {
                self.latch.end_hold(self.clock.now().monotonic_ms);
                self.record(Event::hold_ended(&hours, because), now);
                Ok(())
            }
        }
    }

    /// Unlocks the door once that is recorded. Otherwise somebody must come in again.
    fn open_for_all(&mut self, held: HeldOpen, now: &Now) -> Result<(), DoorError> {
        // The log reports its own failures.
        if self.audit.append(Event::from(&held), now).is_err() {
            self.policy.stop_holding();
            return Ok(());
        }
        self.keep_open(held, now)
    }

    fn keep_open(&mut self, held: HeldOpen, now: &Now) -> Result<(), DoorError> {
        self.unlock(held, now)?;
        self.peripherals.note_held_open(self.latch.locks_at_ms(), now.monotonic_ms);
        Ok(())
    }
}
