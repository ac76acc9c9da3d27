//! Lights that are only written down.

use super::{LightOutputs, Shown};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Writes down what is on. Clones are the same lights.
#[derive(Debug, Clone, Default)]
pub struct ScriptedLights {
    script: Arc<(Mutex<Vec<Shown>>, Condvar)>,
}

impl ScriptedLights {
    /// What was on last.
    pub fn last(&self) -> Option<Shown> {
        self.shown().last().copied()
    }

    /// Waits until something like this is or was on.
    pub fn wait_for(&self, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let mut shown = self.shown();
        loop {
            if let Some(found) = shown.iter().find(|shown| wanted(shown)) {
                return *found;
            }
            shown = self.script.1.wait(shown).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn shown(&self) -> MutexGuard<'_, Vec<Shown>> {
        self.script.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LightOutputs for ScriptedLights {
    fn show(&mut self, shown: Shown) {
        self.shown().push(shown);
        self.script.1.notify_all();
    }
}
