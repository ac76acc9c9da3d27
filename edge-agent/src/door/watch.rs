//! Watches an open door: forced, held open, released by the fire alarm, or opened by somebody who was let in or is
//! leaving.
//!
//! Takes the changes of the contacts and the grants, with their times, and returns the events to record. Drives
//! nothing.
//!
//! A loose contact must not fill the log: forced openings are recorded ten times, and then once in five minutes. Brief
//! openings and lasting ones have separate limits, so that a loose contact cannot hide somebody who walks in. A door
//! that is held open is always recorded.

use crate::reports::Allowance;
use policy::audit::Event;
use std::time::Duration;

/// How long after locking the door may still be opened, by somebody who already has a hand on it.
const HAND_ON_DOOR_MS: u64 = 2_000;

/// Shortest time in which a person walks through a door. A loose contact closes again sooner.
const LASTING_MS: u64 = 2_000;

/// After this time a pressed exit button counts as stuck or taped down.
const STUCK_MS: u64 = 60_000;

/// Limits, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchRules {
    /// How long the door may stay open.
    pub held_ms: u64,
    /// How long after the exit button the door may be opened.
    pub leave_ms: u64,
}

/// An input of the watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Somebody was let in.
    LetIn {
        /// When the lock locks again, on the unit's monotonic clock.
        locks_at_ms: u64,
    },
    /// The door is held open for everybody.
    HeldOpen {
        /// Until when at least, on the unit's monotonic clock.
        until_ms: u64,
    },
    /// The door is locked.
    Locked,
    /// The exit button was pressed.
    ExitPressed,
    /// The exit button was released.
    ExitReleased,
    /// The door was opened.
    Opened,
    /// The door was closed.
    Closed,
    /// The fire alarm has released the lock.
    AlarmOn,
    /// The fire alarm is over.
    AlarmOff,
    /// Only time has passed.
    Tick,
}

/// What is wrong with the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// It was opened without a grant or the exit button.
    Forced,
    /// It has been open for longer than allowed.
    Held,
    /// It was opened after the fire alarm had released it.
    Released,
}

/// The state of the exit button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitButton {
    /// Not pressed.
    Free,
    /// Pressed.
    Pressed {
        /// On the unit's monotonic clock.
        since_ms: u64,
    },
    /// Pressed for so long that it no longer shows that somebody is leaving.
    Stuck {
        /// On the unit's monotonic clock.
        since_ms: u64,
    },
}

/// Watches one door.
#[derive(Debug)]
pub struct DoorWatch {
    rules: WatchRules,
    open_since_ms: Option<u64>,
    /// Whether a contact has said that the door is open or closed.
    has_contact: bool,
    alarm: Option<Alarm>,
    /// The log has a record of this opening.
    is_recorded: bool,
    brief: Allowance,
    lasting: Allowance,
    exit: ExitButton,
    /// Until then, the lock lets somebody open the door.
    unlocked_until_ms: u64,
    /// Until then, somebody who pressed the exit button may open the door.
    leaving_until_ms: u64,
    /// Until then, an open door is not held.
    may_stay_open_until_ms: u64,
    alarm_since_ms: Option<u64>,
}

impl DoorWatch {
    /// Watches a closed door. For a door that is already open, pass [`Input::LetIn`] and then [`Input::Opened`]: it is
    /// not known to have been forced.
    pub fn new(rules: WatchRules) -> Self {
        Self {
            rules,
            open_since_ms: None,
            has_contact: false,
            alarm: None,
            is_recorded: false,
            brief: Allowance::default(),
            lasting: Allowance::default(),
            exit: ExitButton::Free,
            unlocked_until_ms: 0,
            leaving_until_ms: 0,
            may_stay_open_until_ms: 0,
            alarm_since_ms: None,
        }
    }

