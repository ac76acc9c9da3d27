//! Converts a decoder's samples to 8-bit RGB, in place except for grey pictures.

use image::ColorType;

/// Converts to interleaved 8-bit RGB: rounds 16-bit samples (native byte order), blends transparency with white,
/// repeats grey. `None` for unsupported colour types.
pub(super) fn from_samples(mut samples: Vec<u8>, colour: ColorType) -> Option<Vec<u8>> {
    use ColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
    match colour {
        L8 | La8 | Rgb8 | Rgba8 => {}
        L16 | La16 | Rgb16 | Rgba16 => round_to_8_bits(&mut samples),
        _ => return None,
    }
    match colour.channel_count() {
        2 => lay_over_white::<2>(&mut samples),
        4 => lay_over_white::<4>(&mut samples),
        _ => {}
    }
    Some(if colour.has_color() { samples } else { samples.into_iter().flat_map(|grey| [grey; 3]).collect() })
}

fn round_to_8_bits(samples: &mut Vec<u8>) {
    let count = samples.len() / 2;
    for at in 0..count {
        let wide = u32::from(u16::from_ne_bytes([samples[2 * at], samples[2 * at + 1]]));
        samples[at] = ((wide + 128) / 257) as u8;
    }
    shorten(samples, count);
}

/// Removes the alpha channel, which is the last of `CHANNELS`.
fn lay_over_white<const CHANNELS: usize>(samples: &mut Vec<u8>) {
    let colours = CHANNELS - 1;
    let count = samples.len() / CHANNELS;
    for pixel in 0..count {
        let alpha = samples[CHANNELS * pixel + colours];
        for channel in 0..colours {
            samples[colours * pixel + channel] = over_white(samples[CHANNELS * pixel + channel], alpha);
        }
    }
    shorten(samples, colours * count);
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let darker = (u32::from(255 - value) * u32::from(alpha) + 127) / 255;
    255 - darker as u8
}

fn shorten(samples: &mut Vec<u8>, length: usize) {
    samples.truncate(length);
    samples.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(samples: &[u16]) -> Vec<u8> {
        samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect()
    }

    #[test]
    fn every_kind_becomes_rgb() {
        for (colour, samples, expected) in [
            (ColorType::Rgb8, vec![1, 2, 3, 4, 5, 6], vec![1, 2, 3, 4, 5, 6]),
            (ColorType::L8, vec![7, 9], vec![7, 7, 7, 9, 9, 9]),
            (ColorType::La8, vec![7, 255, 9, 0], vec![7, 7, 7, 255, 255, 255]),
            (
                ColorType::Rgba8,
                vec![1, 2, 3, 255, 1, 2, 3, 0, 0, 0, 0, 128],
                vec![1, 2, 3, 255, 255, 255, 127, 127, 127],
            ),
            (ColorType::Rgb16, wide(&[0, 257, 65535, 128, 129, 32896]), vec![0, 1, 255, 0, 1, 128]),
            (ColorType::L16, wide(&[514]), vec![2, 2, 2]),
            (ColorType::La16, wide(&[514, 65535, 514, 0]), vec![2, 2, 2, 255, 255, 255]),
            (ColorType::Rgba16, wide(&[257, 514, 771, 65535, 0, 0, 0, 0]), vec![1, 2, 3, 255, 255, 255]),
        ] {
            assert_eq!(from_samples(samples, colour), Some(expected), "{colour:?}");
        }
        assert_eq!(from_samples(vec![0; 12], ColorType::Rgb32F), None);
    }

    #[test]
    fn what_is_opaque_stays_and_what_is_transparent_is_white() {
        for value in 0..=255 {
            assert_eq!(over_white(value, 255), value);
            assert_eq!(over_white(value, 0), 255);
        }
    }
}
