//! The time of a simulation: virtual (without waiting) or real.

use crate::clock::{Clock, SystemClock, VirtualClock};
use crate::door::{Latch, RelockTimer};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub(super) enum Time {
    Virtual(Arc<VirtualClock>),
    Real { clock: Arc<SystemClock>, _relock: RelockTimer },
}

impl Time {
    /// Virtual time that begins at `start`, or now.
    pub(super) fn starting_at(start: Option<Timestamp>, zone: TimeZone) -> Self {
        let start = start.unwrap_or_else(Timestamp::now);
        Self::Virtual(Arc::new(VirtualClock::starting_at(start.as_millisecond()).in_zone(zone)))
    }

    /// Real time, with a thread that relocks the door.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub(super) fn real(latch: Latch) -> io::Result<Self> {
        let clock = Arc::new(SystemClock::start());
        Ok(Self::Real { clock: Arc::clone(&clock), _relock: RelockTimer::start(latch, clock)? })
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Virtual(clock) => Arc::clone(clock) as Arc<dyn Clock>,
            Self::Real { clock, .. } => Arc::clone(clock) as Arc<dyn Clock>,
        }
    }

    /// Sets whether the clock can be trusted. Real time always is.
    pub(super) fn trust(&self, is_trusted: bool) {
        if let Self::Virtual(clock) = self {
            clock.trust(is_trusted);
        }
    }

    /// Now, in UTC.
    pub(super) fn now_in_utc(&self) -> String {
        let utc_ms = self.clock().now().utc_ms;
        Timestamp::from_millisecond(utc_ms).map_or_else(|_| utc_ms.to_string(), |now| format!("{now:.0}"))
    }

    /// Now, in the local time of the door.
    pub(super) fn now_in_words(&self) -> String {
        let now = self.clock().now();
        let local_ms = now.utc_ms.saturating_add(i64::from(now.utc_offset_s) * 1000);
        Timestamp::from_millisecond(local_ms)
            .map_or_else(|_| local_ms.to_string(), |now| now.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// Lets this many milliseconds pass. Relocks the door on the way when it is due.
    pub(super) fn pass(&self, ms: u64, latch: &Latch) {
        match self {
            Self::Real { .. } => thread::sleep(Duration::from_millis(ms)),
            Self::Virtual(clock) => {
                let until = clock.now().monotonic_ms.saturating_add(ms);
                if let Some(at) = latch.locks_at_ms().filter(|at| *at <= until) {
                    clock.advance_to(at);
                    latch.lock_if_due(at);
                }
                clock.advance_to(until);
            }
        }
    }

    /// Milliseconds until the door is relocked; 0 if it is locked.
    pub(super) fn until_locked(&self, latch: &Latch) -> u64 {
        latch.locks_at_ms().map_or(0, |at| at.saturating_sub(self.clock().now().monotonic_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::{DoorState, Movement, ScriptedDoor};
    use crate::unit::testing::grant;

    #[test]
    fn the_door_locks_on_the_way() {
        let door = ScriptedDoor::default();
        let latch = Latch::close(Box::new(door.clone()), 5_000).unwrap();
        let time = Time::starting_at(Some(Timestamp::UNIX_EPOCH), TimeZone::UTC);
        latch.unlock(grant(), 0).unwrap();
        for (ms, until_locked, state) in
            [(0, 5_000, DoorState::Unlocked), (4_999, 1, DoorState::Unlocked), (60_000, 0, DoorState::Locked)]
        {
            time.pass(ms, &latch);
            assert_eq!((time.until_locked(&latch), latch.state()), (until_locked, state), "{ms}");
        }
        assert_eq!(time.clock().now().utc_ms, 64_999);
        assert_eq!(door.movements(), [Movement::Lock, Movement::Unlock, Movement::Lock]);
    }
}
