//! A picture as the recogniser takes it: 8-bit RGB, row by row.
//!
//! Where the pixels came from (a camera, a photo) and how they were decoded is the caller's affair.

/// The longest side of a frame, in pixels. Keeps every coordinate exact in an `f32`.
pub const MAX_SIDE: u32 = 1 << 16;

/// A colour picture: `height` rows of `width` interleaved R, G, B bytes, without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// Why a picture cannot be a [`Frame`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// A side is zero or longer than [`MAX_SIDE`].
    #[error("a picture of {width}x{height} pixels cannot be searched: each side must be 1 to {MAX_SIDE}")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The buffer does not hold three bytes a pixel.
    #[error("a {width}x{height} RGB picture has {expected} bytes, but {found} were given")]
    Length {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// `3 * width * height`.
        expected: u64,
        /// The length of the buffer that was given.
        found: u64,
    },
}

impl Frame {
    /// Takes `3 * width * height` bytes of interleaved RGB.
    ///
    /// # Errors
    /// [`FrameError`] if a side is out of range or the buffer has another length.
    pub fn from_rgb(width: u32, height: u32, pixels: Vec<u8>) -> Result<Self, FrameError> {
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(FrameError::Size { width, height });
        }
        let expected = 3 * u64::from(width) * u64::from(height);
        if pixels.len() as u64 != expected {
            let found = pixels.len() as u64;
            return Err(FrameError::Length { width, height, expected, found });
        }
        Ok(Self { width, height, pixels })
    }

    /// Nothing to be seen. `side` is small.
    pub(crate) fn grey(side: u32) -> Self {
        Self::square(side, vec![128; 3 * (side * side) as usize])
    }

    /// `3 * side * side` bytes; `side` is 1 to [`MAX_SIDE`].
    pub(crate) fn square(side: u32, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), 3 * (side * side) as usize);
        Self { width: side, height: side, pixels }
    }

    /// `3 * width * height` bytes; each side is 1 to [`MAX_SIDE`].
    pub(crate) fn of_parts(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), 3 * width as usize * height as usize);
        Self { width, height, pixels }
    }

    /// Width in pixels, 1 to [`MAX_SIDE`].
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, 1 to [`MAX_SIDE`].
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All bytes: interleaved RGB, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The buffer, so that a camera can fill it again.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// One row of `3 * width` bytes. `y` must be below the height.
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        let stride = 3 * self.width as usize;
        &self.pixels[y * stride..(y + 1) * stride]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pictures_are_frames() {
        for (width, height, bytes, whole) in [
            (2, 1, 6, true),
            (1, 1, 3, true),
            (2, 1, 5, false),
            (2, 1, 7, false),
            (0, 1, 0, false),
            (1, 0, 0, false),
            (MAX_SIDE + 1, 1, 3 * (MAX_SIDE as usize + 1), false),
        ] {
            let frame = Frame::from_rgb(width, height, vec![0; bytes]);
            assert_eq!(frame.is_ok(), whole, "{width}x{height} of {bytes} bytes");
        }
    }
}
