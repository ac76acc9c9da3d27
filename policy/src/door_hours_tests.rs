//! A door whose credentials depend on the hour, and which is held open.

use super::*;
use alloc::borrow::ToOwned;
use shared::face::FaceBox;
use shared::gallery::PersonId;
use shared::schedule::{Calendar, DoorHours, DoorUse, Hours, Period, ScheduleSet, Weekdays};
use std::vec;

const ADA: PersonId = PersonId([1; 16]);
const BEN: PersonId = PersonId([2; 16]);
/// 23 November 2026, a Monday, 00:00 UTC.
const MONDAY_UTC_MS: i64 = 20_780 * 86_400_000;
const MINUTE_MS: i64 = 60_000;

fn hours(name: &str, does: DoorUse, from: u16, until: u16) -> DoorHours {
    let period = Period { weekdays: Weekdays::ALL, from_minute: from * 60, until_minute: until * 60 };
    DoorHours { name: name.to_owned(), doors: Vec::new(), does, calendar: Calendar::of(vec![period]) }
}

/// Strict from 20:00 to 6:00; held open from 9:00 to 12:00 and from 13:00 to 17:00.
fn schedules() -> Schedules {
    let open = || DoorUse::HeldOpen { after_first_of: "staff".to_owned() };
    let hours = vec![
        hours("night", DoorUse::Asks(Mode::CardAndFace), 20, 6),
        hours("morning", open(), 9, 12),
        hours("afternoon", open(), 13, 17),
    ];
    Schedules::NONE.with_doors(hours).unwrap()
}

fn at(hour: i64, minute: i64) -> Now {
    let ms = (hour * 60 + minute) * MINUTE_MS;
    Now::trusted(MONDAY_UTC_MS + ms, ms as u64 + 1)
}

fn unknown(now: Now) -> Now {
    Now { clock: ClockTrust::Unknown, ..now }
}

struct Door {
    policy: Policy,
    schedules: Schedules,
}

impl Door {
    fn new(mode: Mode) -> Self {
        let rules = Rules { mode, consensus: 1, consensus_of: 1, ..Rules::face_alone(1.0) };
        Self { policy: Policy::new(rules).unwrap(), schedules: schedules() }
    }

    /// `begins`, `goes on`, `locked` or why it ends, as the loop sees it.
    fn hold(&mut self, now: Now) -> &'static str {
        match self.policy.hold_open(&self.schedules, false, &now) {
            Hold::No => "locked",
            Hold::Begins(held) => {
                assert_eq!((held.opened_by(), Grant::from(held).unlocks_for_ms()), (ADA, Some(5000)));
                "begins"
            }
            Hold::GoesOn(_) => "goes on",
            Hold::Ends { because, .. } => because.code(),
        }
    }

    fn see(&mut self, holder: Enrolled, distance: f32, now: Now) -> Decision {
        let bounds = FaceBox { x: 0.0, y: 0.0, width: 100.0, height: 100.0 };
        let resembles = Some(Resemblance::new(holder, distance));
        let faces = [ObservedFace { resembles, ..ObservedFace::new(bounds) }];
        self.policy.decide(&Observation::new(&faces).with_schedules(&self.schedules), &now)
    }

    fn lets_in(&mut self, holder: Enrolled, now: Now) -> Result<PersonId, Reason> {
        match self.see(holder, 0.5, now) {
            Decision::Grant(entry) => Ok(entry.person()),
            Decision::Refuse(refusal) => Err(refusal.reason),
            Decision::Nobody | Decision::Admit(_) => panic!("somebody is there"),
        }
    }
}

/// Ada is of the staff, and opens the door for everybody.
fn ada() -> Enrolled {
    let hours = Hours { holds_open: ScheduleSet::from_indices([1, 2]), ..Hours::default() };
    Enrolled { hours, ..Enrolled::new(ADA) }
}

#[test]
fn the_hour_decides_what_the_door_asks_for() {
    let own = |mode| Enrolled { mode, ..Enrolled::new(BEN) };
    let cases = [
        (Mode::Face, own(Mode::Default), at(7, 0), Ok(BEN)),
        (Mode::Face, own(Mode::Default), at(21, 0), Err(Reason::CardNeeded)),
        (Mode::Face, own(Mode::Face), at(21, 0), Ok(BEN)),
        (Mode::Card, own(Mode::Default), at(7, 0), Err(Reason::CardNeeded)),
        (Mode::Face, own(Mode::Default), at(19, 59), Ok(BEN)),
        (Mode::Face, own(Mode::Default), at(19, 59).ahead_of_utc(3600), Err(Reason::CardNeeded)),
        // Without the time, the door asks for what is enough at every hour.
        (Mode::Face, own(Mode::Default), unknown(at(7, 0)), Err(Reason::CardNeeded)),
        (Mode::CardAndFace, own(Mode::Default), unknown(at(7, 0)), Err(Reason::CardNeeded)),
    ];
    for (mode, holder, now, expected) in cases {
        assert_eq!(Door::new(mode).lets_in(holder, now), expected, "{mode:?} {holder:?} {now:?}");
    }
}

