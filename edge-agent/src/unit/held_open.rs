//! Keeps the door open in its hours, and locks it when they end.

use super::Unit;
use crate::door::DoorError;
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
            Hold::Begins(held) => match self.audit.append(Event::from(&held), now) {
                Ok(()) => self.keep_open(held, now),
                // The log reports its own failures.
                Err(_) => {
                    self.policy.stop_holding();
                    Ok(())
                }
            },
            Hold::GoesOn(held) => self.keep_open(held, now),
            Hold::Ends { hours, because } => {
                self.latch.end_hold(self.clock.now().monotonic_ms);
                self.record(Event::hold_ended(&hours, because), now);
                Ok(())
            }
        }
    }

    fn keep_open(&mut self, held: HeldOpen, now: &Now) -> Result<(), DoorError> {
        self.unlock(held, now)?;
        self.peripherals.note_held_open(self.latch.locks_at_ms(), now.monotonic_ms);
        Ok(())
    }
}
