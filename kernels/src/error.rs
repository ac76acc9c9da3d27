//! Everything that can be wrong with a layer, or with what it is given.

/// Why a layer cannot be made, or does not take what it is given. Nothing has been read or written then.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// A length is 0, or larger than any that is computed here.
    #[error("{of} is {found}; it must be 1 to {most}")]
    Length {
        /// What has that length.
        of: &'static str,
        /// The length.
        found: usize,
        /// The largest that is taken.
        most: usize,
    },
    /// A picture has more numbers than [`MOST_NUMBERS`](crate::MOST_NUMBERS).
    #[error("{height}x{width} pixels of {channels} channels are more than {} numbers", crate::MOST_NUMBERS)]
    TooLarge {
        /// Rows, with what lies above and below the picture.
        height: usize,
        /// Pixels in a row, with what lies to the left and right.
        width: usize,
        /// Numbers in a pixel.
        channels: usize,
    },
    /// A window at the edge would see nothing of the picture.
    #[error("a window of {size} with {padding} beyond the edge sees nothing of the picture there")]
    SeesNothing {
        /// Length of the window along one axis.
        size: usize,
        /// How far it reaches beyond the edge.
        padding: usize,
    },
    /// The layer's window may not look beyond the picture.
    #[error("the window looks beyond the picture, which this layer does not do")]
    Padded,
    /// The window is larger than the picture with what lies around it.
    #[error("a window of {size} does not fit {length}")]
    WindowTooLarge {
        /// Length of the window along one axis.
        size: usize,
        /// Length of the picture, with what lies around it.
        length: usize,
    },
    /// A slice does not have as many numbers as its shape.
    #[error("{of}: {found} numbers where {wanted} are needed")]
    Numbers {
        /// What the slice holds.
        of: &'static str,
        /// How many it holds.
        found: usize,
        /// How many it must hold.
        wanted: usize,
    },
    /// Another number of channels than the layer has.
    #[error("{found} channels where {wanted} are needed")]
    Channels {
        /// How many there are.
        found: usize,
        /// How many there must be.
        wanted: usize,
    },
    /// A sum of bytes has more products than stay exact.
    #[error("{found} products in one sum; up to {most} are exact")]
    Products {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// What a step of one byte is worth is not a finite number above 0.
    #[error("a step of a byte is worth {found}; it must be finite and above 0")]
    Step {
        /// What was given.
        found: f32,
    },
    /// A chain has no links.
    #[error("a chain without links")]
    NoLinks,
    /// A link does not take what the one before it gives.
    #[error("link {link} of the chain does not take what the one before it gives")]
    Unlinked {
        /// Which, counted from 0.
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
