//! What a webcam sees of a person who sits before it: the photo on grey, which moves slowly.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, overlay};
use image::{DynamicImage, RgbImage};
use std::f64::consts::TAU;
use std::path::Path;

const SIZE: (u32, u32) = (640, 480);
/// Two seconds: the browser shows 30 a second, again and again.
const FRAMES: u32 = 60;

/// JPEG pictures, one after the other, with the photo this many pixels wide: what does not fit is not seen.
pub(super) fn film(photo: &Path, width: u32) -> Vec<u8> {
    let photo = image::open(photo).unwrap();
    let photo = photo.resize(width, u32::MAX, FilterType::Triangle).to_rgb8();
    let mut film = Vec::new();
    for number in 0..FRAMES {
        let angle = TAU * f64::from(number) / f64::from(FRAMES);
        let mut frame = RgbImage::from_pixel(SIZE.0, SIZE.1, [128; 3].into());
        let border = (i64::from(SIZE.0) - i64::from(width)) / 2;
        overlay(&mut frame, &photo, border + (20.0 * angle.sin()) as i64, 10 + (10.0 * angle.cos()) as i64);
        JpegEncoder::new_with_quality(&mut film, 85).encode_image(&DynamicImage::from(frame)).unwrap();
    }
    film
}
