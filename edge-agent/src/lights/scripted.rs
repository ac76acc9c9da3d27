//! Lights that record their states, for tests.

use super::{LightOutputs, LightState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Records the states. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ScriptedLights {
    script: Arc<(Mutex<Vec<LightState>>, Condvar)>,
}

impl ScriptedLights {
    /// The last state.
    pub fn last(&self) -> Option<LightState> {
        self.shown().last().copied()
    }

    /// Waits until a state, now or earlier, matches.
    pub fn wait_for(&self, wanted: impl Fn(&LightState) -> bool) -> LightState {
        let mut shown = self.shown();
        loop {
            if let Some(found) = shown.iter().find(|shown| wanted(shown)) {
                return *found;
            }
            shown = self.script.1.wait(shown).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn shown(&self) -> MutexGuard<'_, Vec<LightState>> {
        self.script.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LightOutputs for ScriptedLights {
    fn show(&mut self, shown: LightState) {
        self.shown().push(shown);
        self.script.1.notify_all();
    }
}
