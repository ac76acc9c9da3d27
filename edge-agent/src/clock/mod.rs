//! The time, the time zone, and whether the clock can be trusted. The unit takes the time only from here.

mod battery;
mod evidence;
mod time_server;
mod trust;

pub use evidence::{Doubt, Evidence, Witnesses};
pub use trust::ClockSource;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use policy::Now;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A lower bound of every true time, before which no unit ran this program: 2026-11-01T00:00:00Z, in milliseconds since
/// 1970.
pub const NOT_BEFORE_UTC_MS: i64 = 1_793_491_200_000;

/// A clock.
pub trait Clock {
    /// The wall-clock time, and the monotonic time since some starting point.
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
    /// A trusted clock in UTC. Its monotonic time starts now.
    pub fn start() -> Self {
        Self::start_in(TimeZone::UTC, ClockSource::trusted())
    }

    /// A clock in this time zone, trusted as its source says.
    pub fn start_in(zone: TimeZone, source: ClockSource) -> Self {
        Self { started: Instant::now(), zone, source }
    }

    /// What the unit knows about whether the clock is right.
    pub fn source(&self) -> &ClockSource {
        &self.source
    }

    /// Milliseconds since the start.
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

/// A clock that is advanced by its owner, and trusted unless its owner says otherwise.
#[derive(Debug)]
pub struct VirtualClock {
    start_utc_ms: i64,
    zone: TimeZone,
    elapsed_ms: AtomicU64,
    is_trusted: AtomicBool,
}

impl VirtualClock {
    /// Starts at this time: milliseconds since 1970, UTC.
    pub fn starting_at(start_utc_ms: i64) -> Self {
        Self { start_utc_ms, zone: TimeZone::UTC, elapsed_ms: AtomicU64::new(0), is_trusted: AtomicBool::new(true) }
    }

    /// The same clock in another time zone.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// Sets whether the clock can be trusted from now on.
    pub fn trust(&self, is_trusted: bool) {
        self.is_trusted.store(is_trusted, Ordering::Relaxed);
    }

    /// Advances the clock to `elapsed_ms` after the start. It never goes back.
    pub fn advance_to(&self, elapsed_ms: u64) {
        self.elapsed_ms.fetch_max(elapsed_ms, Ordering::Relaxed);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        let elapsed = self.elapsed_ms.load(Ordering::Relaxed);
        let utc_ms = self.start_utc_ms.saturating_add_unsigned(elapsed);
        let now = match self.is_trusted.load(Ordering::Relaxed) {
            true => Now::trusted(utc_ms, elapsed),
            false => Now::new(utc_ms, elapsed),
        };
        now.ahead_of_utc(utc_offset_s(&self.zone, utc_ms))
    }
}

/// The time of the computer's clock, right or wrong.
pub(crate) fn utc_now_ms() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}

/// How far local time is ahead of UTC, in seconds; 0 for times outside the calendar's range.
fn utc_offset_s(zone: &TimeZone, utc_ms: i64) -> i32 {
    Timestamp::from_millisecond(utc_ms).map_or(0, |moment| zone.to_offset(moment).seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_advances_and_never_goes_back() {
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
    fn a_system_clock_that_was_not_set_is_not_trusted() {
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
