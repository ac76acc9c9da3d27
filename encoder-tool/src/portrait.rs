//! An aligned face as a small JPEG, for pages.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use models::Crop;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Of JPEG, 1 to 100: traces of the compression cannot be seen.
const QUALITY: u8 = 85;

/// An aligned face as a square JPEG.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Portrait {
    side: u32,
    jpeg: Vec<u8>,
}

impl Portrait {
    /// Compresses a crop.
    pub(crate) fn of(crop: &Crop) -> Self {
        let (side, mut jpeg) = (crop.side(), Vec::new());
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
        // Does not fail for a square RGB picture of this size; a page would show an empty picture.
        encoder.encode(crop.pixels(), side, side, ExtendedColorType::Rgb8).unwrap_or_default();
        Self { side, jpeg }
    }

    /// Width and height in pixels.
    pub(crate) fn side(&self) -> u32 {
        self.side
    }

    /// The file.
    pub(crate) fn jpeg(&self) -> &[u8] {
        &self.jpeg
    }
}

/// Without the picture.
impl fmt::Debug for Portrait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portrait({0}x{0})", self.side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jpeg_is_the_crop() {
        let crop = Crop::from_rgb(16, [200, 120, 40].repeat(256)).unwrap();
        let portrait = Portrait::of(&crop);
        let decoded = image::load_from_memory(portrait.jpeg()).unwrap().into_rgb8();
        assert_eq!((decoded.width(), decoded.height(), portrait.side()), (16, 16, 16));
        let apart = decoded.iter().zip(crop.pixels()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart <= Some(6), "{apart:?}");
    }
}
