//! Whether the computer's clock is right: a Raspberry Pi without a battery wakes up at some time in the past, and goes on
//! from there until a time server has told it better.
//!
//! Told of by files, since the kernel's own word needs a system call that no safe library has: the one that
//! systemd-timesyncd leaves (another service can be told to leave one, `[clock] set-file`), and what the kernel says of
//! the battery-backed clock that it set the time from.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// No unit with this program ran before this time, 2026-11-01T00:00:00Z, in milliseconds since 1970.
pub const NOT_BEFORE_UTC_MS: i64 = 1_793_491_200_000;

/// The file is looked for at most so often.
const LOOK_AGAIN_MS: u64 = 1000;

/// Told once that the clock is set, it stays so: a clock that was right goes on well enough.
#[derive(Debug)]
pub struct ClockSource {
    set_file: PathBuf,
    battery_clocks: PathBuf,
    is_set: AtomicBool,
    look_from_ms: AtomicU64,
}

impl ClockSource {
    /// Trusts the clock once this file is there, or if the kernel has set it from a battery-backed one.
    pub fn told_by(set_file: &Path) -> Self {
        Self::of(set_file.to_owned(), PathBuf::from("/sys/class/rtc"))
    }

    fn of(set_file: PathBuf, battery_clocks: PathBuf) -> Self {
        Self { set_file, battery_clocks, is_set: AtomicBool::new(false), look_from_ms: AtomicU64::new(0) }
    }

    /// A clock of which it is known that it is right.
    pub(super) fn certain() -> Self {
        let source = Self::of(PathBuf::new(), PathBuf::new());
        source.is_set.store(true, Ordering::Relaxed);
        source
    }

    /// Whether the clock is right that shows this time. `monotonic_ms` only says when it is time to look again.
    pub(super) fn is_trusted(&self, utc_ms: i64, monotonic_ms: u64) -> bool {
        if utc_ms < NOT_BEFORE_UTC_MS {
            return false;
        }
        if !self.is_set.load(Ordering::Relaxed) && monotonic_ms >= self.look_from_ms.load(Ordering::Relaxed) {
            self.look_from_ms.store(monotonic_ms.saturating_add(LOOK_AGAIN_MS), Ordering::Relaxed);
            self.is_set.store(self.set_file.exists() || self.was_set_from_battery(), Ordering::Relaxed);
        }
        self.is_set.load(Ordering::Relaxed)
    }

    fn was_set_from_battery(&self) -> bool {
        let clocks = fs::read_dir(&self.battery_clocks).into_iter().flatten().flatten();
        clocks
            .into_iter()
            .any(|clock| fs::read(clock.path().join("hctosys")).is_ok_and(|said| said.trim_ascii() == b"1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(root: &Path) -> ClockSource {
        ClockSource::of(root.join("synchronized"), root.join("rtc"))
    }

    #[test]
    fn a_clock_is_trusted_once_a_time_server_has_set_it() {
        let root = tempfile::tempdir().unwrap();
        let source = source(root.path());
        assert!(!source.is_trusted(NOT_BEFORE_UTC_MS, 0));
        fs::write(root.path().join("synchronized"), "").unwrap();
        assert!(!source.is_trusted(NOT_BEFORE_UTC_MS, 999), "it is looked for once a second");
        assert!(source.is_trusted(NOT_BEFORE_UTC_MS, 1000));
        fs::remove_file(root.path().join("synchronized")).unwrap();
        assert!(source.is_trusted(NOT_BEFORE_UTC_MS, 60_000));
        assert!(!source.is_trusted(NOT_BEFORE_UTC_MS - 1, 60_000), "whatever is said, it cannot be then");
    }

    #[test]
    fn a_battery_backed_clock_is_trusted_if_the_kernel_went_by_it() {
        for (said, expected) in [("1\n", true), ("0\n", false), ("", false)] {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("rtc/rtc0")).unwrap();
            fs::write(root.path().join("rtc/rtc0/hctosys"), said).unwrap();
            assert_eq!(source(root.path()).is_trusted(NOT_BEFORE_UTC_MS, 0), expected, "{said:?}");
        }
    }
}
