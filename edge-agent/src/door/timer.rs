//! Locks the door when the unlock time is over, on a thread of its own, so that a busy or hanging loop cannot delay it.

use super::Latch;
use crate::clock::SystemClock;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long to wait before a lock that did not move is tried again.
const RETRY: Duration = Duration::from_millis(50);
const IDLE: Duration = Duration::from_secs(3600);

/// The relock thread. Dropping it locks the door and stops the thread.
pub struct RelockTimer {
    latch: Latch,
    thread: Option<JoinHandle<()>>,
}

impl RelockTimer {
    /// Spawns the thread. `clock` is the forward-only clock that the latch is unlocked by.
    ///
    /// # Errors
    /// If the thread cannot be spawned; the door must then not be unlocked.
    pub fn start(latch: Latch, clock: Arc<SystemClock>) -> io::Result<Self> {
        let watched = latch.clone();
        let thread = thread::Builder::new().name("relock".to_owned()).spawn(move || {
            let until_due = |locks_at_ms: Option<u64>| match locks_at_ms {
                Some(at) => match at.saturating_sub(clock.monotonic_ms()) {
                    // It has just been tried, and failed.
                    0 => RETRY,
                    ms => Duration::from_millis(ms),
                },
                None => IDLE,
            };
            while watched.wait_for_change(until_due) {
                watched.lock_if_due(clock.monotonic_ms());
            }
        })?;
        Ok(Self { latch, thread: Some(thread) })
    }
}

impl Drop for RelockTimer {
    fn drop(&mut self) {
        self.latch.end();
        self.latch.lock();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DoorState, Movement, ScriptedDoor};
    use super::*;
    use crate::unit::testing::grant;

    /// Returns when the door is locked; only the timer's thread can lock it.
    fn wait_until_locked(latch: &Latch) {
        while latch.state() == DoorState::Unlocked {
            assert!(latch.wait_for_change(|_| Duration::from_secs(60)));
        }
    }

    #[test]
    fn the_door_relocks_without_new_frames() {
        let (door, clock) = (ScriptedDoor::default(), Arc::new(SystemClock::start()));
        let latch = Latch::close(Box::new(door.clone()), 20).unwrap();
        let _timer = RelockTimer::start(latch.clone(), Arc::clone(&clock)).unwrap();
        for stuck in [0, 2] {
            latch.unlock(grant(), clock.monotonic_ms()).unwrap();
            door.jam(stuck);
            wait_until_locked(&latch);
            assert_eq!(door.movements().last(), Some(&Movement::Lock));
        }
    }

    #[test]
    fn without_a_timer_the_door_is_locked() {
        let (door, clock) = (ScriptedDoor::default(), Arc::new(SystemClock::start()));
        let latch = Latch::close(Box::new(door.clone()), 3_600_000).unwrap();
        let timer = RelockTimer::start(latch.clone(), Arc::clone(&clock)).unwrap();
        latch.unlock(grant(), clock.monotonic_ms()).unwrap();
        drop(timer);
        assert_eq!(latch.state(), DoorState::Locked);
        assert_eq!(door.movements(), [Movement::Lock, Movement::Unlock, Movement::Lock]);
    }
}