    /// Takes an input with its time and returns the event to record, if any. Inputs may be out of order only by the
    /// time it takes to notice them.
    pub fn update(&mut self, input: Input, at_ms: u64) -> Option<Event> {
        self.has_contact |= matches!(input, Input::Opened | Input::Closed);
        match input {
            Input::LetIn { locks_at_ms } => self.unlocked_until(locks_at_ms),
            Input::HeldOpen { until_ms } => {
                self.unlocked_until(until_ms);
                self.stay_open_until(until_ms);
                self.alarm = self.alarm.filter(|alarm| *alarm != Alarm::Held);
            }
            Input::Locked => {
                self.unlocked_until_ms = self.unlocked_until_ms.min(at_ms.saturating_add(HAND_ON_DOOR_MS));
                self.may_stay_open_until_ms = self.may_stay_open_until_ms.min(at_ms);
                return None;
            }
            Input::ExitPressed => {
                if self.exit == ExitButton::Free {
                    self.exit = ExitButton::Pressed { since_ms: at_ms };
                }
                self.leaving_from(at_ms);
            }
            Input::ExitReleased => {
                let was = std::mem::replace(&mut self.exit, ExitButton::Free);
                if let ExitButton::Stuck { since_ms } = was {
                    return Some(Event::ExitFree { pressed_ms: at_ms.saturating_sub(since_ms) });
                }
                self.leaving_from(at_ms);
            }
            Input::AlarmOn if self.alarm_since_ms.is_none() => {
                self.alarm_since_ms = Some(at_ms);
                return Some(Event::FireAlarmOn);
            }
            Input::AlarmOff if self.alarm_since_ms.is_some() => {
                self.stay_open_until(at_ms);
                let since_ms = self.alarm_since_ms.take().unwrap_or(at_ms);
                return Some(Event::FireAlarmOff { alarm_ms: at_ms.saturating_sub(since_ms) });
            }
            Input::AlarmOn | Input::AlarmOff => {}
            Input::Opened => return self.open(at_ms),
            Input::Closed => return self.close(at_ms),
            Input::Tick => {}
        }
        self.find_stuck(at_ms).or_else(|| self.find_held(at_ms)).or_else(|| self.find_lasting(at_ms))
    }

    /// Whether the door is open.
    pub const fn is_open(&self) -> bool {
        self.open_since_ms.is_some()
    }

    /// Whether a contact tells when the door is open. Without one, [`is_open`](Self::is_open) knows nothing.
    pub const fn has_contact(&self) -> bool {
        self.has_contact
    }

    /// The state of the exit button.
    pub const fn exit(&self) -> ExitButton {
        self.exit
    }

    /// The current alarm.
    pub const fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }

    /// Whether the fire alarm is on.
    pub const fn is_fire_alarm_on(&self) -> bool {
        self.alarm_since_ms.is_some()
    }

    fn unlocked_until(&mut self, locks_at_ms: u64) {
        self.unlocked_until_ms = self.unlocked_until_ms.max(locks_at_ms.saturating_add(HAND_ON_DOOR_MS));
    }

    fn leaving_from(&mut self, at_ms: u64) {
        self.leaving_until_ms = self.leaving_until_ms.max(at_ms.saturating_add(self.rules.leave_ms));
    }

    fn stay_open_until(&mut self, until_ms: u64) {
        self.may_stay_open_until_ms = self.may_stay_open_until_ms.max(until_ms);
    }

    fn open(&mut self, at_ms: u64) -> Option<Event> {
        if self.open_since_ms.is_some() {
            return None;
        }
        self.open_since_ms = Some(at_ms);
        let may_open_until_ms = self.unlocked_until_ms.max(self.leaving_until_ms);
        if matches!(self.exit, ExitButton::Pressed { .. }) || at_ms < may_open_until_ms {
            return None;
        }
        let (alarm, event) = match self.alarm_since_ms {
            Some(_) => (Alarm::Released, Event::DoorReleased),
            None => (Alarm::Forced, Event::DoorForced),
        };
        self.alarm = Some(alarm);
        self.is_recorded = is_allowed(&mut self.brief, at_ms);
        self.is_recorded.then_some(event)
    }

    fn close(&mut self, at_ms: u64) -> Option<Event> {
        // It may have become a lasting opening since the last input.
        let forced = self.find_lasting(at_ms);
        let open_ms = at_ms.saturating_sub(self.open_since_ms.take()?);
        self.alarm = None;
        let was_recorded = std::mem::take(&mut self.is_recorded);
        forced.or_else(|| was_recorded.then_some(Event::DoorClosed { open_ms }))
    }

    /// Records an opening that was held back as one of many brief ones and has lasted.
    fn find_lasting(&mut self, now_ms: u64) -> Option<Event> {
        let open_ms = now_ms.saturating_sub(self.open_since_ms?);
        if self.alarm != Some(Alarm::Forced) || self.is_recorded || open_ms < LASTING_MS {
            return None;
        }
        self.is_recorded = is_allowed(&mut self.lasting, now_ms);
        self.is_recorded.then_some(Event::DoorForced)
    }

    fn find_stuck(&mut self, now_ms: u64) -> Option<Event> {
        let ExitButton::Pressed { since_ms } = self.exit else { return None };
        let pressed_ms = now_ms.saturating_sub(since_ms);
        if pressed_ms < STUCK_MS {
            return None;
        }
        self.exit = ExitButton::Stuck { since_ms };
        Some(Event::ExitStuck { pressed_ms })
    }

    fn find_held(&mut self, now_ms: u64) -> Option<Event> {
        let since_ms = self.open_since_ms?.max(self.may_stay_open_until_ms);
        let open_ms = now_ms.saturating_sub(since_ms);
        if open_ms < self.rules.held_ms || self.alarm == Some(Alarm::Held) || self.alarm_since_ms.is_some() {
            return None;
        }
        self.alarm = Some(Alarm::Held);
        self.is_recorded = true;
        Some(Event::DoorHeld { open_ms })
    }
}