#[test]
fn a_card_is_used_as_the_hour_wants() {
    for (now, expected) in [(at(7, 0), Ok(BEN)), (at(21, 0), Err(Reason::FaceNeeded))] {
        let mut door = Door::new(Mode::CardOrFace);
        let _locked = door.policy.hold_open(&door.schedules, false, &now);
        door.policy.present_card(&PresentedCard::Of(Enrolled::new(BEN)), &now);
        let decision = door.policy.decide(&Observation::new(&[]).with_schedules(&door.schedules), &now);
        let found = match decision {
            Decision::Grant(entry) => Ok(entry.person()),
            Decision::Refuse(refusal) => Err(refusal.reason),
            Decision::Nobody | Decision::Admit(_) => panic!("a card was presented"),
        };
        assert_eq!(found, expected, "{now:?}");
    }
}

#[test]
fn a_day_of_a_door_that_is_held_open() {
    let mut door = Door::new(Mode::Face);
    assert_eq!(door.hold(at(8, 0)), "locked");
    assert_eq!(door.lets_in(ada(), at(8, 30)), Ok(ADA));
    assert_eq!(door.hold(at(9, 0)), "locked", "she came before the hours");
    assert_eq!(door.lets_in(Enrolled::new(BEN), at(9, 1)), Ok(BEN));
    assert_eq!(door.hold(at(9, 2)), "locked", "he opens for nobody");
    assert_eq!(door.lets_in(ada(), at(9, 3)), Ok(ADA));
    assert_eq!(door.hold(at(9, 3)), "begins");
    assert_eq!(door.hold(at(11, 59)), "goes on");
    assert_eq!(door.hold(at(12, 0)), "hours_over");
    assert_eq!(door.hold(at(12, 1)), "locked");
    assert_eq!(door.hold(at(13, 0)), "locked", "each period needs somebody who comes in it");
    assert_eq!(door.lets_in(ada(), at(13, 5)), Ok(ADA));
    assert_eq!(door.hold(at(13, 5)), "begins");
    assert_eq!(door.hold(unknown(at(13, 6))), "clock_unknown");
    assert_eq!(door.hold(at(13, 7)), "locked", "the clock is back, and nobody has come in since");
    assert_eq!(door.lets_in(ada(), at(13, 8)), Ok(ADA));
    assert_eq!(door.hold(at(13, 8)), "begins");
    let barred = door.policy.hold_open(&door.schedules, true, &at(13, 9));
    assert_eq!(barred, Hold::Ends { hours: "afternoon".to_owned(), because: HoldEnd::SelfTestFailed });
    assert_eq!(door.hold(at(13, 10)), "locked");
}

#[test]
fn after_a_restart_somebody_must_come_in_again() {
    let mut door = Door::new(Mode::Face);
    assert_eq!(door.lets_in(ada(), at(9, 3)), Ok(ADA));
    assert_eq!(door.hold(at(9, 3)), "begins");
    let memory = door.policy.take_changed_memory().unwrap_or_default();
    let mut restarted = Door::new(Mode::Face);
    restarted.policy.remember(&memory, &at(9, 5));
    assert_eq!(restarted.hold(at(9, 5)), "locked");
    assert_eq!(restarted.lets_in(ada(), at(9, 6)), Ok(ADA));
    assert_eq!(restarted.hold(at(9, 6)), "begins");
}

#[test]
fn an_entry_that_is_withheld_opens_the_door_for_nobody() {
    let mut door = Door::new(Mode::Face);
    let Decision::Grant(entry) = door.see(ada(), 0.5, at(9, 3)) else { panic!("not let in") };
    door.policy.withhold(entry, Reason::NotRecorded);
    assert_eq!(door.hold(at(9, 3)), "locked");
}

