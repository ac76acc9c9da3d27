//! Activations as bytes: one scale and one zero for a tensor.
//!
//! A byte stands for `(byte - zero) * scale`, where the zero is itself a byte: 0 for a tensor that is never negative,
//! 128 for one that reaches as far below zero as above it, and anything between for the others. ONNX's `int8` is stored
//! with 128 added to byte and zero point. So all kernels see unsigned bytes.

use crate::error::LayerError;

/// How numbers become bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    scale: f32,
    inverse: f32,
    zero: u8,
}

/// Adding this to a number between -2^22 and 2^22 leaves the nearest whole number, halves to the even one, in the last
/// bits: 1.5 * 2^23.
const ROUNDING: f32 = 12_582_912.0;

impl Quantisation {
    /// Bytes whose step is worth 1.
    pub const fn of_steps(zero: u8) -> Self {
        Self { scale: 1.0, inverse: 1.0, zero }
    }

    /// Bytes whose step is worth `scale`, a finite number above 0, and of which `zero` stands for the number 0.
    ///
    /// # Errors
    /// [`LayerError::Step`] if it is another.
    pub fn new(scale: f32, zero: u8) -> Result<Self, LayerError> {
        let is_step = scale.is_finite() && scale > 0.0;
        let found = scale;
        if is_step { Ok(Self { scale, inverse: 1.0 / scale, zero }) } else { Err(LayerError::Step { found }) }
    }

    /// What a step of one byte is worth.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The byte that stands for zero.
    pub fn zero(&self) -> u8 {
        self.zero
    }

    /// The byte nearest to a number; what lies beyond the ends becomes the end. NaN becomes the lower end.
    pub fn byte_of(&self, number: f32) -> u8 {
        nearest_byte(number * self.inverse, self.zero)
    }

    /// How many steps make up the number 1.
    pub(crate) fn steps(&self) -> f32 {
        self.inverse
    }

    /// What a byte stands for.
    pub fn number_of(&self, byte: u8) -> f32 {
        (f32::from(byte) - f32::from(self.zero)) * self.scale
    }
}

/// The whole number nearest to `steps`, halves to the even one, within what a byte with that zero can stand for.
#[inline(always)]
pub(crate) fn nearest_byte(steps: f32, zero: u8) -> u8 {
    let shift = f32::from(zero);
    let (lowest, highest) = (-shift, 255.0 - shift);
    let steps = if steps > lowest { steps } else { lowest };
    let steps = if steps < highest { steps } else { highest };
    // The last eight bits of the mantissa: exact, as the number has been clamped to a byte's range.
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
            assert_eq!(Quantisation::new(0.5, zero).unwrap().byte_of(number), byte, "{number}, {zero}");
        }
    }

    #[test]
    fn bytes_survive() {
        for zero in [0, 1, 77, 128, 255] {
            let quantisation = Quantisation::new(0.037, zero).unwrap();
            assert!((0..=255).all(|byte| quantisation.byte_of(quantisation.number_of(byte)) == byte));
        }
    }
}
