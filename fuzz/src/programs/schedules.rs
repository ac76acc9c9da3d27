//! `schedules.toml`.

use crate::Answer;
use encoder_tool::fuzz_entry_points::{schedules_toml, schedules_with_one_more};
use shared::schedule::{Calendar, DoorNow, LocalTime, MAX_PERIODS, MAX_SCHEDULES, Opening, ScheduleSet, Schedules};

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
        require_within_limits(&schedule.calendar);
        assert!(!schedule.groups.is_empty() || !schedule.people.is_empty(), "it binds nobody");
    }
    assert!(schedules.doors().len() <= MAX_SCHEDULES);
    schedules.doors().iter().for_each(|hours| require_within_limits(&hours.calendar));
    let everything = ScheduleSet::from_indices(0..count);
    for (day, minute) in [(i32::MIN, 0), (0, 1439), (20_780, 720), (i32::MAX, 0)] {
        let time = LocalTime { day, minute };
        let _answer: Opening = schedules.opening(everything, time, |_| Some(0));
        let DoorNow { asks, held_open } = schedules.door_now(time, |_| Some(0));
        assert!(asks.is_none() || held_open.is_none(), "a door that asks for credentials is not held open");
    }
    if count < MAX_SCHEDULES {
        require_the_rest_to_stay(bytes, &schedules);
    }
    if schedules.is_empty() { Answer::Refused } else { Answer::Accepted }
}

/// The desk saves schedules as they are, adds one, and removes it again. Whatever the file says besides stays.
fn require_the_rest_to_stay(bytes: &[u8], schedules: &Schedules) {
    let name = "a name that is not there";
    if schedules.iter().any(|schedule| schedule.name == name) {
        return;
    }
    let [same, with, without] = schedules_with_one_more(bytes, name).unwrap_or_else(|error| panic!("{error}"));
    if !schedules.is_empty() {
        let again = schedules_toml(same.as_bytes()).unwrap_or_else(|error| panic!("{error}: {same}"));
        assert_eq!(&again, schedules);
    }
    let with = schedules_toml(with.as_bytes()).unwrap_or_else(|error| panic!("{error}: {with}"));
    let others = with.iter().filter(|schedule| schedule.name != name);
    assert!(others.eq(schedules.iter()) && with.doors() == schedules.doors(), "{with:?}");
    if !schedules.is_empty() {
        let again = schedules_toml(without.as_bytes()).unwrap_or_else(|error| panic!("{error}: {without}"));
        assert_eq!(&again, schedules);
    }
}

fn require_within_limits(Calendar { periods, season, closed }: &Calendar) {
    assert!((1..=MAX_PERIODS).contains(&periods.len()));
    assert!(closed.iter().chain(season).all(|days| days.first <= days.last));
}
