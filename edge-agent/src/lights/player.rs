//! Plays patterns: what is on at which moment. It knows no clock; the caller says what time it is.

use super::pattern::{Pattern, Step};
use super::{Shown, Signal};

/// What is said is said for at least so long, unless there is something more important.
const LEAST_SHOWN_MS: u64 = 700;

/// What is shown, since when, and what comes after.
#[derive(Debug)]
pub struct Player {
    signal: Signal,
    since_ms: u64,
    next: Option<Signal>,
}

impl Default for Player {
    fn default() -> Self {
        Self { signal: Signal::Idle, since_ms: 0, next: None }
    }
}

impl Player {
    /// There is this to say from now on.
    pub fn say(&mut self, signal: Signal, now_ms: u64) {
        self.next = Some(signal);
        self.take_next(now_ms);
    }

    /// What is on at this moment, and for how many more milliseconds if nothing else is said.
    pub fn at(&mut self, now_ms: u64) -> Step {
        self.take_next(now_ms);
        let step = Pattern::for_signal(self.signal).after(now_ms.saturating_sub(self.since_ms));
        match self.next {
            Some(_) => Step { ms: step.ms.min(self.may_change_at_ms().saturating_sub(now_ms)).max(1), ..step },
            None => step,
        }
    }

    fn take_next(&mut self, now_ms: u64) {
        let Some(next) = self.next else { return };
        if next == self.signal {
            self.next = None;
        } else if now_ms >= self.may_change_at_ms() || interrupts(next, self.signal) {
            *self = Self { signal: next, since_ms: now_ms, next: None };
        }
    }

    fn may_change_at_ms(&self) -> u64 {
        self.since_ms.saturating_add(LEAST_SHOWN_MS)
    }
}

/// Nobody is kept waiting to see that they are let in, or that something is wrong.
fn interrupts(next: Signal, shown: Signal) -> bool {
    shown == Signal::Idle || matches!(next, Signal::Granted | Signal::DoorHeld | Signal::DoorForced)
}

impl Shown {
    /// Everything off.
    pub const OFF: Self = Self { green: false, red: false, buzzer: false };
}

#[cfg(test)]
mod tests {
    use super::*;
    use Signal::{Granted, Idle, Told};
    use policy::Advice::{ComeCloser, NotKnown, Wait, WrongCard};

    /// What is shown after each has been said at its moment.
    fn played(said: &[(u64, Signal)]) -> Vec<Signal> {
        let mut player = Player::default();
        said.iter()
            .map(|&(at, signal)| {
                player.say(signal, at);
                player.at(at);
                player.signal
            })
            .collect()
    }

    #[test]
    fn what_is_said_can_be_read() {
        type Case<'a> = (&'a str, &'a [(u64, Signal)], &'a [Signal]);
        let cases: [Case<'_>; 6] = [
            ("somebody comes", &[(0, Idle), (10, Told(ComeCloser))], &[Idle, Told(ComeCloser)]),
            (
                "a frame's message lasts",
                &[(0, Told(WrongCard)), (100, Idle), (700, Idle)],
                &[Told(WrongCard), Told(WrongCard), Idle],
            ),
            (
                "the last one comes after",
                &[(0, Told(Wait)), (100, Told(ComeCloser)), (200, Told(NotKnown)), (700, Told(NotKnown))],
                &[Told(Wait), Told(Wait), Told(Wait), Told(NotKnown)],
            ),
            (
                "what comes back was never gone",
                &[(0, Told(Wait)), (100, Idle), (200, Told(Wait)), (800, Told(Wait))],
                &[Told(Wait); 4],
            ),
            ("a grant is at once", &[(0, Told(Wait)), (300, Granted)], &[Told(Wait), Granted]),
            ("and lasts", &[(0, Granted), (100, Told(Wait))], &[Granted, Granted]),
        ];
        for (what, said, expected) in cases {
            assert_eq!(played(said), expected, "{what}");
        }
    }

    #[test]
    fn saying_the_same_again_does_not_start_over() {
        let mut player = Player::default();
        player.say(Told(NotKnown), 0);
        assert!(player.at(0).shown.buzzer);
        for ms in (0..600).step_by(100) {
            player.say(Told(NotKnown), ms);
        }
        assert!(!player.at(600).shown.buzzer);
    }

    #[test]
    fn it_is_told_when_to_look_again() {
        let mut player = Player::default();
        player.say(Told(NotKnown), 1_000);
        assert_eq!(player.at(1_000).ms, 500);
        player.say(Idle, 1_600);
        assert_eq!(player.at(1_600).ms, 100, "the next thing is said before the light changes");
        assert_eq!(player.at(1_700).shown, Shown::OFF);
    }
}
