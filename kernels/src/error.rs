//! Errors of layers and their inputs.

/// Why a layer cannot be made, or refuses its input. Nothing has been read or written then.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// A length is 0 or too large.
    #[error("{of} is {found}; it must be 1 to {most}")]
    Length {
        /// The name of the length.
        of: &'static str,
        /// The length.
        found: usize,
        /// The largest valid length.
        most: usize,
    },
    /// A picture has more numbers than [`MOST_NUMBERS`](crate::MOST_NUMBERS).
    #[error("{height}x{width} pixels of {channels} channels are more than {} numbers", crate::MOST_NUMBERS)]
    TooLarge {
        /// Rows, including padding.
        height: usize,
        /// Pixels in a row, including padding.
        width: usize,
        /// Channels.
        channels: usize,
    },
    /// A window at the edge would not overlap the picture.
    #[error("a window of length {size} with padding {padding} does not overlap the picture at the edge")]
    SeesNothing {
        /// Length of the window along one axis.
        size: usize,
        /// Padding at that edge.
        padding: usize,
    },
    /// The layer does not support padding.
    #[error("the window has padding, which this layer does not support")]
    Padded,
    /// The window is larger than the picture with padding.
    #[error("a window of length {size} does not fit into length {length}")]
    WindowTooLarge {
        /// Length of the window along one axis.
        size: usize,
        /// Length of the picture, including padding.
        length: usize,
    },
    /// The length of a slice does not match its shape.
    #[error("{of}: {found} numbers, but {wanted} are needed")]
    Numbers {
        /// The contents of the slice.
        of: &'static str,
        /// Its length.
        found: usize,
        /// The required length.
        wanted: usize,
    },
    /// The number of channels does not match the layer.
    #[error("{found} channels, but {wanted} are needed")]
    Channels {
        /// The number found.
        found: usize,
        /// The required number.
        wanted: usize,
    },
    /// A sum of byte products has too many terms to be exact.
    #[error("{found} products in one sum; only up to {most} are exact")]
    Products {
        /// The number found.
        found: usize,
        /// The largest exact number.
        most: usize,
    },
    /// The scale of a quantisation is not a finite number above 0.
    #[error("the quantisation has scale {found}; it must be finite and above 0")]
    Step {
        /// The given scale.
        found: f32,
    },
    /// A chain has no links.
    #[error("the chain has no links")]
    NoLinks,
    /// A link does not accept the output of the one before it.
    #[error("link {link} of the chain does not accept the output of the one before it")]
    Unlinked {
        /// Index of the link, from 0.
        link: usize,
    },
}

impl LayerError {
    /// Requires a length of 1 to `most`.
    pub(crate) fn require_length(of: &'static str, found: usize, most: usize) -> Result<(), Self> {
        if (1..=most).contains(&found) { Ok(()) } else { Err(Self::Length { of, found, most }) }
    }

    /// Requires as many numbers as are wanted.
    pub(crate) fn require_numbers(of: &'static str, found: usize, wanted: usize) -> Result<(), Self> {
        if found == wanted { Ok(()) } else { Err(Self::Numbers { of, found, wanted }) }
    }

    /// Requires as many channels as are wanted.
    pub(crate) fn require_channels(found: usize, wanted: usize) -> Result<(), Self> {
        if found == wanted { Ok(()) } else { Err(Self::Channels { found, wanted }) }
    }
}
