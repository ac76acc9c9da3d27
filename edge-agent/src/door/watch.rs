//! Whether an open door is as it should be: forced, held open, or opened by somebody who was let in or who leaves.
//!
//! It is told what the contacts and the lock do, and when, and answers with what is worth a record. It moves nothing.

use shared::audit::Event;

/// After the lock has gone back, a door that somebody has a hand on may still be opened for so long.
const HAND_ON_DOOR_MS: u64 = 2_000;

/// Nobody keeps an exit button pressed for so long: it is stuck, or something holds it.
const STUCK_MS: u64 = 60_000;

/// Limits, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchRules {
    /// How long the door may be open.
    pub held_ms: u64,
    /// How long after the exit button the door may be opened.
    pub leave_ms: u64,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Somebody was let in; the lock goes back at this moment.
    LetIn {
        /// On the same clock.
        locks_at_ms: u64,
    },
    /// The exit button was pressed.
    ExitPressed,
    /// The exit button was let go.
    ExitReleased,
    /// The door was opened.
    Opened,
    /// The door was closed.
    Closed,
    /// Time passed.
    Nothing,
}

/// What is wrong with the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// It is open though nobody was let in and nobody asked to leave.
    Forced,
    /// It has been open for too long.
    Held,
}

/// What the exit button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitButton {
    /// Nobody presses it.
    Free,
    /// It has been pressed since this moment.
    Pressed {
        /// On the unit's forward-only clock.
        since_ms: u64,
    },
    /// It has been pressed for too long, since this moment: it says nothing about anybody who leaves.
    Stuck {
        /// On the unit's forward-only clock.
        since_ms: u64,
    },
}

/// Watches one door.
#[derive(Debug)]
pub struct DoorWatch {
    rules: WatchRules,
    open_since_ms: Option<u64>,
    alarm: Option<Alarm>,
    exit: ExitButton,
    may_open_until_ms: u64,
}

impl DoorWatch {
    /// A door that is closed. One that is open when watching begins was not forced, as far as anybody knows: say that
    /// somebody was let in, and then that it was opened.
    pub const fn new(rules: WatchRules) -> Self {
        Self { rules, open_since_ms: None, alarm: None, exit: ExitButton::Free, may_open_until_ms: 0 }
    }

    /// Takes notice of what happened at this moment. Moments must not go back by more than it takes to hear of them.
    pub fn take(&mut self, input: Input, at_ms: u64) -> Option<Event> {
        match input {
            Input::LetIn { locks_at_ms } => self.may_open_until(locks_at_ms.saturating_add(HAND_ON_DOOR_MS)),
            Input::ExitPressed => {
                if self.exit == ExitButton::Free {
                    self.exit = ExitButton::Pressed { since_ms: at_ms };
                }
                self.may_open_until(at_ms.saturating_add(self.rules.leave_ms));
            }
            Input::ExitReleased => {
                let was = std::mem::replace(&mut self.exit, ExitButton::Free);
                if let ExitButton::Stuck { since_ms } = was {
                    return Some(Event::ExitFree { pressed_ms: at_ms.saturating_sub(since_ms) });
                }
                self.may_open_until(at_ms.saturating_add(self.rules.leave_ms));
            }
            Input::Opened => return self.open(at_ms),
            Input::Closed => return self.close(at_ms),
            Input::Nothing => {}
        }
        self.find_stuck(at_ms).or_else(|| self.find_held(at_ms))
    }

    /// Whether the door is open.
    pub const fn is_open(&self) -> bool {
        self.open_since_ms.is_some()
    }

    /// What the exit button does.
    pub const fn exit(&self) -> ExitButton {
        self.exit
    }

    /// What is wrong now.
    pub const fn alarm(&self) -> Option<Alarm> {
        self.alarm
    }

    fn may_open_until(&mut self, until_ms: u64) {
        self.may_open_until_ms = self.may_open_until_ms.max(until_ms);
    }