fn is_allowed(allowance: &mut Allowance, now_ms: u64) -> bool {
    let Some(held_back) = allowance.take(Duration::from_millis(now_ms)) else { return false };
    if held_back > 0 {
        tracing::warn!("the door contact is loose: {held_back} openings were not recorded; check its wiring");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use Input::{AlarmOff, AlarmOn, Closed, ExitPressed, ExitReleased, HeldOpen, LetIn, Locked, Opened, Tick};

    const RULES: WatchRules = WatchRules { held_ms: 30_000, leave_ms: 5_000 };
    const FORCED: Event = Event::DoorForced;

    fn held(open_ms: u64) -> Event {
        Event::DoorHeld { open_ms }
    }

    fn closed(open_ms: u64) -> Event {
        Event::DoorClosed { open_ms }
    }

    /// A regression: a loose contact wrote a record for each opening, which displaced all other records.
    #[test]
    fn a_flapping_contact_does_not_fill_the_log() {
        let mut watch = DoorWatch::new(RULES);
        let end_ms = 24 * 3_600_000 + 100_000;
        let flaps = (0..end_ms).step_by(400).flat_map(|at_ms| [(at_ms, Opened), (at_ms + 200, Closed)]);
        let recorded = flaps.filter_map(|(at_ms, input)| watch.update(input, at_ms)).count();
        assert!((500..=600).contains(&recorded), "{recorded}: two for each of ten, and for each five minutes");
        // A forced opening is recorded while the door is open, even after many that were held back.
        assert_eq!(watch.update(Opened, end_ms), None);
        assert_eq!(watch.alarm(), Some(Alarm::Forced), "the lights show it at once");
        assert_eq!(watch.update(Tick, end_ms + 1_999), None);
        assert_eq!(watch.update(Tick, end_ms + 2_000), Some(FORCED));
        assert_eq!(watch.update(Tick, end_ms + 2_100), None);
        assert_eq!(watch.update(Closed, end_ms + 5_000), Some(closed(5_000)));
        // Also without an input in between.
        assert_eq!(watch.update(Opened, end_ms + 6_000), None);
        assert_eq!(watch.update(Closed, end_ms + 9_000), Some(FORCED));
        assert_eq!(watch.alarm(), None);
    }

    #[test]
    fn a_slow_loose_contact_does_not_fill_the_log_and_a_held_door_is_always_recorded() {
        let mut watch = DoorWatch::new(RULES);
        let end_ms = 3_500_000;
        let flaps = (0..end_ms).step_by(5_000);
        let flaps = flaps.flat_map(|at_ms| [(at_ms, Opened), (at_ms + 2_500, Tick), (at_ms + 3_000, Closed)]);
        let recorded = flaps.filter_map(|(at_ms, input)| watch.update(input, at_ms)).count();
        assert!(recorded <= 4 * (10 + 12), "{recorded}");
        assert_eq!(watch.update(Opened, end_ms), None);
        assert_eq!(watch.update(Tick, end_ms + 30_000), Some(held(30_000)));
        assert_eq!(watch.update(Closed, end_ms + 31_000), Some(closed(31_000)));
    }

    /// A regression: a taped-down button excused every opening, without a record.
    #[test]
    fn a_stuck_exit_button_is_reported_and_excuses_no_opening() {
        let mut watch = DoorWatch::new(RULES);
        for (at_ms, input, expected) in [
            (10_000, ExitPressed, None),
            (20_000, Opened, None),
            (21_000, Closed, None),
            (69_999, Tick, None),
            (70_000, Tick, Some(Event::ExitStuck { pressed_ms: 60_000 })),
            (70_001, Tick, None),
            (70_002, ExitPressed, None),
            (80_000, Opened, Some(FORCED)),
            (81_000, Closed, Some(closed(1_000))),
            (90_000, ExitReleased, Some(Event::ExitFree { pressed_ms: 80_000 })),
            (91_000, Opened, Some(FORCED)),
            (92_000, Closed, Some(closed(1_000))),
            (93_000, ExitPressed, None),
            (93_300, ExitReleased, None),
            (94_000, Opened, None),
        ] {
            assert_eq!(watch.update(input, at_ms), expected, "{at_ms}: {input:?}");
        }
    }

    #[test]
    fn sequences_of_door_events() {
        let let_in = LetIn { locks_at_ms: 15_000 };
        type Story<'a> = (&'a str, &'a [(u64, Input)], Vec<(u64, Event)>);
        let stories: [Story<'_>; 26] = [
            ("nothing happens", &[(0, Tick), (100_000, Tick)], vec![]),
            ("somebody is let in", &[(10_000, let_in), (11_000, Opened), (14_000, Closed)], vec![]),
            ("and opens at the last moment", &[(10_000, let_in), (16_999, Opened), (18_000, Closed)], vec![]),
            ("or too late", &[(10_000, let_in), (17_000, Opened)], vec![(17_000, FORCED)]),
            (
                "each opening in that time",
                &[(10_000, let_in), (11_000, Opened), (12_000, Closed), (13_000, Opened)],
                vec![],
            ),
            ("forced", &[(10_000, Opened)], vec![(10_000, FORCED)]),
            ("and closed", &[(10_000, Opened), (12_000, Closed)], vec![(10_000, FORCED), (12_000, closed(2_000))]),
            (
                "and forced again",
                &[(10_000, Opened), (12_000, Closed), (13_000, Opened)],
                vec![(10_000, FORCED), (12_000, closed(2_000)), (13_000, FORCED)],
            ),
            ("forced before anybody is let in", &[(9_000, Opened), (10_000, let_in)], vec![(9_000, FORCED)]),
            (
                "somebody leaves",
                &[(10_000, ExitPressed), (10_300, ExitReleased), (14_000, Opened), (16_000, Closed)],
                vec![],
            ),
            ("slowly", &[(10_000, ExitPressed), (10_300, ExitReleased), (15_299, Opened)], vec![]),
            ("too slowly", &[(10_000, ExitPressed), (10_300, ExitReleased), (15_300, Opened)], vec![(15_300, FORCED)]),
            ("the button is kept pressed", &[(10_000, ExitPressed), (60_000, Opened)], vec![]),
            (
                "held",
                &[(10_000, let_in), (11_000, Opened), (40_999, Tick), (41_000, Tick), (50_000, Tick)],
                vec![(41_000, held(30_000))],
            ),
            (
                "and closed",
                &[(10_000, let_in), (11_000, Opened), (41_100, Tick), (50_000, Closed), (90_000, Tick)],
                vec![(41_100, held(30_100)), (50_000, closed(39_000))],
            ),
            (
                "forced and held",
                &[(1_000, Opened), (31_000, Tick), (32_000, Closed)],
                vec![(1_000, FORCED), (31_000, held(30_000)), (32_000, closed(31_000))],
            ),
            (
                "held, and somebody comes in meanwhile",
                &[(10_000, let_in), (11_000, Opened), (41_000, LetIn { locks_at_ms: 46_000 })],
                vec![(41_000, held(30_000))],
            ),
            (
                "held open for everybody, and closed",
                &[
                    (10_000, HeldOpen { until_ms: 15_000 }),
                    (11_000, Opened),
                    (14_000, HeldOpen { until_ms: 90_000 }),
                    (60_000, Tick),
                    (92_000, Closed),
                    (91_900, Opened),
                    (91_950, Closed),
                    (92_000, Opened),
                ],
                vec![(92_000, FORCED)],
            ),
            (
                "propped open after the hours",
                &[(10_000, HeldOpen { until_ms: 15_000 }), (11_000, Opened), (44_999, Tick), (45_000, Tick)],
                vec![(45_000, held(30_000))],
            ),
            (
                "forced after a lockdown that ended the hold",
                &[
                    (10_000, HeldOpen { until_ms: 15_000 }),
                    (10_100, Locked),
                    (12_099, Opened),
                    (12_100, Closed),
                    (12_101, Opened),
                    (13_000, Locked),
                ],
                vec![(12_101, FORCED)],
            ),
            (
                "open when a lockdown ends the hold",
                &[(10_000, HeldOpen { until_ms: 15_000 }), (10_050, Opened), (10_100, Locked), (40_100, Tick)],
                vec![(40_100, held(30_000))],
            ),
            (
                "somebody leaves after it",
                &[(10_000, ExitPressed), (10_100, ExitReleased), (10_200, Locked), (15_000, Opened)],
                vec![],
            ),
            (
                "the fire alarm releases the door",
                &[
                    (10_000, AlarmOn),
                    (10_050, AlarmOn),
                    (11_000, Opened),
                    (90_000, Tick),
                    (100_000, Closed),
                    (110_000, AlarmOff),
                    (111_000, Opened),
                ],
                vec![
                    (10_000, Event::FireAlarmOn),
                    (11_000, Event::DoorReleased),
                    (100_000, closed(89_000)),
                    (110_000, Event::FireAlarmOff { alarm_ms: 100_000 }),
                    (111_000, FORCED),
                ],
            ),
            (
                "and the door stays open after it",
                &[(10_000, AlarmOn), (11_000, Opened), (90_000, AlarmOff), (119_999, Tick), (120_000, Tick)],
                vec![
                    (10_000, Event::FireAlarmOn),
                    (11_000, Event::DoorReleased),
                    (90_000, Event::FireAlarmOff { alarm_ms: 80_000 }),
                    (120_000, held(30_000)),
                ],
            ),
            (
                "forced before the fire alarm",
                &[(9_000, Opened), (10_000, AlarmOn)],
                vec![(9_000, FORCED), (10_000, Event::FireAlarmOn)],
            ),
            (
                "a contact that reports the same state twice",
                &[
                    (10_000, let_in),
                    (11_000, Opened),
                    (20_000, Opened),
                    (21_000, Closed),
                    (22_000, Closed),
                    (23_000, Opened),
                ],
                vec![(23_000, FORCED)],
            ),
        ];
        for (what, inputs, expected) in stories {
            let mut watch = DoorWatch::new(RULES);
            let events: Vec<(u64, Event)> =
                inputs.iter().filter_map(|&(at, input)| Some((at, watch.update(input, at)?))).collect();
            assert_eq!(events, expected, "{what}");
        }
    }

    #[test]
    fn the_alarm_lasts_as_long_as_the_door_is_open() {
        let mut watch = DoorWatch::new(RULES);
        for (at, input, alarm) in [
            (0, Tick, None),
            (1_000, Opened, Some(Alarm::Forced)),
            (2_000, Tick, Some(Alarm::Forced)),
            (31_000, Tick, Some(Alarm::Held)),
            (40_000, Closed, None),
        ] {
            watch.update(input, at);
            assert_eq!(watch.alarm(), alarm, "{at}");
        }
    }
}