/// Strangers who walk through an open door have not tried to get in.
#[test]
fn nobody_is_refused_while_the_door_is_held_open() {
    let mut door = Door::new(Mode::Face);
    assert_eq!(door.lets_in(ada(), at(9, 3)), Ok(ADA));
    assert_eq!(door.hold(at(9, 3)), "begins");
    for minute in 4..54 {
        assert_eq!(door.see(Enrolled::new(BEN), 1.3, at(9, minute)), Decision::Nobody);
        door.policy.end_approach(&at(9, minute));
    }
    assert_eq!(door.policy.failures(None), []);
    assert!(door.policy.take_ended_approach().is_none_or(|approach| approach.reason.is_none()));
    assert_eq!(door.lets_in(Enrolled::new(BEN), at(10, 0)), Ok(BEN), "people who are known are recorded");
    assert_eq!(door.hold(at(12, 0)), "hours_over");
    let Decision::Refuse(refusal) = door.see(Enrolled::new(BEN), 1.3, at(12, 1)) else { panic!("not refused") };
    assert_eq!(refusal.reason, Reason::NotKnown);
}

#[test]
fn a_lockdown_ends_the_hold_and_admits_few() {
    let mut door = Door::new(Mode::Face);
    assert_eq!(door.lets_in(ada(), at(9, 3)), Ok(ADA));
    assert_eq!(door.hold(at(9, 3)), "begins");
    door.policy.set_lockdown(Some(Lockdown::admitting([BEN])));
    assert_eq!(door.hold(at(9, 4)), "locked_down");
    assert_eq!(door.lets_in(ada(), at(9, 5)), Err(Reason::LockedDown));
    assert_eq!(door.lets_in(Enrolled::new(BEN), at(9, 6)), Ok(BEN));
    assert_eq!(door.hold(at(9, 6)), "locked");
    door.policy.set_lockdown(None);
    assert_eq!(door.hold(at(9, 7)), "locked", "somebody must come in again");
    assert_eq!(door.lets_in(ada(), at(9, 8)), Ok(ADA));
    assert_eq!(door.hold(at(9, 8)), "begins");
}

/// Found by the soak test: the seconds before the hours counted as in them.
#[test]
fn who_comes_a_second_too_early_opens_nothing() {
    for (seconds_early, expected) in [(1, "locked"), (0, "begins")] {
        let mut door = Door::new(Mode::Face);
        let nine = at(9, 0);
        let came = Now { utc_ms: nine.utc_ms - seconds_early * 1000, ..nine };
        assert_eq!(door.lets_in(ada(), came), Ok(ADA));
        assert_eq!(door.hold(nine), expected, "{seconds_early} s early");
    }
}

/// Hours and entries are compared by the clock on the wall.
#[test]
fn clocks_are_put_forward_and_back_during_the_hours() {
    let (cet, cest) = (3600, 7200);
    // Held open from 22:00 to 6:00; times in UTC.
    let night = hours("night", DoorUse::HeldOpen { after_first_of: "staff".to_owned() }, 22, 6);
    let schedules = Schedules::NONE.with_doors(vec![night]).unwrap();
    let opens = Hours { holds_open: ScheduleSet::from_indices([0]), ..Hours::default() };
    for (what, came, looked, expected) in [
        ("forward, came at 21:59", (at(20, 59), cet), (at(25, 0), cest), "locked"),
        ("forward, came at 22:00", (at(21, 0), cet), (at(25, 0), cest), "begins"),
        ("back, came at 21:59", (at(19, 59), cest), (at(25, 30), cet), "locked"),
        ("back, came at 22:00", (at(20, 0), cest), (at(25, 30), cet), "begins"),
        ("back, came at 2:50, looked at 2:10", (at(24, 50), cest), (at(25, 10), cet), "begins"),
    ] {
        let mut door = Door { schedules: schedules.clone(), ..Door::new(Mode::Face) };
        let ada = Enrolled { hours: opens, ..Enrolled::new(ADA) };
        assert_eq!(door.lets_in(ada, came.0.ahead_of_utc(came.1)), Ok(ADA));
        assert_eq!(door.hold(looked.0.ahead_of_utc(looked.1)), expected, "{what}");
    }
}

/// Regressions: an entry during a lockdown held the door open after it, and a lockdown between two turns went unnoticed.
#[test]
fn what_happened_in_a_lockdown_holds_nothing_open() {
    let mut door = Door::new(Mode::Face);
    door.policy.set_lockdown(Some(Lockdown::admitting([ADA])));
    assert_eq!(door.lets_in(ada(), at(9, 3)), Ok(ADA));
    door.policy.set_lockdown(None);
    assert_eq!(door.hold(at(9, 3)), "locked");
    assert_eq!(door.lets_in(ada(), at(9, 4)), Ok(ADA));
    assert_eq!(door.hold(at(9, 4)), "begins");
    door.policy.set_lockdown(Some(Lockdown::admitting([])));
    door.policy.set_lockdown(None);
    assert_eq!(door.hold(at(9, 5)), "locked_down");
    assert_eq!(door.hold(at(9, 6)), "locked");
}
