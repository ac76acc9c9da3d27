//! Checks a JPEG before it is passed to the decoder: its variant, and whether it is complete.

mod kind;
mod markers;
mod tables;

pub use tables::with_standard_tables;

use super::{PhotoError, PhotoFormat};
use kind::Unreadable;

const FORMAT: PhotoFormat = PhotoFormat::Jpeg;

/// Refuses variants that are not decoded correctly.
///
/// # Errors
/// [`PhotoError::Unsupported`] for an unsupported variant, [`PhotoError::CutOff`] or [`PhotoError::Damaged`] if the
/// header is incomplete.
pub(super) fn require_ordinary(bytes: &[u8]) -> Result<(), PhotoError> {
    kind::require_ordinary(bytes).map_err(|unreadable| match unreadable {
        Unreadable::Rare(kind) => PhotoError::Unsupported { format: FORMAT, reason: kind.to_string() },
        Unreadable::NoHeader if !markers::has_end(bytes) => PhotoError::CutOff { format: FORMAT },
        Unreadable::NoHeader => PhotoError::Damaged { format: FORMAT, reason: "its header is not whole".to_owned() },
    })
}

/// Refuses a file that ends before the end of its picture.
///
/// # Errors
/// [`PhotoError::CutOff`]
pub(super) fn require_end(bytes: &[u8]) -> Result<(), PhotoError> {
    if markers::has_end(bytes) { Ok(()) } else { Err(PhotoError::CutOff { format: FORMAT }) }
}
