//! Switches the lamp in step with the frames. The loop says what to play; the camera's thread calls
//! [`LampPlayer::frame_captured`] as soon as a frame has arrived, and the lamp changes at once, so that the next frame shows
//! the next symbol.

use super::LampOutput;
use liveness::lamp::Code;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Weight of the newest interval in the measured frame rate.
const NEWEST: f64 = 0.1;

/// The intervals of a camera that is running: longer ones are interruptions.
const LONGEST_INTERVAL: Duration = Duration::from_millis(500);

/// The lamp. Clones share it; it goes off when the last is dropped.
#[derive(Clone)]
pub struct LampPlayer(Arc<Mutex<Inside>>);

struct Inside {
    output: Box<dyn LampOutput>,
    plays: Plays,
    is_on: Option<bool>,
    failure: Option<String>,
    last_frame: Option<Instant>,
    interval_s: Option<f64>,
}

/// What the lamp does.
enum Plays {
    Off,
    Light,
    /// `next` is the index of the symbol that begins with the next frame.
    Code {
        code: Code,
        next: i32,
    },
}

impl LampPlayer {
    /// A lamp that is off.
    pub fn new(output: Box<dyn LampOutput>) -> Self {
        let (plays, is_on, failure) = (Plays::Off, None, None);
        let player =
            Self(Arc::new(Mutex::new(Inside { output, plays, is_on, failure, last_frame: None, interval_s: None })));
        player.off();
        player
    }

    /// Switches the lamp off.
    pub(crate) fn off(&self) {
        self.play(Plays::Off, false);
    }

    /// Lights the lamp steadily.
    pub(crate) fn light(&self) {
        self.play(Plays::Light, true);
    }

    /// Plays a code from the next frame on, once. Afterwards the lamp stays on.
    pub(crate) fn play_code(&self, code: Code) {
        self.play(Plays::Code { code, next: 0 }, true);
    }

    /// Notes that a frame has arrived, and begins the next symbol. Returns the index of the symbol that was playing
    /// meanwhile: negative before the code, at least its length afterwards. `None` if no code is played.
    pub fn frame_captured(&self, at: Instant) -> Option<i32> {
        let mut inside = self.inside();
        inside.note_interval(at);
        let Plays::Code { code, next } = &mut inside.plays else { return None };
        let (during, is_on) = (*next - 1, code.is_on(*next));
        *next = next.saturating_add(1);
        inside.switch(is_on);
        Some(during)
    }

    /// The frames per second that the camera delivers; `None` before the second frame.
    pub(crate) fn frames_per_second(&self) -> Option<f64> {
        self.inside().interval_s.map(|interval| 1.0 / interval)
    }

    /// Why the lamp could not be switched the last time; `None` if it could.
    pub(crate) fn failure(&self) -> Option<String> {
        self.inside().failure.clone()
    }

    fn play(&self, plays: Plays, is_on: bool) {
        let mut inside = self.inside();
        inside.plays = plays;
        inside.switch(is_on);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn switch(&mut self, is_on: bool) {
        if self.is_on == Some(is_on) {
            return;
        }
        match self.output.switch(is_on) {
            Ok(()) => (self.is_on, self.failure) = (Some(is_on), None),
            Err(error) => {
                self.is_on = None;
                if self.failure.is_none() {
                    tracing::error!("[lamp] the lamp cannot be switched: {error}");
                }
                self.failure = Some(error.to_string());
            }
        }
    }

    fn note_interval(&mut self, at: Instant) {
        let since = self.last_frame.replace(at).map(|last| at.saturating_duration_since(last));
        if let Some(interval) = since.filter(|since| !since.is_zero() && *since < LONGEST_INTERVAL) {
            let (newest, so_far) = (interval.as_secs_f64(), self.interval_s);
            self.interval_s = Some(so_far.map_or(newest, |so_far| so_far + NEWEST * (newest - so_far)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ScriptedLamp;
    use super::*;

    #[test]
    fn each_frame_begins_a_symbol_and_names_the_one_that_it_arrived_in() {
        let lamp = ScriptedLamp::default();
        let player = LampPlayer::new(Box::new(lamp.clone()));
        let start = Instant::now();
        assert_eq!(player.frame_captured(start), None, "no code is played");
        player.light();
        player.play_code(Code::from_symbols(vec![false, true, false]));
        let mut seen = Vec::new();
        for _ in 0..5 {
            seen.push((player.frame_captured(start).unwrap(), lamp.is_on()));
        }
        // The symbol that has ended, and the lamp from then on.
        let expected = [(-1, false), (0, true), (1, false), (2, true), (3, true)];
        assert_eq!(seen, expected);
        assert_eq!(lamp.switched(), [false, true, false, true, false, true]);
        player.off();
        assert_eq!((player.frame_captured(start), lamp.is_on()), (None, false));
    }

    #[test]
    fn the_frame_rate_is_measured_without_interruptions() {
        let player = LampPlayer::new(Box::new(ScriptedLamp::default()));
        let start = Instant::now();
        player.frame_captured(start);
        assert_eq!(player.frames_per_second(), None);
        for ms in [50, 100, 150, 5000, 5050] {
            player.frame_captured(start + Duration::from_millis(ms));
        }
        let rate = player.frames_per_second().unwrap();
        assert!((rate - 20.0).abs() < 1e-6, "{rate}");
    }

    #[test]
    fn a_broken_lamp_says_so_until_it_works() {
        let lamp = ScriptedLamp::default();
        let player = LampPlayer::new(Box::new(lamp.clone()));
        assert_eq!(player.failure(), None);
        lamp.break_down();
        player.light();
        assert!(player.failure().is_some_and(|failure| failure.contains("it is broken")));
    }
}
