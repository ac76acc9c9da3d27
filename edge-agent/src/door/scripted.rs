//! A door that records its movements and moves nothing: for simulation and tests.

use super::{Door, DoorError};
use policy::Grant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A movement of a scripted lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// To locked.
    Lock,
    /// To unlocked.
    Unlock,
}

/// Records its movements. Clones share the door.
#[derive(Debug, Clone, Default)]
pub struct ScriptedDoor {
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    movements: Vec<Movement>,
    jammed: usize,
}

impl ScriptedDoor {
    /// The movements so far, oldest first.
    pub fn movements(&self) -> Vec<Movement> {
        self.script().movements.clone()
    }

    /// Makes the next `movements` movements fail.
    pub fn jam(&self, movements: usize) {
        self.script().jammed = movements;
    }

    fn move_to(&self, movement: Movement) -> Result<(), DoorError> {
        let mut script = self.script();
        if script.jammed > 0 {
            script.jammed -= 1;
            return Err(DoorError::Stuck { reason: "scripted fault".to_owned() });
        }
        script.movements.push(movement);
        tracing::info!("the scripted lock is {}", if movement == Movement::Lock { "locked" } else { "unlocked" });
        Ok(())
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door for ScriptedDoor {
    fn unlock(&mut self, _grant: Grant) -> Result<(), DoorError> {
        self.move_to(Movement::Unlock)
    }

    fn lock(&mut self) -> Result<(), DoorError> {
        self.move_to(Movement::Lock)
    }
}
