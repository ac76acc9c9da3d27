use super::*;
use alloc::borrow::ToOwned;
use std::vec;

/// 23 November 2026, a Monday.
const MONDAY: i32 = 20_780;

fn period(weekdays: Weekdays, from: u16, until: u16) -> Period {
    Period { weekdays, from_minute: from * 60, until_minute: until * 60 }
}

fn weekdays() -> Weekdays {
    Weekdays::from_days(Weekday::ALL[..5].iter().copied())
}

fn schedule(periods: Vec<Period>) -> Schedule {
    Schedule {
        name: "cleaning".to_owned(),
        groups: vec!["cleaners".to_owned()],
        people: Vec::new(),
        calendar: Calendar::of(periods),
        after_first_of: None,
    }
}

fn is_open(schedule: &Schedule, day: i32, minute: u16) -> bool {
    let schedules = Schedules::new(vec![schedule.clone()]).unwrap();
    let bound_by = ScheduleSet::from_indices([0]);
    schedules.opening(bound_by, LocalTime { day, minute }, |_| None) == Opening::Open
}

#[test]
fn hours_of_the_week() {
    assert_eq!(Weekday::from_day(MONDAY), Weekday::Monday);
    let office = schedule(vec![period(weekdays(), 6, 20)]);
    let saturday_night = schedule(vec![period(Weekdays::from_days([Weekday::Saturday]), 22, 2)]);
    let always = schedule(vec![period(Weekdays::ALL, 0, 24)]);
    let all_day_from_six = schedule(vec![period(Weekdays::from_days([Weekday::Monday]), 6, 6)]);
    let cases = [
        (&office, 0, 5 * 60 + 59, false),
        (&office, 0, 6 * 60, true),
        (&office, 4, 19 * 60 + 59, true),
        (&office, 4, 20 * 60, false),
        (&office, 5, 12 * 60, false),
        (&saturday_night, 5, 21 * 60 + 59, false),
        (&saturday_night, 5, 22 * 60, true),
        (&saturday_night, 6, 119, true),
        (&saturday_night, 6, 120, false),
        (&saturday_night, 5, 60, false),
        (&always, 3, 0, true),
        (&always, 6, 1439, true),
        (&all_day_from_six, 0, 5 * 60, false),
        (&all_day_from_six, 0, 1439, true),
        (&all_day_from_six, 1, 5 * 60 + 59, true),
        (&all_day_from_six, 1, 6 * 60, false),
    ];
    for (schedule, day, minute, expected) in cases {
        assert_eq!(is_open(schedule, MONDAY + day, minute), expected, "day {day}, minute {minute}: {schedule:?}");
    }
}

#[test]
fn a_period_belongs_to_the_day_on_which_it_begins() {
    let mut nights = schedule(vec![period(Weekdays::ALL, 22, 2)]);
    nights.calendar.season = Some(Days { first: MONDAY, last: MONDAY + 2 });
    nights.calendar.closed = vec![Days { first: MONDAY + 1, last: MONDAY + 1 }];
    let cases = [
        (-1, 1439, false),
        (0, 60, false),
        (0, 1439, true),
        (1, 60, true),
        (1, 1439, false),
        (2, 60, false),
        (2, 1439, true),
        (3, 60, true),
        (3, 1439, false),
    ];
    for (day, minute, expected) in cases {
        assert_eq!(is_open(&nights, MONDAY + day, minute), expected, "day {day}, minute {minute}");
    }
}

#[test]
fn a_person_with_several_schedules_may_enter_while_one_is_open() {
    let morning = schedule(vec![period(Weekdays::ALL, 6, 8)]);
    let evening = Schedule { name: "evening".to_owned(), ..schedule(vec![period(Weekdays::ALL, 18, 20)]) };
    let schedules = Schedules::new(vec![morning, evening]).unwrap();
    let set = |indices: &[usize]| ScheduleSet::from_indices(indices.iter().copied());
    let at = |hour: u16| LocalTime { day: MONDAY, minute: hour * 60 };
    for (bound_by, hour, expected) in [
        (set(&[]), 3, Opening::Open),
        (set(&[0]), 7, Opening::Open),
        (set(&[0]), 19, Opening::Closed),
        (set(&[0, 1]), 19, Opening::Open),
        (set(&[0, 1]), 12, Opening::Closed),
        (set(&[2]), 7, Opening::Closed),
        (set(&[31]), 7, Opening::Closed),
    ] {
        assert_eq!(schedules.opening(bound_by, at(hour), |_| None), expected, "{bound_by:?} at {hour}");
    }
}