    fn open(&mut self, at_ms: u64) -> Option<Event> {
        if self.open_since_ms.is_some() {
            return None;
        }
        self.open_since_ms = Some(at_ms);
        if matches!(self.exit, ExitButton::Pressed { .. }) || at_ms < self.may_open_until_ms {
            return None;
        }
        self.alarm = Some(Alarm::Forced);
        Some(Event::DoorForced)
    }

    fn close(&mut self, at_ms: u64) -> Option<Event> {
        let open_ms = at_ms.saturating_sub(self.open_since_ms.take()?);
        self.alarm.take().map(|_| Event::DoorClosed { open_ms })
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
        let open_ms = now_ms.saturating_sub(self.open_since_ms?);
        if open_ms < self.rules.held_ms || self.alarm == Some(Alarm::Held) {
            return None;
        }
        self.alarm = Some(Alarm::Held);
        Some(Event::DoorHeld { open_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Input::{Closed, ExitPressed, ExitReleased, LetIn, Nothing, Opened};

    const RULES: WatchRules = WatchRules { held_ms: 30_000, leave_ms: 5_000 };
    const FORCED: Event = Event::DoorForced;

    fn held(open_ms: u64) -> Event {
        Event::DoorHeld { open_ms }
    }

    fn closed(open_ms: u64) -> Event {
        Event::DoorClosed { open_ms }
    }

    /// A button that was taped down excused every opening, and nobody was told.
    #[test]
    fn a_stuck_exit_button_is_reported_and_excuses_nothing() {
        let mut watch = DoorWatch::new(RULES);
        for (at_ms, input, expected) in [
            (10_000, ExitPressed, None),
            (20_000, Opened, None),
            (21_000, Closed, None),
            (69_999, Nothing, None),
            (70_000, Nothing, Some(Event::ExitStuck { pressed_ms: 60_000 })),
            (70_001, Nothing, None),
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
            assert_eq!(watch.take(input, at_ms), expected, "{at_ms}: {input:?}");
        }
    }

    #[test]
    fn stories_of_a_door() {
        let let_in = LetIn { locks_at_ms: 15_000 };
        type Story<'a> = (&'a str, &'a [(u64, Input)], Vec<(u64, Event)>);
        let stories: [Story<'_>; 18] = [
            ("nothing happens", &[(0, Nothing), (100_000, Nothing)], vec![]),
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
                &[(10_000, let_in), (11_000, Opened), (40_999, Nothing), (41_000, Nothing), (50_000, Nothing)],
                vec![(41_000, held(30_000))],
            ),
            (
                "and closed",
                &[(10_000, let_in), (11_000, Opened), (41_100, Nothing), (50_000, Closed), (90_000, Nothing)],
                vec![(41_100, held(30_100)), (50_000, closed(39_000))],
            ),
            (
                "forced and held",
                &[(1_000, Opened), (31_000, Nothing), (32_000, Closed)],
                vec![(1_000, FORCED), (31_000, held(30_000)), (32_000, closed(31_000))],
            ),
            (
                "held, and somebody comes in meanwhile",
                &[(10_000, let_in), (11_000, Opened), (41_000, LetIn { locks_at_ms: 46_000 })],
                vec![(41_000, held(30_000))],
            ),
            (
                "a contact that says the same twice",
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
                inputs.iter().filter_map(|&(at, input)| Some((at, watch.take(input, at)?))).collect();
            assert_eq!(events, expected, "{what}");
        }
    }

    #[test]
    fn the_alarm_lasts_as_long_as_the_door_is_open() {
        let mut watch = DoorWatch::new(RULES);
        for (at, input, alarm) in [
            (0, Nothing, None),
            (1_000, Opened, Some(Alarm::Forced)),
            (2_000, Nothing, Some(Alarm::Forced)),
            (31_000, Nothing, Some(Alarm::Held)),
            (40_000, Closed, None),
        ] {
            watch.take(input, at);
            assert_eq!(watch.alarm(), alarm, "{at}");
        }
    }
}
