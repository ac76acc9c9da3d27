//! When schedules were opened by somebody's entry.
//!
//! Hours begin and end by the clock on the wall, so the time since an entry is counted by it as well: on the night on
//! which clocks are put forward, six hours on the wall are five.

use super::observation::Now;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use shared::schedule::{LocalTime, MAX_SCHEDULES, Schedules};

/// A schedule that somebody's entry has opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The schedule's name. Unlike the index, it is stable across databases.
    pub schedule: String,
    /// When, milliseconds since 1970, UTC.
    pub utc_ms: i64,
    /// The offset of local time from UTC then, in seconds; `None` in a file of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_s: Option<i32>,
}

/// When schedules were last opened.
#[derive(Debug, Clone, Default)]
pub(super) struct Openings(Vec<Opened>);

impl Openings {
    pub(super) fn new(openings: &[Opened]) -> Self {
        Self(openings.iter().take(MAX_SCHEDULES).cloned().collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Opened> {
        self.0.iter()
    }

    /// Schedules that no longer exist are dropped.
    pub(super) fn note(&mut self, schedules: &Schedules, opened: impl Fn(usize) -> bool, now: &Now) {
        self.0.retain(|known| schedules.iter().any(|schedule| schedule.name == known.schedule));
        for (_, schedule) in schedules.iter().enumerate().filter(|(index, _)| opened(*index)) {
            self.0.retain(|known| known.schedule != schedule.name);
            let (utc_ms, utc_offset_s) = (now.utc_ms, Some(now.utc_offset_s));
            self.0.push(Opened { schedule: schedule.name.clone(), utc_ms, utc_offset_s });
        }
    }

    /// How many minutes of local time ago it was opened; `None` if never, or in the future because the clock was wrong.
    pub(super) fn minutes_ago(&self, schedules: &Schedules, index: usize, now: &Now) -> Option<u64> {
        let name = &schedules.iter().nth(index)?.name;
        let opened = self.0.iter().find(|known| known.schedule == *name)?;
        local_minutes_since(opened.utc_ms, opened.utc_offset_s.unwrap_or(now.utc_offset_s), now)
    }
}

/// How many minutes of local time began since a moment; `None` if it is in the future. A second before the full hour was a
/// minute ago, because hours begin with a minute.
pub(super) fn local_minutes_since(utc_ms: i64, utc_offset_s: i32, now: &Now) -> Option<u64> {
    let minutes = now.local().minutes_since(LocalTime::from_utc(utc_ms, utc_offset_s));
    (utc_ms <= now.utc_ms).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn time_is_counted_as_the_clock_on_the_wall_shows_it() {
        let (cet, cest) = (3600, 7200);
        for (what, since, now, expected) in [
            ("an ordinary night", (21, cet), (26, cet), Some(300)),
            ("clocks are put forward", (21, cet), (26, cest), Some(360)),
            ("clocks are put back", (20, cest), (26, cet), Some(300)),
            ("the hour that comes twice", (24, cest), (24, cet), Some(0)),
            ("in the future", (26, cet), (25, cet), None),
            ("in the future, also on the wall", (26, cet), (25, cest), None),
        ] {
            let now = Now::trusted(now.0 * HOUR_MS, 0).ahead_of_utc(now.1);
            assert_eq!(local_minutes_since(since.0 * HOUR_MS, since.1, &now), expected, "{what}");
        }
        assert_eq!(
            local_minutes_since(HOUR_MS - 1, 0, &Now::trusted(HOUR_MS, 0)),
            Some(1),
            "hours begin with a minute"
        );
    }

    #[test]
    fn a_file_of_an_earlier_version_has_no_offset() {
        let opened: Opened = serde_json::from_str(r#"{"schedule":"day","utc_ms":1}"#).unwrap();
        assert_eq!(opened, Opened { schedule: "day".into(), utc_ms: 1, utc_offset_s: None });
    }
}
