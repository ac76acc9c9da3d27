//! Converts photos to camera frames: 1280x720, YUYV.

use anyhow::{Context, Result};
use image::imageops::{FilterType, overlay, resize};
use image::{Rgb, RgbImage};
use std::path::Path;

const WIDTH: u32 = 1280;
const HEIGHT: u32 = 720;

/// Scales the photo to fit, centres it on a grey frame, and returns the bytes in YUYV.
///
/// # Errors
/// If the photo cannot be read.
pub(super) fn yuyv(photo: &Path) -> Result<Vec<u8>> {
    let photo = image::open(photo).with_context(|| format!("{}: cannot be read", photo.display()))?.to_rgb8();
    let scale = (WIDTH as f32 / photo.width() as f32).min(HEIGHT as f32 / photo.height() as f32);
    let scaled = |length: u32| ((length as f32 * scale) as u32).max(1);
    let photo = resize(&photo, scaled(photo.width()), scaled(photo.height()), FilterType::Triangle);
    let mut frame = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([120; 3]));
    let middle = |length: u32, of: u32| i64::from((of - length) / 2);
    overlay(&mut frame, &photo, middle(photo.width(), WIDTH), middle(photo.height(), HEIGHT));
    Ok(frame.as_raw().as_chunks::<6>().0.iter().flat_map(|&pair| of_two_pixels(pair)).collect())
}

/// Converts two pixels to Y, U, Y, V; ITU-R BT.601 in limited range.
fn of_two_pixels([r0, g0, b0, r1, g1, b1]: [u8; 6]) -> [u8; 4] {
    let [first, second] = [[r0, g0, b0], [r1, g1, b1]].map(|pixel| pixel.map(f32::from));
    let luma = |[r, g, b]: [f32; 3]| (16.0 + (65.481 * r + 128.553 * g + 24.966 * b) / 255.0).round() as u8;
    let [r, g, b] = std::array::from_fn(|at| (first[at] + second[at]) / 2.0);
    let u = 128.0 + (-37.797 * r - 74.203 * g + 112.0 * b) / 255.0;
    let v = 128.0 + (112.0 * r - 93.786 * g - 18.214 * b) / 255.0;
    [luma(first), u.round() as u8, luma(second), v.round() as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours() {
        assert_eq!(of_two_pixels([255; 6]), [235, 128, 235, 128]);
        assert_eq!(of_two_pixels([0; 6]), [16, 128, 16, 128]);
        assert_eq!(of_two_pixels([255, 0, 0, 255, 0, 0]), [81, 90, 81, 240]);
    }
}
