//! Wiegand frames: 26 to 64 bits without a length, an address or a checksum, only parity bits.
//!
//! A [`WiegandFormat`] says which bits are the card's number and which bits are parity over which others. A unit knows a
//! card's format by the length of its frame alone, so a table has at most one format of each length. This module knows
//! no wires: the door unit's readers collect the bits.

mod drawing;
mod format;
mod known;
mod table;

pub use drawing::DrawingError;
pub use format::{ByteOrder, WiegandFormat};
pub use known::KNOWN_WIEGAND_FORMATS;
pub use table::{MAX_WIEGAND_FORMATS, TableError, WiegandFormats};

use super::number::CardNumberError;

/// Smallest number of bits of a frame.
pub const MIN_FRAME_BITS: usize = 26;
/// Largest number of bits of a frame.
pub const MAX_FRAME_BITS: usize = 64;

/// Why a frame was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WiegandError {
    /// No format has this number of bits.
    #[error(
        "{bits} bits, which no format in [[reader.wiegand-format]] has: add the cards' format, set the reader to one that \
         is listed, or check both wires"
    )]
    Length {
        /// Number of bits received.
        bits: usize,
    },
    /// A bit was lost or flipped in transmission.
    #[error("the parity is wrong: a bit was lost or flipped; present the card again, or check the wires")]
    Parity,
    /// All bits of the number are 0.
    #[error(transparent)]
    Number(#[from] CardNumberError),
}
