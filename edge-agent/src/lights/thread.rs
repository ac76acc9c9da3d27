//! The thread that plays the patterns, so that the loop never waits for a light.

use super::{LightOutputs, LightState, Player, Signal};
use crate::clock::SystemClock;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The lights. They are switched off when this is dropped.
pub struct Lights {
    shared: Arc<Playing>,
    clock: Arc<SystemClock>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Playing {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    player: Player,
    ending: bool,
}

impl Lights {
    /// Spawns the thread.
    ///
    /// # Errors
    /// If the thread cannot be spawned.
    pub fn start(mut outputs: Box<dyn LightOutputs>, clock: Arc<SystemClock>) -> io::Result<Self> {
        let shared = Arc::new(Playing::default());
        let (played, time) = (Arc::clone(&shared), Arc::clone(&clock));
        let thread = thread::Builder::new().name("lights".to_owned()).spawn(move || {
            played.play(outputs.as_mut(), &time);
            outputs.show(LightState::OFF);
        })?;
        Ok(Self { shared, clock, thread: Some(thread) })
    }

    /// Shows this signal from now on.
    pub fn show(&self, signal: Signal) {
        let now_ms = self.clock.monotonic_ms();
        self.shared.state().player.set_signal(signal, now_ms);
        self.shared.changed.notify_all();
    }
}

impl Playing {
    fn play(&self, outputs: &mut dyn LightOutputs, clock: &SystemClock) {
        let mut shown = None;
        let mut state = self.state();
        while !state.ending {
            let step = state.player.at(clock.monotonic_ms());
            if shown.replace(step.shown) != Some(step.shown) {
                outputs.show(step.shown);
            }
            let wait = Duration::from_millis(step.ms);
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lights {
    fn drop(&mut self) {
        self.shared.state().ending = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ScriptedLights;
    use super::*;

    #[test]
    fn a_signal_is_shown_and_everything_is_off_at_the_end() {
        let (outputs, clock) = (ScriptedLights::default(), Arc::new(SystemClock::start()));
        let lights = Lights::start(Box::new(outputs.clone()), clock).unwrap();
        lights.show(Signal::Granted);
        let first = outputs.wait_for(|shown| shown.green);
        assert!(first.buzzer && !first.red, "{first:?}");
        outputs.wait_for(|shown| shown.green && !shown.buzzer);
        drop(lights);
        assert_eq!(outputs.last(), Some(LightState::OFF));
    }
}
