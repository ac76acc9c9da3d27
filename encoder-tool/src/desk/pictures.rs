//! Photos for pages: decoded, made small and compressed again, so that no byte of a file reaches the browser.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use image::{ExtendedColorType, RgbImage};
use models::Frame;
use models::photo::PhotoReader;
use std::path::Path;

/// The longer side of a photo on a page, in pixels.
const SIDE: u32 = 480;
/// Of JPEG, 1 to 100.
const QUALITY: u8 = 85;

/// The photo as a small JPEG; `None` if it cannot be read.
pub(super) fn small(reader: &PhotoReader, path: &Path) -> Option<Vec<u8>> {
    let frame = reader.read(path).ok()?.frame;
    as_jpeg(&frame, SIDE, QUALITY)
}

/// Compresses a picture, made smaller if its longer side is longer than this.
pub(super) fn as_jpeg(frame: &Frame, most: u32, quality: u8) -> Option<Vec<u8>> {
    let picture = RgbImage::from_raw(frame.width(), frame.height(), frame.pixels().to_vec())?;
    let longer = frame.width().max(frame.height());
    let picture = match longer > most {
        true => {
            let scaled = |side: u32| ((u64::from(side) * u64::from(most)).div_ceil(u64::from(longer)) as u32).max(1);
            resize(&picture, scaled(frame.width()), scaled(frame.height()), FilterType::Triangle)
        }
        false => picture,
    };
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, quality);
    encoder.encode(&picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).ok()?;
    Some(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_made_smaller_and_never_larger() {
        for (width, height, expected) in [(960, 480, (480, 240)), (100, 50, (100, 50)), (3000, 1, (480, 1))] {
            let frame = Frame::from_rgb(width, height, vec![90; (3 * width * height) as usize]).unwrap();
            let decoded = image::load_from_memory(&as_jpeg(&frame, SIDE, QUALITY).unwrap()).unwrap();
            assert_eq!((decoded.width(), decoded.height()), expected);
        }
    }
}
