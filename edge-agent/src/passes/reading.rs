//! Reads the QR code in a picture.

use crate::reports::{Allowance, since_start};
use models::Frame;
use rxing::BarcodeFormat;
use rxing::helpers::detect_in_luma_slice;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A picture without colour.
#[derive(Debug, Default)]
pub(super) struct Luma {
    pixels: Vec<u8>,
    width: u32,
    height: u32,
}

impl Luma {
    /// Takes over the brightness of a frame.
    pub(super) fn copy(&mut self, frame: &Frame) {
        (self.width, self.height) = (frame.width(), frame.height());
        self.pixels.clear();
        let brightness = |&[red, green, blue]: &[u8; 3]| {
            // At most 255: the weights add up to 256.
            ((77 * u32::from(red) + 150 * u32::from(green) + 29 * u32::from(blue)) >> 8) as u8
        };
        self.pixels.extend(frame.pixels().as_chunks::<3>().0.iter().map(brightness));
    }
}

/// Reads codes, and reports panics of the library within a rate limit.
#[derive(Debug, Default)]
pub(super) struct Reading {
    panics: Allowance,
}

impl Reading {
    /// The text of the QR code in a picture; `None` if no code can be read.
    pub(super) fn text(&mut self, picture: &Luma) -> Option<String> {
        let Luma { pixels, width, height } = picture;
        let read = || detect_in_luma_slice(pixels, *width, *height, Some(BarcodeFormat::QR_CODE)).ok();
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(found) => found.map(|code| code.getText().to_owned()),
            Err(_) => {
                if let Some(unreported) = self.panics.take(since_start()) {
                    tracing::error!(
                        "a picture broke the reading of QR codes; passes in other pictures are read ({unreported} similar \
                         messages were not logged)"
                    );
                }
                None
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use fastrand::Rng;
    use image::codecs::jpeg::JpegEncoder;
    use image::{DynamicImage, GrayImage, Luma as Pixel, RgbImage};
    use qrcode::bits::Bits;
    use qrcode::{Color, EcLevel, QrCode, Version};

    /// The modules of a code as `encoder-tool pass issue` makes it: version 6 with error correction M.
    fn modules(text: &str) -> (usize, Vec<bool>) {
        let mut bits = Bits::new(Version::Normal(6));
        bits.push_alphanumeric_data(text.as_bytes()).unwrap();
        bits.push_terminator(EcLevel::M).unwrap();
        let code = QrCode::with_bits(bits, EcLevel::M).unwrap();
        (code.width(), code.to_colors().into_iter().map(|colour| colour == Color::Dark).collect())
    }

    /// A code of `side` pixels with its border on a frame of 1280 x 720, turned by `roll` radians and tilted in depth.
    fn on_a_frame(text: &str, side: f32, [roll, tilt]: [f32; 2], rng: &mut Rng) -> GrayImage {
        let (width, dark) = modules(text);
        let whole = width as f32 + 8.0;
        let (centre_x, centre_y) = (340.0 + 600.0 * rng.f32(), 200.0 + 320.0 * rng.f32());
        let at = |x: f32, y: f32| -> f32 {
            let (x, y) = (x - centre_x, y - centre_y);
            let (x, y) = (x * roll.cos() + y * roll.sin(), y * roll.cos() - x * roll.sin());
            // A plane that is turned about its vertical axis, seen from three times its width.
            let depth = 3.0 * side;
            let along = x * depth / (depth * tilt.cos() - x * tilt.sin());
            let up = y * (depth + along * tilt.sin()) / depth;
            let (column, row) = (along / side * whole + whole / 2.0 - 4.0, up / side * whole + whole / 2.0 - 4.0);
            let is_in = |value: f32| value >= 0.0 && value < width as f32;
            match (is_in(column) && is_in(row)).then(|| dark[row as usize * width + column as usize]) {
                Some(true) => 30.0,
                _ if column.abs().max(row.abs()) < whole && column > -4.0 && row > -4.0 => 225.0,
                _ => 110.0,
            }
        };
        // Four samples for each pixel, as a sensor sees it.
        GrayImage::from_fn(1280, 720, |x, y| {
            let sum: f32 = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
                .into_iter()
                .map(|(dx, dy)| at(x as f32 + dx, y as f32 + dy))
                .sum();
            Pixel([(sum / 4.0) as u8])
        })
    }

    /// What a cheap camera makes of it: blur, noise, and a JPEG of quality 70.
    fn through_a_camera(picture: &GrayImage, rng: &mut Rng) -> Frame {
        let mut blurred = image::imageops::blur(picture, 0.8);
        for pixel in blurred.pixels_mut() {
            // The sum of twelve numbers is close to a normal distribution: sigma 5.
            let noise = (0..12).map(|_| rng.f32()).sum::<f32>() - 6.0;
            pixel.0[0] = (f32::from(pixel.0[0]) + 5.0 * noise).clamp(0.0, 255.0) as u8;
        }
        let colour: RgbImage = DynamicImage::ImageLuma8(blurred).to_rgb8();
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 70).encode_image(&colour).unwrap();
        let decoded = image::load_from_memory(&jpeg).unwrap().to_rgb8();
        Frame::from_rgb(1280, 720, decoded.into_raw()).unwrap()
    }

    /// A frame with a code in front of the camera.
    pub(crate) fn frame_with(text: &str, seed: u64) -> Frame {
        let mut rng = Rng::with_seed(seed);
        let tilts = [rng.f32() - 0.5, 0.7 * (rng.f32() - 0.5)];
        let picture = on_a_frame(text, 200.0, tilts, &mut rng);
        through_a_camera(&picture, &mut rng)
    }

    fn read(frame: &Frame) -> Option<String> {
        let mut luma = Luma::default();
        luma.copy(frame);
        Reading::default().text(&luma)
    }

    /// 200 pixels with the border, turned by up to 29 degrees, tilted by up to 20.
    #[test]
    fn the_longest_pass_is_read_twenty_times_of_twenty() {
        let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
        for seed in 1..=20 {
            let mut rng = Rng::with_seed(seed);
            let text: String = (0..150).map(|_| char::from(alphabet[rng.usize(..45)])).collect();
            assert_eq!(read(&frame_with(&text, seed)).as_ref(), Some(&text), "seed {seed}");
        }
    }

    #[test]
    fn pictures_without_a_code_give_nothing() {
        let mut rng = Rng::with_seed(1);
        for (width, height) in [(1, 1), (2, 900), (40, 40), (640, 480)] {
            let noise = (0..3 * width * height).map(|_| rng.u8(..)).collect();
            assert_eq!(read(&Frame::from_rgb(width, height, noise).unwrap()), None, "{width} x {height}");
            let even = vec![128; 3 * (width * height) as usize];
            assert_eq!(read(&Frame::from_rgb(width, height, even).unwrap()), None, "{width} x {height}");
        }
    }

    #[test]
    fn brightness_is_a_mean_of_the_colours() {
        let pixels = vec![0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255];
        let mut luma = Luma::default();
        luma.copy(&Frame::from_rgb(5, 1, pixels).unwrap());
        assert_eq!(luma.pixels, [0, 255, 76, 149, 28]);
    }
}
