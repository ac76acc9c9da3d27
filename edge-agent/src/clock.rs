//! What time it is: the only place where the unit asks.

use shared::policy::Now;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock {
    /// The time of day, and how long it has been since some moment, on a scale that only goes forward.
    fn now(&self) -> Now;
}

/// The computer's clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Its forward-only scale begins now.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Milliseconds since it was started.
    pub fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now::trusted(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX), self.monotonic_ms())
    }
}

/// A clock that stands still until it is told how much time has passed. It is always right.
#[derive(Debug)]
pub struct VirtualClock {
    start_utc_ms: i64,
    elapsed_ms: AtomicU64,
}

impl VirtualClock {
    /// Begins at this time: milliseconds since 1970, UTC.
    pub fn starting_at(start_utc_ms: i64) -> Self {
        Self { start_utc_ms, elapsed_ms: AtomicU64::new(0) }
    }

    /// Lets time pass until so many milliseconds after the start; a moment that is over changes nothing.
    pub fn advance_to(&self, elapsed_ms: u64) {
        self.elapsed_ms.fetch_max(elapsed_ms, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        let elapsed = self.elapsed_ms.load(Ordering::Relaxed);
        Now::trusted(self.start_utc_ms.saturating_add_unsigned(elapsed), elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_passes_when_told_and_never_back() {
        let clock = VirtualClock::starting_at(1_000);
        for (until, expected) in [(0, 0), (250, 250), (100, 250), (u64::MAX, u64::MAX)] {
            clock.advance_to(until);
            assert_eq!(clock.now().monotonic_ms, expected);
            assert_eq!(clock.now().utc_ms, 1_000_i64.saturating_add_unsigned(expected));
        }
    }

    #[test]
    fn the_system_clock_goes_forward() {
        let clock = SystemClock::start();
        let (before, after) = (clock.now(), clock.now());
        assert!(before.monotonic_ms <= after.monotonic_ms);
        assert!(before.utc_ms > 1_700_000_000_000);
    }
}
