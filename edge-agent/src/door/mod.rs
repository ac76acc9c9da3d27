//! The door: what moves the lock, and what makes sure that it goes back.
//!
//! A lock is unlocked by a [`Grant`], which only the policy makes, and by nothing else. Locking needs no reason.

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

/// Moves a lock.
pub trait Door: Send {
    /// Unlocks, because of this grant.
    ///
    /// # Errors
    /// When the lock may not have moved.
    fn unlock(&mut self, grant: Grant) -> Result<(), DoorError>;

    /// Locks; called at the start, at the end and whenever in doubt, also when it is locked.
    ///
    /// # Errors
    /// When the lock may not have moved.
    fn lock(&mut self) -> Result<(), DoorError>;
}

/// Where the lock was last driven to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorState {
    /// Nobody gets in.
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
    /// The line that drives the lock refused.
    #[error("the lock did not move: {reason}; check the wiring and the pin")]
    Stuck {
        /// What the system said.
        reason: String,
    },
    /// The unit ends, and its door stays locked.
    #[error("the unit ends, and its door stays locked")]
    Ending,
    /// The pin that moves the lock is not available.
    #[error(transparent)]
    Gpio(#[from] GpioError),
}
