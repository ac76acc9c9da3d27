//! Quantised activations: bytes with one scale and one zero point for a tensor.
//!
//! A byte represents `(byte - zero) * scale`. The zero point is a byte: 0 for a tensor without negative numbers, 128
//! for a symmetric range, and anything between for other ranges. ONNX's `int8` is stored with 128 added to bytes and
//! zero point, so all kernels process unsigned bytes.

use crate::error::LayerError;

/// The quantisation of a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    scale: f32,
    inverse: f32,
    zero: u8,
}

/// 1.5 * 2^23. Adding it to a number between -2^22 and 2^22 leaves the nearest integer, with halves rounded to even, in
/// the low bits of the mantissa.
const ROUNDING: f32 = 12_582_912.0;

impl Quantization {
    /// The quantisation with scale 1.
    pub const fn of_steps(zero: u8) -> Self {
        Self { scale: 1.0, inverse: 1.0, zero }
    }

    /// Makes a quantisation. `scale` must be finite and above 0; the byte `zero` represents the number 0.
    ///
    /// # Errors
    /// [`LayerError::Step`] if the scale is invalid.
    pub fn new(scale: f32, zero: u8) -> Result<Self, LayerError> {
        let is_step = scale.is_finite() && scale > 0.0;
        let found = scale;
        if is_step { Ok(Self { scale, inverse: 1.0 / scale, zero }) } else { Err(LayerError::Step { found }) }
    }

    /// The scale: the difference between two successive bytes.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The zero point: the byte that represents 0.
    pub fn zero(&self) -> u8 {
        self.zero
    }

    /// Quantises a number to the nearest byte, and saturates at the ends of the range. NaN becomes the lower end.
    pub fn byte_of(&self, number: f32) -> u8 {
        nearest_byte(number * self.inverse, self.zero)
    }

    /// The reciprocal of the scale.
    pub(crate) fn steps(&self) -> f32 {
        self.inverse
    }

    /// The number that a byte represents.
    pub fn number_of(&self, byte: u8) -> f32 {
        (f32::from(byte) - f32::from(self.zero)) * self.scale
    }
}

/// Rounds `steps` to the nearest integer, with halves to even, and clamps it to the range of a byte with this zero
/// point.
#[inline(always)]
pub(crate) fn nearest_byte(steps: f32, zero: u8) -> u8 {
    let shift = f32::from(zero);
    let (lowest, highest) = (-shift, 255.0 - shift);
    let steps = if steps > lowest { steps } else { lowest };
    let steps = if steps < highest { steps } else { highest };
    // The low eight bits of the mantissa: exact, because the number is clamped to the range of a byte.
    ((steps + ROUNDING).to_bits() as u8).wrapping_add(zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_the_nearest_bytes() {
        for (zero, number, byte) in [
            (0, 0.0, 0),
            (0, 0.5, 1),
            (0, 0.25, 0),
            (0, 0.75, 2),
            (0, -1.0, 0),
            (0, 127.5, 255),
            (0, 1e30, 255),
            (0, f32::NAN, 0),
            (128, 0.0, 128),
            (128, -0.5, 127),
            (128, 0.25, 128),
            (128, 63.5, 255),
            (128, -64.0, 0),
            (128, -1e30, 0),
            (40, 0.0, 40),
            (40, -20.5, 0),
            (40, 107.5, 255),
            (40, 108.0, 255),
            (255, 1.0, 255),
            (255, -1.0, 253),
        ] {
            assert_eq!(Quantization::new(0.5, zero).unwrap().byte_of(number), byte, "{number}, {zero}");
        }
    }

    #[test]
    fn bytes_survive() {
        for zero in [0, 1, 77, 128, 255] {
            let quantization = Quantization::new(0.037, zero).unwrap();
            assert!((0..=255).all(|byte| quantization.byte_of(quantization.number_of(byte)) == byte));
        }
    }
}
