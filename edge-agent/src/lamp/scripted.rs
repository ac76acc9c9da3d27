//! A lamp that only remembers how it was switched, for tests and simulations.

use super::LampOutput;
use crate::gpio::{GpioError, Pin};
use std::sync::{Arc, Mutex, PoisonError};

/// A lamp that remembers. Clones share the memory.
#[derive(Debug, Clone, Default)]
pub struct ScriptedLamp(Arc<Mutex<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    switched: Vec<bool>,
    is_broken: bool,
}

impl ScriptedLamp {
    /// Each change so far.
    pub fn switched(&self) -> Vec<bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).switched.clone()
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.switched().last().copied().unwrap_or_default()
    }

    /// From now on, it cannot be switched.
    pub fn break_down(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_broken = true;
    }
}

impl LampOutput for ScriptedLamp {
    fn switch(&mut self, is_on: bool) -> Result<(), GpioError> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.is_broken {
            let reason = "it is broken".to_owned();
            return Err(GpioError::Refused { pin: Pin::new(0)?, reason });
        }
        memory.switched.push(is_on);
        Ok(())
    }
}
