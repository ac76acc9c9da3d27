//! Plays patterns: computes the light state for a time. The caller passes the time.

use super::pattern::{Pattern, Step};
use super::{LightState, Signal};

/// Shortest time that a signal is shown, unless a more important one interrupts it.
const MIN_SHOWN_MS: u64 = 700;

/// The current signal, since when it is shown, and the next one.
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
    /// Sets the signal to show from now on.
    pub fn set_signal(&mut self, signal: Signal, now_ms: u64) {
        self.next = Some(signal);
        self.take_next(now_ms);
    }

    /// The state at `now_ms`, and how long it lasts unless another signal is set.
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
        self.since_ms.saturating_add(MIN_SHOWN_MS)
    }
}

/// Grants and alarms are shown immediately.
fn interrupts(next: Signal, shown: Signal) -> bool {
    shown == Signal::Idle || matches!(next, Signal::Granted | Signal::DoorHeld | Signal::DoorForced)
}

impl LightState {
    /// Everything off.
    pub const OFF: Self = Self { green: false, red: false, buzzer: false };
}

#[cfg(test)]
mod tests {
    use super::*;
    use Signal::{Advise, Granted, Idle};
    use policy::Advice::{ComeCloser, NotKnown, Wait, WrongCard};

    /// The signal shown after each was set at its time.
    fn played(signals: &[(u64, Signal)]) -> Vec<Signal> {
        let mut player = Player::default();
        signals
            .iter()
            .map(|&(at, signal)| {
                player.set_signal(signal, at);
                player.at(at);
                player.signal
            })
            .collect()
    }

    #[test]
    fn signals_last_long_enough_to_be_read() {
        type Case<'a> = (&'a str, &'a [(u64, Signal)], &'a [Signal]);
        let cases: [Case<'_>; 6] = [
            ("somebody comes", &[(0, Idle), (10, Advise(ComeCloser))], &[Idle, Advise(ComeCloser)]),
            (
                "the signal of one frame lasts",
                &[(0, Advise(WrongCard)), (100, Idle), (700, Idle)],
                &[Advise(WrongCard), Advise(WrongCard), Idle],
            ),
            (
                "the last one comes after",
                &[(0, Advise(Wait)), (100, Advise(ComeCloser)), (200, Advise(NotKnown)), (700, Advise(NotKnown))],
                &[Advise(Wait), Advise(Wait), Advise(Wait), Advise(NotKnown)],
            ),
            (
                "a signal that comes back is not interrupted",
                &[(0, Advise(Wait)), (100, Idle), (200, Advise(Wait)), (800, Advise(Wait))],
                &[Advise(Wait); 4],
            ),
            ("a grant is shown immediately", &[(0, Advise(Wait)), (300, Granted)], &[Advise(Wait), Granted]),
            ("and lasts", &[(0, Granted), (100, Advise(Wait))], &[Granted, Granted]),
        ];
        for (what, signals, expected) in cases {
            assert_eq!(played(signals), expected, "{what}");
        }
    }

    #[test]
    fn setting_the_same_signal_again_does_not_restart_it() {
        let mut player = Player::default();
        player.set_signal(Advise(NotKnown), 0);
        assert!(player.at(0).shown.buzzer);
        for ms in (0..600).step_by(100) {
            player.set_signal(Advise(NotKnown), ms);
        }
        assert!(!player.at(600).shown.buzzer);
    }

    #[test]
    fn a_step_lasts_until_the_next_change() {
        let mut player = Player::default();
        player.set_signal(Advise(NotKnown), 1_000);
        assert_eq!(player.at(1_000).ms, 500);
        player.set_signal(Idle, 1_600);
        assert_eq!(player.at(1_600).ms, 100, "the next signal comes before the light changes");
        assert_eq!(player.at(1_700).shown, LightState::OFF);
    }
}
