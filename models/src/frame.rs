//! The input picture of the recogniser: 8-bit RGB, row by row.
//!
//! The caller gets the pixels from a camera or a photo and decodes them.

/// The longest side of a frame, in pixels. With this limit, every coordinate is exact in an `f32`.
pub const MAX_SIDE: u32 = 1 << 16;

/// A colour picture: `height` rows of `width` interleaved R, G, B bytes, without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// The largest spread (difference between the largest and the smallest of red, green and blue, 0 to 255) of a grey
/// pixel. If a camera rounds neutral chroma one step up or down, the spread is up to 4.
///
/// Measured, for each photo, as the spread that one pixel in [`GREY_BUT_ONE_IN`] exceeds: 0 in all 1583 grey photos of
/// `lfw-dev`. Of 2999 colour files of Labeled Faces in the Wild: 0 in 14 that show a black-and-white photo, 15 in one
/// toned photo, and 37 or more in the other 2984. 40 or more in all 400 of `pad-dev`, 38 or more in all 204 of the
/// London set.
pub const GREY_SPREAD: u8 = 8;

/// In a grey picture, one of this many pixels may be coloured. A small face that is the only colour in a dull view has
/// more coloured pixels than that.
pub const GREY_BUT_ONE_IN: usize = 1000;

/// Sampling step: one of this many pixels in a row, and one of this many rows, is tested for colour.
const SAMPLED_EACH: usize = 4;

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

    /// A uniform grey frame. `side` must be small: the frame has `3 * side * side` bytes.
    pub(crate) fn grey(side: u32) -> Self {
        Self::square(side, vec![128; 3 * (side * side) as usize])
    }

    /// A square frame of `3 * side * side` bytes; `side` is 1 to [`MAX_SIDE`].
    pub(crate) fn square(side: u32, pixels: Vec<u8>) -> Self {
        debug_assert_eq!(pixels.len(), 3 * (side * side) as usize);
        Self { width: side, height: side, pixels }
    }

    /// A frame of `3 * width * height` bytes; each side is 1 to [`MAX_SIDE`].
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

    /// Returns the buffer, so that a camera can fill it again.
    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// Whether the picture has no colour, like those of an infrared camera or of a camera in night mode.
    pub fn is_grey(&self) -> bool {
        let sampled = || (0..self.height as usize).step_by(SAMPLED_EACH).map(|y| self.row(y).as_chunks::<3>().0);
        let pixels: usize = sampled().map(|row| row.len().div_ceil(SAMPLED_EACH)).sum();
        let coloured = sampled().flat_map(|row| row.iter().step_by(SAMPLED_EACH)).filter(|pixel| is_coloured(pixel));
        let allowed = pixels / GREY_BUT_ONE_IN;
        coloured.take(allowed + 1).count() <= allowed
    }

    /// Converts the picture to grey: luma by ITU-R BT.601, rounded.
    #[must_use]
    pub fn in_grey(mut self) -> Self {
        for pixel in self.pixels.as_chunks_mut::<3>().0 {
            let [red, green, blue] = pixel.map(u32::from);
            // At most 255: the weights add up to 1000.
            *pixel = [((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8; 3];
        }
        self
    }

    /// One row of `3 * width` bytes. `y` must be below the height.
    pub(crate) fn row(&self, y: usize) -> &[u8] {
        let stride = 3 * self.width as usize;
        &self.pixels[y * stride..(y + 1) * stride]
    }
}

fn is_coloured(&[red, green, blue]: &[u8; 3]) -> bool {
    red.max(green).max(blue) - red.min(green).min(blue) > GREY_SPREAD
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 64 x 48 pixels.
    fn picture(pixel: impl Fn(u32, u32) -> [u8; 3]) -> Frame {
        let pixels = (0..48).flat_map(|y| (0..64).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y));
        Frame::from_rgb(64, 48, pixels.collect()).unwrap()
    }

    #[test]
    fn a_picture_is_grey_if_hardly_a_pixel_has_colour() {
        type Pixel = fn(u32, u32) -> [u8; 3];
        let slope = |x: u32, y: u32| (3 * x + y) as u8;
        let cases: [(&str, Pixel, bool); 9] = [
            ("black", |_, _| [0; 3], true),
            ("white", |_, _| [255; 3], true),
            ("infrared", |x, y| [(3 * x + y) as u8; 3], true),
            ("chroma rounded up", |x, _| [2 * x as u8 + 2, 2 * x as u8, 2 * x as u8 + 3], true),
            ("as far apart as is allowed", |_, _| [100, 104, 108], true),
            ("farther apart", |_, _| [100, 104, 109], false),
            ("toned like an old photo", |x, _| [2 * x as u8 + 15, 2 * x as u8 + 7, 2 * x as u8], false),
            ("a dull view with a small face", |x, y| if x < 4 && y < 8 { [140, 110, 95] } else { [120; 3] }, false),
            ("the light of a switch", |x, y| if x < 4 && y < 4 { [255, 0, 0] } else { [60; 3] }, false),
        ];
        for (name, pixel, expected) in cases {
            assert_eq!(picture(pixel).is_grey(), expected, "{name}");
        }
        let one_in_a_thousand = |x, y| if (x, y) == (0, 0) { [255, 0, 0] } else { [slope(x, y); 3] };
        let large: Vec<u8> = (0..160).flat_map(|y| (0..160).flat_map(move |x| one_in_a_thousand(x, y))).collect();
        assert!(Frame::from_rgb(160, 160, large).unwrap().is_grey());
        assert!(!Frame::from_rgb(1, 1, vec![9, 0, 0]).unwrap().is_grey());
    }

    #[test]
    fn luma_takes_the_place_of_colour() {
        for (pixel, luma) in [
            ([0, 0, 0], 0),
            ([255, 255, 255], 255),
            ([255, 0, 0], 76),
            ([0, 255, 0], 150),
            ([0, 0, 255], 29),
            ([77, 77, 77], 77),
        ] {
            let grey = picture(|_, _| pixel).in_grey();
            assert!(grey.is_grey() && grey.pixels().iter().all(|value| *value == luma), "{pixel:?}");
        }
    }

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
