//! Card readers: what somebody holds before one becomes the number of a card.
//!
//! Whose card it is, and what follows from that, is not known here. Numbers are not logged: a card that cannot be read is
//! told of without them.

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

/// Reads cards.
pub trait CardReader: Send {
    /// The next card that was presented since the last call. Never waits.
    fn next_card(&mut self) -> Option<CardNumber>;

    /// Whether it is known not to be there. Wiegand wires tell nobody.
    fn is_lost(&self) -> bool {
        false
    }
}
