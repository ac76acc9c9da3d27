//! Card readers: turn a presented card into a card number.
//!
//! They do not know who the card holder is. Card numbers are never logged, not even those of unreadable cards.

mod evdev;
mod inbox;
mod scripted;
mod typed;
mod wiegand;

pub use evdev::KeyboardReader;
pub(crate) use evdev::{Wanted as WantedReader, cards_typed};
pub use scripted::ScriptedReader;
pub use typed::{Digits, Key, Typed, TypedError};
pub use wiegand::{Edge, WiegandReader, WiegandReaderError, frames};

use shared::card::CardNumber;

/// A card reader.
pub trait CardReader: Send {
    /// The next card that was presented since the last call. Never blocks.
    fn next_card(&mut self) -> Option<CardNumber>;

    /// Whether the reader is known to be missing. A Wiegand reader cannot be detected.
    fn is_lost(&self) -> bool {
        false
    }
}
