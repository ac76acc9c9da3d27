//! The two contacts of a door: the exit button and the door contact.
//!
//! Neither affects the way out: the exit button is wired to the lock and releases it directly. The unit only monitors
//! it.

mod debounce;
mod gpio;
mod scripted;

pub use gpio::{ContactPin, GpioContacts};
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
}

/// The contacts of a door.
pub trait Contacts: Send {
    /// Whether the door is open; `false` without a door contact.
    fn is_open(&self) -> bool;

    /// Whether the exit button is pressed; `false` without one.
    fn is_exit_pressed(&self) -> bool;

    /// The debounced changes since the last call, oldest first. Never blocks.
    fn changes(&mut self, now_ms: u64) -> Vec<Change>;
}