#[test]
fn the_first_of_a_group_opens_for_the_rest_of_the_period() {
    let mut after_staff = schedule(vec![period(Weekdays::ALL, 8, 12), period(Weekdays::ALL, 10, 18)]);
    after_staff.after_first_of = Some("staff".to_owned());
    let schedules = Schedules::new(vec![after_staff]).unwrap();
    let bound_by = ScheduleSet::from_indices([0]);
    let at_eleven = LocalTime { day: MONDAY, minute: 11 * 60 };
    for (opened_minutes_ago, expected) in [
        (None, Opening::NobodyYet),
        (Some(0), Opening::Open),
        (Some(180), Opening::Open),
        (Some(181), Opening::NobodyYet),
        (Some(24 * 60), Opening::NobodyYet),
    ] {
        let opening = schedules.opening(bound_by, at_eleven, |_| opened_minutes_ago);
        assert_eq!(opening, expected, "{opened_minutes_ago:?}");
    }
    let at_night = LocalTime { day: MONDAY, minute: 0 };
    assert_eq!(schedules.opening(bound_by, at_night, |_| Some(0)), Opening::Closed);
}

#[test]
fn people_are_bound_by_their_groups_or_by_name() {
    let of_group = Schedule { after_first_of: Some("staff".to_owned()), ..schedule(vec![period(Weekdays::ALL, 6, 8)]) };
    let ada = PersonId([1; 16]);
    let of_ada = Schedule { name: "ada".to_owned(), groups: Vec::new(), people: vec![ada], ..of_group.clone() };
    let schedules = Schedules::new(vec![of_group, of_ada]).unwrap();
    let bits = |set: ScheduleSet| set.iter().collect::<Vec<_>>();
    for (id, groups, bound_by, opens) in [
        (ada, &[][..], vec![1], vec![]),
        (ada, &["cleaners"], vec![0, 1], vec![]),
        (PersonId([2; 16]), &["cleaners", "staff"], vec![0], vec![0, 1]),
        (PersonId([2; 16]), &["Cleaners"], vec![], vec![]),
    ] {
        let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
        let hours = schedules.hours_of(&id, &groups);
        assert_eq!((bits(hours.bound_by), bits(hours.opens)), (bound_by, opens), "{id} {groups:?}");
    }
}

#[test]
fn invalid_schedules_are_refused() {
    type Change = fn(&mut Schedule);
    let cases: [(Change, bool); 13] = [
        (|_| (), true),
        (|s| s.name = String::new(), false),
        (|s| s.name = "x".repeat(33), false),
        (|s| s.name = "a\nb".to_owned(), false),
        (|s| s.groups = Vec::new(), false),
        (|s| (s.groups, s.people) = (Vec::new(), vec![PersonId([0; 16])]), true),
        (|s| s.groups = vec![String::new()], false),
        (|s| s.after_first_of = Some("x".repeat(33)), false),
        (|s| s.calendar.periods = Vec::new(), false),
        (|s| s.calendar.periods = vec![period(Weekdays::from_days([]), 6, 8)], false),
        (|s| s.calendar.periods = vec![period(Weekdays::ALL, 24, 8)], false),
        (|s| s.calendar.periods = vec![period(Weekdays::ALL, 6, 25)], false),
        (|s| s.calendar.closed = vec![Days { first: 2, last: 1 }], false),
    ];
    for (index, (change, sound)) in cases.into_iter().enumerate() {
        let mut changed = schedule(vec![period(Weekdays::ALL, 6, 8)]);
        change(&mut changed);
        assert_eq!(Schedules::new(vec![changed.clone()]).is_ok(), sound, "case {index}: {changed:?}");
    }
    let twice = schedule(vec![period(Weekdays::ALL, 6, 8)]);
    assert_eq!(
        Schedules::new(vec![twice.clone(), twice.clone()]),
        Err(ScheduleError::NameTaken("cleaning".to_owned()))
    );
    let many = (0..33).map(|index| Schedule { name: std::format!("{index}"), ..twice.clone() }).collect();
    assert_eq!(Schedules::new(many), Err(ScheduleError::TooMany(33)));
}
