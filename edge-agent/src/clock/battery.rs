//! RTCs: whether one kept time while the computer was off.
//!
//! The kernel sets its time from one RTC at the start, and says from which (`hctosys`, `Documentation/ABI/testing/rtc-cdev`).
//! One without a battery starts at some time in the past: it has kept time if it shows a later time than the unit
//! itself has recorded before, and the system's clock still goes by it.

use super::NOT_BEFORE_UTC_MS;
use std::fs;
use std::path::Path;

/// RTCs count whole seconds, and run a little faster or slower.
const TOLERANCE_MS: i64 = 60_000;

/// Whether one of these RTCs speaks for a clock that shows this time.
pub(super) fn speaks_for(clocks: &Path, utc_ms: i64, recorded_utc_ms: Option<i64>) -> bool {
    let over = recorded_utc_ms.unwrap_or(NOT_BEFORE_UTC_MS).max(NOT_BEFORE_UTC_MS);
    let entries = fs::read_dir(clocks).into_iter().flatten().flatten();
    entries.filter_map(|entry| time_at_start(&entry.path())).any(|rtc_ms| {
        let is_later = rtc_ms.saturating_add(TOLERANCE_MS) >= over && rtc_ms >= NOT_BEFORE_UTC_MS;
        is_later && utc_ms.saturating_sub(rtc_ms).saturating_abs() <= TOLERANCE_MS
    })
}

/// What the RTC shows, in milliseconds since 1970, if the kernel went by it.
fn time_at_start(clock: &Path) -> Option<i64> {
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

    /// A Pi 5 without a battery starts at 1970 with `hctosys` 1, and timesyncd's saved stamp then moves the system's
    /// clock to some time before the present: neither is a time.
    #[test]
    fn an_rtc_speaks_for_the_clock_only_if_it_kept_time() {
        for (what, hctosys, rtc_ms, system_ms, recorded_ms, expected) in [
            ("a battery", "1\n", Some(NOW), NOW, Some(NOW - AN_HOUR), true),
            ("a battery, the first start", "1\n", Some(NOW), NOW, None, true),
            ("restarted at once", "1\n", Some(NOW - 900), NOW, Some(NOW), true),
            ("no battery", "1\n", Some(12_000), 12_000, Some(NOW), false),
            ("no battery, and a saved stamp", "1\n", Some(12_000), NOW, Some(NOW - AN_HOUR), false),
            ("an empty battery", "1\n", Some(NOW - AN_HOUR), NOW - AN_HOUR, Some(NOW), false),
            ("an empty battery, and a saved stamp", "1\n", Some(NOW - AN_HOUR), NOW, Some(NOW), false),
            ("before this program was written", "1\n", Some(NOT_BEFORE_UTC_MS - 1), NOT_BEFORE_UTC_MS, None, false),
            ("the kernel did not go by it", "0\n", Some(NOW), NOW, None, false),
            ("an RTC that does not answer", "1\n", None, NOW, None, false),
            ("the last moment", "1\n", Some(i64::MAX / 1000 * 1000), NOW, None, false),
        ] {
            let root = tempfile::tempdir().unwrap();
            let clock = root.path().join("rtc0");
            fs::create_dir(&clock).unwrap();
            fs::write(clock.join("hctosys"), hctosys).unwrap();
            let shown = rtc_ms.map_or_else(String::new, |ms| format!("{}\n", ms.div_euclid(1000)));
            fs::write(clock.join("since_epoch"), shown).unwrap();
            assert_eq!(speaks_for(root.path(), system_ms, recorded_ms), expected, "{what}");
        }
        assert!(!speaks_for(Path::new("/nowhere"), NOW, None));
    }
}
