//! What is looked at in a JPEG before its decoder is trusted with it: its kind, and whether it has an end.

mod kind;
mod markers;
mod tables;

pub use tables::with_standard_tables;

use super::{PhotoError, PhotoFormat};
use kind::Unreadable;

const FORMAT: PhotoFormat = PhotoFormat::Jpeg;

/// Refuses what is not decoded as it was meant.
///
/// # Errors
/// [`PhotoError::Unsupported`] for a kind that is not decoded, [`PhotoError::CutOff`] or [`PhotoError::Damaged`] if the
/// header is not whole.
pub(super) fn require_ordinary(bytes: &[u8]) -> Result<(), PhotoError> {
    kind::require_ordinary(bytes).map_err(|unreadable| match unreadable {
        Unreadable::Rare(kind) => PhotoError::Unsupported { format: FORMAT, reason: kind.to_string() },
        Unreadable::NoHeader if !markers::has_end(bytes) => PhotoError::CutOff { format: FORMAT },
        Unreadable::NoHeader => PhotoError::Damaged { format: FORMAT, reason: "its header is not whole".to_owned() },
    })
}

/// Refuses what ends before its picture does.
///
/// # Errors
/// [`PhotoError::CutOff`]
pub(super) fn require_end(bytes: &[u8]) -> Result<(), PhotoError> {
    if markers::has_end(bytes) { Ok(()) } else { Err(PhotoError::CutOff { format: FORMAT }) }
}
