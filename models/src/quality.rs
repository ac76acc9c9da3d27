//! Quality measures of an aligned crop, which are cheaper than encoding. The caller decides which values are good
//! enough.

use crate::Crop;

/// Variance of the Laplacian of the crop's luma, 0 (even) upwards (Pech-Pacheco et al., "Diatom autofocusing in
/// brightfield microscopy", ICPR 2000). The Laplacian is the four neighbours less four times the pixel, luma is
/// ITU-R BT.601's on 0 to 255.
pub fn sharpness(crop: &Crop) -> f32 {
    let side = crop.side() as usize;
    let luma: Vec<f64> = luma(crop).collect();
    let (mut count, mut sum, mut sum_of_squares) = (0.0, 0.0, 0.0);
    for y in 1..side.saturating_sub(1) {
        for x in 1..side - 1 {
            let at = y * side + x;
            let laplacian = luma[at - 1] + luma[at + 1] + luma[at - side] + luma[at + side] - 4.0 * luma[at];
            count += 1.0;
            sum += laplacian;
            sum_of_squares += laplacian * laplacian;
        }
    }
    if count == 0.0 {
        return 0.0;
    }
    let mean = sum / count;
    (sum_of_squares / count - mean * mean) as f32
}

/// Mean luma of the crop, 0 (black) to 255 (white); 0 for a crop without pixels.
pub fn brightness(crop: &Crop) -> f32 {
    let pixels = crop.pixels().len() / 3;
    (luma(crop).sum::<f64>() / pixels.max(1) as f64) as f32
}

/// Luma by ITU-R BT.601, 0 to 255.
fn luma(crop: &Crop) -> impl Iterator<Item = f64> + '_ {
    let pixels = crop.pixels().as_chunks::<3>().0;
    pixels.iter().map(|&[red, green, blue]| 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop(side: u32, value: impl Fn(u32, u32) -> u8) -> Crop {
        let pixels = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).flat_map(|(x, y)| [value(x, y); 3]);
        Crop::from_rgb(side, pixels.collect()).unwrap()
    }

    #[test]
    fn sharpness_by_hand() {
        let plain = crop(16, |_, _| 200);
        let slope = crop(16, |x, y| (3 * x + 5 * y) as u8);
        let board = crop(16, |x, y| if (x + y) % 2 == 0 { 100 } else { 101 });
        for (crop, expected) in [(plain, 0.0), (slope, 0.0), (board, 16.0), (crop(2, |x, _| x as u8), 0.0)] {
            assert!((sharpness(&crop) - expected).abs() < 1e-3, "{} for {expected}", sharpness(&crop));
        }
    }

    #[test]
    fn brightness_by_hand() {
        let red = Crop::from_rgb(1, vec![100, 0, 0]).unwrap();
        let empty = Crop::from_rgb(0, Vec::new()).unwrap();
        for (crop, expected) in [(crop(4, |_, _| 77), 77.0), (red, 29.9), (crop(2, |x, _| x as u8), 0.5), (empty, 0.0)]
        {
            assert!((brightness(&crop) - expected).abs() < 1e-4, "{} for {expected}", brightness(&crop));
        }
    }
}
