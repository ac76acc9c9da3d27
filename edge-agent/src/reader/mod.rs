//! Card readers: turn a presented card into a card number.
//!
//! They do not know who the card holder is. Card numbers are never logged, not even those of unreadable cards.

mod evdev;
mod inbox;
mod osdp;
mod scripted;
mod typed;
mod wiegand;

pub use evdev::KeyboardReader;
pub(crate) use evdev::{Wanted as WantedReader, cards_typed};
pub use osdp::{AnyReply, Baud, Security};
pub(crate) use osdp::{
    CarriedBy, OsdpReader, OsdpReports, Paired, Pairing, PairingError, PairingKeys, ReaderLights, WantedOsdp,
    cards_heard, open_line, pair, try_out,
};
pub use scripted::ScriptedReader;
pub use typed::{Digits, Key, Typed, TypedError};
pub use wiegand::{Edge, WiegandReader, WiegandReaderError, frames};

use shared::card::CardNumber;
use std::io;

/// A card reader.
pub trait CardReader: Send {
    /// The next card that was presented since the last call. Never blocks.
    fn next_card(&mut self) -> Option<CardNumber>;

    /// Whether it can be used, as far as is known. A Wiegand reader cannot be detected.
    fn state(&self) -> ReaderState {
        ReaderState::There
    }
}

/// Whether a card reader can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderState {
    /// It is there, or nothing else is known.
    There,
    /// It is not there, or is not heard.
    Lost,
    /// It is heard and says that its case is open.
    CaseOpen,
}

impl ReaderState {
    /// The name in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Lost => "lost",
            Self::CaseOpen => "case_open",
        }
    }
}

/// Why a device cannot be opened, for the audit log: the same codes as for cameras.
fn code_of(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "not_there",
        io::ErrorKind::PermissionDenied => "permission_denied",
        io::ErrorKind::ResourceBusy => "busy",
        _ => "system",
    }
}
