//! A pass as a picture: a QR code in black and white.

use anyhow::{Context, anyhow};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// Pixels of a module: sharp on a phone, and large enough to print.
const MODULE_PIXELS: usize = 12;
/// The white border that the standard requires, in modules.
const QUIET_MODULES: usize = 4;
/// Larger codes are not needed for a pass, and harder to read.
const LARGEST: i16 = 10;

/// The text as a PNG. It must consist of characters of base45.
///
/// # Errors
/// If it is too long, or has other characters.
pub(super) fn png(text: &str) -> anyhow::Result<Vec<u8>> {
    let code = (1..=LARGEST).find_map(|version| code(text, Version::Normal(version)));
    let code = code.ok_or_else(|| anyhow!("{} characters do not fit into a QR code", text.len()))?;
    let modules = code.width();
    let side = (modules + 2 * QUIET_MODULES) * MODULE_PIXELS;
    let colours = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        let module = |at: usize| (at / MODULE_PIXELS).checked_sub(QUIET_MODULES).filter(|module| *module < modules);
        module(x).zip(module(y)).is_some_and(|(x, y)| colours[y * modules + x] == Color::Dark)
    };
    let pixels: Vec<u8> = (0..side * side).map(|at| if is_dark(at % side, at / side) { 0 } else { 255 }).collect();
    let mut png = Vec::new();
    // Not truncated: at most 65 modules of 12 pixels.
    PngEncoder::new(&mut png)
        .write_image(&pixels, side as u32, side as u32, ExtendedColorType::L8)
        .context("cannot encode the picture")?;
    Ok(png)
}

/// `None` if the text does not fit.
fn code(text: &str, version: Version) -> Option<QrCode> {
    let mut bits = Bits::new(version);
    bits.push_alphanumeric_data(text.as_bytes()).ok()?;
    bits.push_terminator(EcLevel::M).ok()?;
    QrCode::with_bits(bits, EcLevel::M).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_of_any_length_becomes_a_small_code() {
        for (characters, modules) in [(1, 21), (125, 41), (150, 41), (154, 41), (155, 45)] {
            let png = png(&"A".repeat(characters)).unwrap();
            let picture = image::load_from_memory(&png).unwrap();
            assert_eq!(picture.width(), (modules + 8) * 12, "{characters}");
            assert_eq!(picture.to_luma8().get_pixel(0, 0).0, [255]);
            assert_eq!(picture.to_luma8().get_pixel(48, 48).0, [0]);
        }
        assert!(png(&"A".repeat(1000)).is_err());
    }
}
