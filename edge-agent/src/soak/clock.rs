//! A wall clock that jumps, and is not always trusted.

use crate::clock::Clock;
use policy::Now;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// A wall clock that can be set. The monotonic clock is not affected.
#[derive(Debug)]
pub(super) struct WallClock {
    start_utc_ms: AtomicI64,
    elapsed_ms: AtomicU64,
    is_trusted: AtomicBool,
}

impl WallClock {
    pub(super) fn starting_at(utc_ms: i64) -> Self {
        let (start_utc_ms, elapsed_ms) = (AtomicI64::new(utc_ms), AtomicU64::new(0));
        Self { start_utc_ms, elapsed_ms, is_trusted: AtomicBool::new(true) }
    }

    pub(super) fn pass(&self, ms: u64) {
        self.elapsed_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub(super) fn jump(&self, ms: i64) {
        self.start_utc_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Sets whether there is evidence for the time.
    pub(super) fn set_trusted(&self, is_trusted: bool) {
        self.is_trusted.store(is_trusted, Ordering::Relaxed);
    }

    pub(super) fn elapsed_ms(&self) -> u64 {
        self.elapsed_ms.load(Ordering::Relaxed)
    }
}

impl Clock for WallClock {
    fn now(&self) -> Now {
        let elapsed = self.elapsed_ms();
        let utc_ms = self.start_utc_ms.load(Ordering::Relaxed).saturating_add_unsigned(elapsed);
        if self.is_trusted.load(Ordering::Relaxed) { Now::trusted(utc_ms, elapsed) } else { Now::new(utc_ms, elapsed) }
    }
}
