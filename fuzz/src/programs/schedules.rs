//! `schedules.toml`.

use crate::Answer;
use encoder_tool::fuzz_entry_points::schedules_toml;
use shared::schedule::{LocalTime, MAX_PERIODS, MAX_SCHEDULES, Opening, ScheduleSet};

/// Parses a `schedules.toml`. Accepted schedules are within the limits of a database and give an answer for any time.
pub fn schedules(bytes: &[u8]) -> Answer {
    let schedules = match schedules_toml(bytes) {
        Ok(schedules) => schedules,
        Err(error) => {
            assert!(error.starts_with("schedules.toml"), "{error}");
            return Answer::Refused;
        }
    };
    let count = schedules.iter().count();
    assert!(count <= MAX_SCHEDULES);
    for schedule in schedules.iter() {
        assert!((1..=MAX_PERIODS).contains(&schedule.periods.len()));
        assert!(!schedule.groups.is_empty() || !schedule.people.is_empty(), "it binds nobody");
        assert!(schedule.closed.iter().chain(&schedule.season).all(|days| days.first <= days.last));
    }
    let everything = ScheduleSet::from_indices(0..count);
    for (day, minute) in [(i32::MIN, 0), (0, 1439), (20_780, 720), (i32::MAX, 0)] {
        let time = LocalTime { day, minute };
        let _answer: Opening = schedules.opening(everything, time, |_| Some(0));
    }
    if schedules.is_empty() { Answer::Refused } else { Answer::Accepted }
}
