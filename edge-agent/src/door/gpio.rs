//! A lock driven by a GPIO pin of a Raspberry Pi.
//!
//! Polarity is a single setting, the level at which the door is locked. The pin has this level before it becomes an
//! output, after every grant, and after the program has exited. [`boot`](super::boot) checks what keeps it there while
//! no program runs.

use super::{Door, DoorError};
use crate::gpio::{self, Level, Output, Pin};
use policy::Grant;
use serde::{Deserialize, Serialize};

/// The pin that drives the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LockPin {
    /// Which pin.
    pub pin: Pin,
    /// The level at which the door is locked.
    pub locked: Level,
}

/// A lock driven by a pin.
pub struct GpioDoor {
    output: Box<dyn Output>,
    locked: Level,
}

impl GpioDoor {
    /// Requests the pin, and locks the door.
    ///
    /// # Errors
    /// If the pin is not available.
    pub fn open(lock: LockPin) -> Result<Self, DoorError> {
        let output = gpio::output(lock.pin, lock.locked)?;
        Ok(Self { output, locked: lock.locked })
    }
}

impl Door for GpioDoor {
    fn unlock(&mut self, _grant: Grant) -> Result<(), DoorError> {
        Ok(self.output.drive(self.locked.other())?)
    }

    fn lock(&mut self) -> Result<(), DoorError> {
        Ok(self.output.drive(self.locked)?)
    }
}

/// Drives the pin to its locked level and leaves it there, after a program that could not do so itself. Needs no
/// configuration except the pin.
///
/// # Errors
/// If the pin is not available.
pub fn drive_locked(lock: LockPin) -> Result<(), DoorError> {
    GpioDoor::open(lock).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpio::Board;

    #[test]
    fn a_computer_without_pins_gives_an_error() {
        if Board::of_this_computer().is_some() {
            eprintln!("skipped: this is a Raspberry Pi, whose pins a test does not touch");
            return;
        }
        let lock = LockPin { pin: Pin::new(17).unwrap(), locked: Level::Low };
        for refused in [GpioDoor::open(lock).map(drop), drive_locked(lock)] {
            let message = refused.unwrap_err().to_string();
            assert!(message.contains("not a Raspberry Pi"), "{message}");
        }
    }

    #[test]
    fn a_saved_lock_pin_is_read_back() {
        let lock = LockPin { pin: Pin::new(17).unwrap(), locked: Level::High };
        let text = toml::to_string(&lock).unwrap();
        assert_eq!(text, "pin = 17\nlocked = \"high\"\n");
        assert_eq!(toml::from_str::<LockPin>(&text).unwrap(), lock);
        assert!(toml::from_str::<LockPin>("pin = 99\nlocked = \"high\"\n").is_err());
    }
}
