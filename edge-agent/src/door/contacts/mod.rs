//! The contacts of a door: the exit button, the door contact, the fire alarm and the lockdown switch.
//!
//! None of them affects the way out: the exit button and the fire alarm are wired to the lock and release it directly.
//! The unit only monitors them.

mod debounce;
mod gpio;
mod scripted;

pub use gpio::{ContactPin, ContactPins, GpioContacts};
pub use scripted::ScriptedContacts;

/// A contact that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which contact, and its new state.
    pub contact: Contact,
    /// When, on the unit's monotonic clock.
    pub at_ms: u64,
}

/// The state of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The exit button.
    Exit {
        /// Whether it is pressed.
        pressed: bool,
    },
    /// The door contact.
    Door {
        /// Whether the door is open.
        open: bool,
    },
    /// The output of the fire alarm.
    FireAlarm {
        /// Whether the alarm has released the lock.
        on: bool,
    },
    /// The lockdown switch.
    Lockdown {
        /// Whether it is on, or its wire is broken.
        on: bool,
    },
}

/// The contacts of a door.
pub trait Contacts: Send {
    /// The present state of each contact that there is.
    fn states(&self) -> Vec<Contact>;

    /// The debounced changes since the last call, oldest first. Never blocks.
    fn changes(&mut self, now_ms: u64) -> Vec<Change>;
}
