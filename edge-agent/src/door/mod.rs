//! The door: drives the lock, makes sure that it locks again, and watches the door's contacts.
//!
//! Only a [`Grant`], which only the policy creates, unlocks a lock. Locking needs no permission.

pub mod boot;
pub mod contacts;
pub mod gpio;
mod last_lock;
mod latch;
mod scripted;
mod timer;
mod watch;

pub use gpio::{GpioDoor, LockPin};
pub(crate) use last_lock::LockLine;
pub use latch::Latch;
pub use scripted::{Movement, ScriptedDoor};
pub use timer::RelockTimer;
pub use watch::{Alarm, DoorWatch, ExitButton, Input, WatchRules};

use crate::gpio::GpioError;
use policy::Grant;

/// Drives a lock.
pub trait Door: Send {
    /// Unlocks for this grant.
    ///
    /// # Errors
    /// If the lock may not have moved.
    fn unlock(&mut self, grant: Grant) -> Result<(), DoorError>;

    /// Locks. Called at the start, at the end and after a failure, even if the lock is already locked.
    ///
    /// # Errors
    /// If the lock may not have moved.
    fn lock(&mut self) -> Result<(), DoorError>;
}

/// Where the lock was last driven to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorState {
    /// The lock holds the door.
    Locked,
    /// The door can be opened.
    Unlocked,
}

impl DoorState {
    /// `locked` or `unlocked`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
        }
    }
}

/// Why a lock did not move.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorError {
    /// The output that drives the lock failed.
    #[error("the lock did not move: {reason}; check the wiring and the pin")]
    Stuck {
        /// The error of the operating system.
        reason: String,
    },
    /// The unit is stopping, and the door stays locked.
    #[error("the unit is stopping, and the door stays locked")]
    Ending,
    /// The pin that drives the lock is not available.
    #[error(transparent)]
    Gpio(#[from] GpioError),
}
