//! Keeps the door locked, except for the unlock time after a grant, and while it is held open.
//!
//! The latch has no clock: [`RelockTimer`](super::RelockTimer) or the simulation calls it when the unlock time is over.
//! It locks when it is created and when it is dropped, also if the thread that holds it panics.

use super::{Door, DoorError, DoorState};
use crate::reports::{FailureReports, since_start};
use policy::Grant;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A door that locks again after each grant. Clones share the door.
#[derive(Clone)]
pub struct Latch {
    shared: Arc<Shared>,
}

struct Shared {
    held: Mutex<Held>,
    changed: Condvar,
}

struct Held {
    door: Box<dyn Door>,
    unlock_ms: u64,
    /// When the unlock time of a person ends, on the monotonic clock; `None` if nobody was let in.
    locks_at_ms: Option<u64>,
    /// When the door is no longer held open, unless that is renewed; `None` if it is not held open.
    held_until_ms: Option<u64>,
    /// From now on no grant unlocks it.
    locked_for_good: bool,
    closing: bool,
    locking: FailureReports,
}

impl Latch {
    /// Locks the door and keeps it locked. A grant will unlock it for `unlock_ms` milliseconds.
    ///
    /// # Errors
    /// If the door cannot be locked.
    pub fn close(mut door: Box<dyn Door>, unlock_ms: u64) -> Result<Self, DoorError> {
        door.lock()?;
        let held = Held {
            door,
            unlock_ms,
            locks_at_ms: None,
            held_until_ms: None,
            locked_for_good: false,
            closing: false,
            locking: FailureReports::default(),
        };
        Ok(Self { shared: Arc::new(Shared { held: Mutex::new(held), changed: Condvar::new() }) })
    }

    /// Unlocks the door at `monotonic_ms` on the monotonic clock. A further grant extends the unlock time, and never
    /// shortens it.
    ///
    /// # Errors
    /// [`DoorError::Ending`] after [`lock_for_good`](Self::lock_for_good), without moving the lock. Otherwise if the
    /// lock may not have moved; it has then been driven back to locked.
    pub fn unlock(&self, grant: impl Into<Grant>, monotonic_ms: u64) -> Result<(), DoorError> {
        let mut held = self.held();
        if held.locked_for_good {
            return Err(DoorError::Ending);
        }
        let grant = grant.into();
        let is_renewed = matches!(grant, Grant::HeldOpen(_)) && held.is_unlocked();
        // Set before the lock moves, so that the unlock time is limited whatever happens next.
        let ends = Some(monotonic_ms.saturating_add(grant.unlocks_for_ms().unwrap_or(held.unlock_ms)));
        match grant {
            Grant::HeldOpen(_) => held.held_until_ms = held.held_until_ms.max(ends),
            _ => held.locks_at_ms = held.locks_at_ms.max(ends),
        }
        let unlocked = if is_renewed { Ok(()) } else { held.door.unlock(grant) };
        if unlocked.is_err() {
            held.lock();
        }
        drop(held);
        self.shared.changed.notify_all();
        unlocked
    }

    /// Locks the door if its unlock time is over at `monotonic_ms` on the monotonic clock. If the lock does not
    /// move, the next call tries again.
    pub fn lock_if_due(&self, monotonic_ms: u64) {
        let mut held = self.held();
        if held.locks_at_ms().is_some_and(|at| at <= monotonic_ms) {
            held.lock();
            drop(held);
            self.shared.changed.notify_all();
        }
    }

    /// Stops holding the door open, and locks it unless somebody was let in whose unlock time is not over.
    pub fn end_hold(&self, monotonic_ms: u64) {
        let mut held = self.held();
        held.held_until_ms = None;
        if held.locks_at_ms.is_none_or(|at| at <= monotonic_ms) {
            held.lock();
        }
        drop(held);
        self.shared.changed.notify_all();
    }

    /// Locks the door now.
    pub fn lock(&self) {
        self.held().lock();
        self.shared.changed.notify_all();
    }

    /// Locks the door now, and refuses every later grant.
    pub fn lock_for_good(&self) {
        let mut held = self.held();
        held.locked_for_good = true;
        held.lock();
        drop(held);
        self.shared.changed.notify_all();
    }

    /// Where the lock was last driven to.
    pub fn state(&self) -> DoorState {
        if self.locks_at_ms().is_some() { DoorState::Unlocked } else { DoorState::Locked }
    }

    /// When the door locks, on the monotonic clock; `None` if it is locked.
    pub fn locks_at_ms(&self) -> Option<u64> {
        self.held().locks_at_ms()
    }

    /// Waits until the state changes or the unlock time is over; `false` after [`end`](Self::end).
    pub(super) fn wait_for_change(&self, until_due: impl FnOnce(Option<u64>) -> Duration) -> bool {
        let held = self.held();
        if held.closing {
            return false;
        }
        let wait = until_due(held.locks_at_ms());
        let (held, _) = self.shared.changed.wait_timeout(held, wait).unwrap_or_else(PoisonError::into_inner);
        !held.closing
    }

