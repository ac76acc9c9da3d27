//! The two contacts of a door: the exit button and the one that tells whether the door is open.
//!
//! Neither is in the way of anybody: the exit button releases the lock by its own wires, and this only hears of it.

mod debounce;
mod gpio;
mod scripted;

pub use gpio::{ContactPin, GpioContacts};
pub use scripted::ScriptedContacts;

/// A contact that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which, and what it is now.
    pub contact: Contact,
    /// When, on the unit's forward-only clock.
    pub at_ms: u64,
}

/// What a contact says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// The exit button is pressed, or not.
    Exit {
        /// Whether it is.
        pressed: bool,
    },
    /// The door is open, or not.
    Door {
        /// Whether it is.
        open: bool,
    },
}

/// The contacts of a door.
pub trait Contacts: Send {
    /// Whether the door is open, as far as a contact can tell.
    fn is_open(&self) -> bool;

    /// Whether the exit button is pressed, as far as a contact can tell.
    fn is_exit_pressed(&self) -> bool;

    /// What changed and has lasted since the last call, oldest first. Never waits.
    fn changes(&mut self, now_ms: u64) -> Vec<Change>;
}
