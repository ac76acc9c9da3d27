//! Distance between the pixels of two crops: the baseline for encodings.

use models::Crop;

/// The root mean square difference between the pixels of two crops of equal size, with values from 0 to 1: 0 for equal
/// crops, 1 for black and white. This is the L2 distance divided by the square root of the number of values.
pub fn pixel_distance(a: &Crop, b: &Crop) -> f32 {
    let squared = |(a, b): (&u8, &u8)| u64::from(a.abs_diff(*b)).pow(2);
    let sum: u64 = a.pixels().iter().zip(b.pixels()).map(squared).sum();
    ((sum as f64 / a.pixels().len().max(1) as f64).sqrt() / 255.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixel_distance_by_hand() {
        let crop = |value: u8| Crop::from_rgb(4, vec![value; 48]).unwrap();
        for (a, b, expected) in [(0, 0, 0.0), (0, 255, 1.0), (255, 0, 1.0), (100, 151, 0.2)] {
            assert!((pixel_distance(&crop(a), &crop(b)) - expected).abs() < 1e-6, "{a} {b}");
        }
        let mut half = vec![0; 48];
        half[..12].fill(255);
        assert_eq!(pixel_distance(&crop(0), &Crop::from_rgb(4, half).unwrap()), 0.5);
    }
}
