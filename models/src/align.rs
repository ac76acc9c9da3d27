//! Face to aligned crop.

/// A square 8-bit RGB picture with the face in the place where the encoder expects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crop {
    side: u32,
    pixels: Vec<u8>,
}

impl Crop {
    /// Width and height in pixels.
    pub fn side(&self) -> u32 {
        self.side
    }

    /// Interleaved RGB, row by row: `3 * side * side` bytes.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}