    /// Stops every thread that waits for a change.
    pub(super) fn end(&self) {
        let mut held = self.held();
        (held.closing, held.locked_for_good) = (true, true);
        drop(held);
        self.shared.changed.notify_all();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.shared.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn is_unlocked(&self) -> bool {
        self.locks_at_ms().is_some()
    }

    /// When the door locks; `None` if it is locked.
    fn locks_at_ms(&self) -> Option<u64> {
        self.locks_at_ms.max(self.held_until_ms)
    }

    fn lock(&mut self) {
        match self.door.lock() {
            Ok(()) => {
                (self.locks_at_ms, self.held_until_ms) = (None, None);
                if let Some(report) = self.locking.succeeded(since_start()) {
                    tracing::error!("the door could be locked again{report}");
                }
            }
            Err(error) => {
                // Due at once, so that the next call tries again.
                (self.locks_at_ms, self.held_until_ms) = (Some(0), None);
                if let Some(report) = self.locking.failed(&error.to_string(), since_start()) {
                    tracing::error!("{error}{report}");
                }
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.lock();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Movement, ScriptedDoor};
    use super::*;
    use crate::unit::testing::{grant, held_open};
    use Movement::{Lock, Unlock};

    fn latch() -> (Latch, ScriptedDoor) {
        let door = ScriptedDoor::default();
        (Latch::close(Box::new(door.clone()), 5_000).unwrap(), door)
    }

    #[test]
    fn the_door_is_locked_at_start_and_at_shutdown() {
        let (latch, door) = latch();
        assert_eq!(door.movements(), [Lock]);
        drop(latch);
        assert_eq!(door.movements(), [Lock, Lock]);
    }

    #[test]
    fn a_grant_unlocks_for_the_configured_time() {
        let (latch, door) = latch();
        for (at, state) in [(0, DoorState::Locked), (10_000, DoorState::Locked)] {
            latch.lock_if_due(at);
            assert_eq!(latch.state(), state);
        }
        latch.unlock(grant(), 10_000).unwrap();
        for (at, state) in [(10_000, DoorState::Unlocked), (14_999, DoorState::Unlocked), (15_000, DoorState::Locked)] {
            latch.lock_if_due(at);
            assert_eq!(latch.state(), state, "{at}");
        }
        assert_eq!(door.movements(), [Lock, Unlock, Lock]);
    }

    #[test]
    fn a_further_grant_extends_the_unlock_time_and_never_shortens_it() {
        let (latch, _) = latch();
        latch.unlock(grant(), 10_000).unwrap();
        latch.unlock(grant(), 12_000).unwrap();
        assert_eq!(latch.locks_at_ms(), Some(17_000));
        latch.unlock(grant(), 3_000).unwrap();
        assert_eq!(latch.locks_at_ms(), Some(17_000));
        latch.unlock(grant(), u64::MAX).unwrap();
        assert_eq!(latch.locks_at_ms(), Some(u64::MAX));
    }

    #[test]
    fn a_door_that_is_held_open_moves_once_and_locks_when_it_is_not_renewed() {
        let (latch, door) = latch();
        for at in (10_000..20_000).step_by(1000) {
            latch.lock_if_due(at);
            latch.unlock(held_open(), at).unwrap();
            assert_eq!(latch.locks_at_ms(), Some(at + 5_000));
        }
        latch.lock_if_due(23_999);
        assert_eq!(latch.state(), DoorState::Unlocked);
        latch.lock_if_due(24_000);
        assert_eq!(door.movements(), [Lock, Unlock, Lock]);
    }

    #[test]
    fn the_end_of_a_hold_leaves_a_person_the_time_to_enter() {
        for (let_in_at, expected) in [(None, None), (Some(8_000), None), (Some(12_000), Some(17_000))] {
            let (latch, _) = latch();
            latch.unlock(held_open(), 11_000).unwrap();
            let_in_at.inspect(|at| latch.unlock(grant(), *at).unwrap());
            latch.end_hold(13_000);
            assert_eq!(latch.locks_at_ms(), expected, "{let_in_at:?}");
        }
    }

    #[test]
    fn the_door_is_locked_after_a_panic() {
        let (latch, door) = latch();
        let panicked = std::thread::spawn(move || {
            latch.unlock(grant(), 0).unwrap();
            panic!("in the middle of a pulse");
        });
        assert!(panicked.join().is_err());
        assert_eq!(door.movements().last(), Some(&Lock));
    }

    #[test]
    fn a_grant_after_shutdown_does_not_unlock() {
        let (latch, door) = latch();
        latch.unlock(grant(), 0).unwrap();
        latch.lock_for_good();
        assert!(matches!(latch.unlock(grant(), 1), Err(DoorError::Ending)));
        assert_eq!(latch.state(), DoorState::Locked);
        assert_eq!(door.movements(), [Lock, Unlock, Lock]);
    }

    #[test]
    fn a_lock_that_is_stuck_is_tried_again() {
        let (latch, door) = latch();
        latch.unlock(grant(), 0).unwrap();
        door.jam(1);
        latch.lock_if_due(5_000);
        assert_eq!(latch.state(), DoorState::Unlocked);
        latch.lock_if_due(5_001);
        assert_eq!(latch.state(), DoorState::Locked);
    }

    #[test]
    fn a_lock_that_does_not_unlock_is_driven_back() {
        let (latch, door) = latch();
        door.jam(1);
        assert!(latch.unlock(grant(), 0).is_err());
        assert_eq!(latch.state(), DoorState::Locked);
        assert_eq!(door.movements(), [Lock, Lock]);
    }
}
