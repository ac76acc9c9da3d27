//! Everything that can be wrong with a photo.

use super::{MAX_PIXELS, PhotoFormat};
use crate::frame::FrameError;

/// Why a photo cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhotoError {
    /// There are no bytes.
    #[error("the file is empty: copy it again")]
    Empty,
    /// The content is that of no photo that can be decoded.
    #[error("it is neither a JPEG, a PNG nor a WebP photo: export it as JPEG")]
    UnknownFormat,
    /// A photo in the container that phones use.
    #[error(
        "{kind} cannot be read: export the photo as JPEG (an iPhone takes JPEG with Settings > Camera > Formats > Most Compatible)"
    )]
    Heif {
        /// `HEIC` or `AVIF`.
        kind: &'static str,
    },
    /// More pixels than [`MAX_PIXELS`].
    #[error(
        "{width}x{height} are {} megapixels, more than the {} that are read: scale it down",
        (u64::from(*width) * u64::from(*height)).div_ceil(1_000_000),
        MAX_PIXELS / 1_000_000
    )]
    TooManyPixels {
        /// Width in pixels, before it is turned.
        width: u32,
        /// Height in pixels, before it is turned.
        height: u32,
    },
    /// The file ends before the picture does.
    #[error("the {format} is cut off: copy it again")]
    CutOff {
        /// What the file is.
        format: PhotoFormat,
    },
    /// The content contradicts itself.
    #[error("the {format} is damaged ({reason}): copy it again")]
    Damaged {
        /// What the file is.
        format: PhotoFormat,
        /// What its decoder said.
        reason: String,
    },
    /// A rare kind of the format.
    #[error("this kind of {format} cannot be read ({reason}): export it as an ordinary JPEG")]
    Unsupported {
        /// What the file is.
        format: PhotoFormat,
        /// Which kind it is, or what its decoder said.
        reason: String,
    },
    /// It cannot be a frame.
    #[error(transparent)]
    NoFrame(#[from] FrameError),
}
