//! Whether an RTC (real-time clock) kept time while the computer was off.
//!
//! The kernel sets its time from one RTC at boot, and says which (`hctosys`, `Documentation/ABI/testing/rtc-cdev`). An
//! RTC without a battery restarts at some time in the past. It has kept time if it shows a later time than the unit's
//! last record, and the system clock still agrees with it.

use super::NOT_BEFORE_UTC_MS;
use std::fs;
use std::path::Path;

/// Tolerance: RTCs count whole seconds, and drift.
const TOLERANCE_MS: i64 = 60_000;

/// Whether one of these RTCs confirms the system time `utc_ms`.
pub(super) fn confirms(clocks: &Path, utc_ms: i64, recorded_utc_ms: Option<i64>) -> bool {
    let last = recorded_utc_ms.unwrap_or(NOT_BEFORE_UTC_MS).max(NOT_BEFORE_UTC_MS);
    let entries = fs::read_dir(clocks).into_iter().flatten().flatten();
    entries.filter_map(|entry| rtc_ms(&entry.path())).any(|rtc_ms| {
        let is_later = rtc_ms.saturating_add(TOLERANCE_MS) >= last && rtc_ms >= NOT_BEFORE_UTC_MS;
        is_later && utc_ms.saturating_sub(rtc_ms).saturating_abs() <= TOLERANCE_MS
    })
}

/// The time of the RTC, in milliseconds since 1970, if the kernel set its time from it.
fn rtc_ms(clock: &Path) -> Option<i64> {
    let read = |name: &str| fs::read_to_string(clock.join(name)).ok();
    if read("hctosys")?.trim() != "1" {
        return None;
    }
    read("since_epoch")?.trim().parse::<i64>().ok()?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = NOT_BEFORE_UTC_MS + 40 * 86_400_000;
    const AN_HOUR: i64 = 3_600_000;

    /// A Pi 5 without a battery starts at 1970 with `hctosys` 1, and timesyncd's saved timestamp then moves the system
    /// clock to some time in the past: neither is the right time.
    #[test]
    fn an_rtc_is_evidence_only_if_it_kept_time() {
        for (what, hctosys, rtc_ms, system_ms, recorded_ms, expected) in [
            ("a battery", "1\n", Some(NOW), NOW, Some(NOW - AN_HOUR), true),
            ("a battery, the first start", "1\n", Some(NOW), NOW, None, true),
            ("restarted at once", "1\n", Some(NOW - 900), NOW, Some(NOW), true),
            ("no battery", "1\n", Some(12_000), 12_000, Some(NOW), false),
            ("no battery, and a saved timestamp", "1\n", Some(12_000), NOW, Some(NOW - AN_HOUR), false),
            ("an empty battery", "1\n", Some(NOW - AN_HOUR), NOW - AN_HOUR, Some(NOW), false),
            ("an empty battery, and a saved timestamp", "1\n", Some(NOW - AN_HOUR), NOW, Some(NOW), false),
            ("before this program was written", "1\n", Some(NOT_BEFORE_UTC_MS - 1), NOT_BEFORE_UTC_MS, None, false),
            ("the kernel did not use it", "0\n", Some(NOW), NOW, None, false),
            ("an RTC that does not answer", "1\n", None, NOW, None, false),
            ("the greatest time", "1\n", Some(i64::MAX / 1000 * 1000), NOW, None, false),
        ] {
            let root = tempfile::tempdir().unwrap();
            let clock = root.path().join("rtc0");
            fs::create_dir(&clock).unwrap();
            fs::write(clock.join("hctosys"), hctosys).unwrap();
            let shown = rtc_ms.map_or_else(String::new, |ms| format!("{}\n", ms.div_euclid(1000)));
            fs::write(clock.join("since_epoch"), shown).unwrap();
            assert_eq!(confirms(root.path(), system_ms, recorded_ms), expected, "{what}");
        }
        assert!(!confirms(Path::new("/nowhere"), NOW, None));
    }
}
