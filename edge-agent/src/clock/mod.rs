//! What time it is, here, and whether that is certain: the only place where the unit asks.

mod battery;
mod evidence;
mod time_server;
mod trust;

pub use evidence::{Doubt, Evidence, Witnesses};
pub use trust::ClockSource;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::Now;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// No unit with this program ran before this time, 2026-11-01T00:00:00Z, in milliseconds since 1970.
pub const NOT_BEFORE_UTC_MS: i64 = 1_793_491_200_000;

/// Tells the time.
pub trait Clock {
    /// The time of day, and how long it has been since some moment, on a scale that only goes forward.
    fn now(&self) -> Now;
}

/// The computer's clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    zone: TimeZone,
    source: ClockSource,
}

impl SystemClock {
    /// In UTC, and certain to be right. Its forward-only scale begins now.
    pub fn start() -> Self {
        Self::start_in(TimeZone::UTC, ClockSource::certain())
    }

    /// In this zone, as right as its source says.
    pub fn start_in(zone: TimeZone, source: ClockSource) -> Self {
        Self { started: Instant::now(), zone, source }
    }

    /// What the unit knows of its rightness.
    pub fn source(&self) -> &ClockSource {
        &self.source
    }

    /// Milliseconds since it was started.
    pub fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let utc_ms = utc_now_ms();
        let monotonic_ms = self.monotonic_ms();
        let now = match self.source.is_trusted(utc_ms) {
            true => Now::trusted(utc_ms, monotonic_ms),
            false => Now::new(utc_ms, monotonic_ms),
        };
        now.ahead_of_utc(utc_offset_s(&self.zone, utc_ms))
    }
}

/// A clock that stands still until it is told how much time has passed. It is always right.
#[derive(Debug)]
pub struct VirtualClock {
    start_utc_ms: i64,
    zone: TimeZone,
    elapsed_ms: AtomicU64,
}

impl VirtualClock {
    /// Begins at this time: milliseconds since 1970, UTC.
    pub fn starting_at(start_utc_ms: i64) -> Self {
        Self { start_utc_ms, zone: TimeZone::UTC, elapsed_ms: AtomicU64::new(0) }
    }

    /// The same in another zone.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// Lets time pass until this many milliseconds after the start; a moment that is over changes nothing.
    pub fn advance_to(&self, elapsed_ms: u64) {
        self.elapsed_ms.fetch_max(elapsed_ms, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        let elapsed = self.elapsed_ms.load(Ordering::Relaxed);
        let utc_ms = self.start_utc_ms.saturating_add_unsigned(elapsed);
        Now::trusted(utc_ms, elapsed).ahead_of_utc(utc_offset_s(&self.zone, utc_ms))
    }
}

/// What the computer's clock shows, right or not.
pub(crate) fn utc_now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

/// How far clocks on the wall are ahead of UTC; 0 at times that no calendar has.
fn utc_offset_s(zone: &TimeZone, utc_ms: i64) -> i32 {
    Timestamp::from_millisecond(utc_ms).map_or(0, |moment| zone.to_offset(moment).seconds())
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
    fn local_time_follows_the_zone_through_the_year() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (utc, hours) in [
            ("2026-07-01T10:00:00Z", 2),
            ("2026-10-25T00:59:59Z", 2),
            ("2026-10-25T01:00:00Z", 1),
            ("2026-11-25T10:00:00Z", 1),
        ] {
            let moment: Timestamp = utc.parse().unwrap();
            let clock = VirtualClock::starting_at(moment.as_millisecond()).in_zone(berlin.clone());
            assert_eq!(clock.now().utc_offset_s, hours * 3600, "{utc}");
        }
    }

    #[test]
    fn a_system_clock_that_nobody_has_set_says_so() {
        let (unset, set) = (SystemClock::start_in(TimeZone::UTC, ClockSource::default()), SystemClock::start());
        assert_eq!(unset.now().clock, policy::ClockTrust::Unknown);
        assert_eq!(set.now().clock, policy::ClockTrust::Trusted);
    }

    #[test]
    fn the_system_clock_goes_forward() {
        let clock = SystemClock::start();
        let (before, after) = (clock.now(), clock.now());
        assert!(before.monotonic_ms <= after.monotonic_ms);
        assert!(before.utc_ms > 1_700_000_000_000);
    }
}
