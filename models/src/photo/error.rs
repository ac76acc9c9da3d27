//! Errors of photos.

use super::{MAX_PIXELS, PhotoFormat};
use crate::frame::FrameError;

/// Why a photo cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhotoError {
    /// The file is empty.
    #[error("the file is empty: copy it again")]
    Empty,
    /// The content is not in a supported photo format.
    #[error("it is neither a JPEG, a PNG nor a WebP photo: export it as JPEG")]
    UnknownFormat,
    /// A photo in a HEIF container, which phones use.
    #[error(
        "{kind} cannot be read: export the photo as JPEG (an iPhone takes JPEG with Settings > Camera > Formats > Most Compatible)"
    )]
    Heif {
        /// `HEIC` or `AVIF`.
        kind: &'static str,
    },
    /// More pixels than [`MAX_PIXELS`].
    #[error(
        "{width}x{height} are {} megapixels, more than the {} allowed: scale it down",
        (u64::from(*width) * u64::from(*height)).div_ceil(1_000_000),
        MAX_PIXELS / 1_000_000
    )]
    TooManyPixels {
        /// Width in pixels, before rotation.
        width: u32,
        /// Height in pixels, before rotation.
        height: u32,
    },
    /// The file ends before the end of the picture.
    #[error("the {format} is cut off: copy it again")]
    CutOff {
        /// The format of the file.
        format: PhotoFormat,
    },
    /// The content contradicts itself.
    #[error("the {format} is damaged ({reason}): copy it again")]
    Damaged {
        /// The format of the file.
        format: PhotoFormat,
        /// The message of the decoder.
        reason: String,
    },
    /// An unsupported variant of the format.
    #[error("this kind of {format} cannot be read ({reason}): export it as an ordinary JPEG")]
    Unsupported {
        /// The format of the file.
        format: PhotoFormat,
        /// The variant, or the message of the decoder.
        reason: String,
    },
    /// The picture cannot be a frame.
    #[error(transparent)]
    NoFrame(#[from] FrameError),
}
