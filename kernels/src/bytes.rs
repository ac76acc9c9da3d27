//! Activations as bytes: one scale for a tensor, zero at 0 or at 128.
//!
//! A byte stands for `(byte - zero) * scale`. Tensors that are never negative have their zero at 0 (ONNX's `uint8`
//! with zero point 0), the others at 128 (`int8` with zero point 0, stored with 128 added). So all kernels see unsigned
//! bytes.

use crate::error::LayerError;

/// How numbers become bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantisation {
    scale: f32,
    inverse: f32,
    zero: u8,
}

/// Whether a tensor can hold numbers below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// None below zero: 0 to 255 steps.
    Unsigned,
    /// -128 to 127 steps.
    Signed,
}

impl Sign {
    /// The byte that stands for zero.
    pub const fn zero(self) -> u8 {
        match self {
            Self::Unsigned => 0,
            Self::Signed => 128,
        }
    }
}

/// Adding this to a number between -2^22 and 2^22 leaves the nearest whole number, halves to the even one, in the last
/// bits: 1.5 * 2^23.
const ROUNDING: f32 = 12_582_912.0;

impl Quantisation {
    /// Bytes whose step is worth 1.
    pub const fn of_steps(sign: Sign) -> Self {
        Self { scale: 1.0, inverse: 1.0, zero: sign.zero() }
    }

    /// Bytes whose step is worth `scale`, a finite number above 0.
    ///
    /// # Errors
    /// [`LayerError::Step`] if it is another.
    pub fn new(scale: f32, sign: Sign) -> Result<Self, LayerError> {
        let is_step = scale.is_finite() && scale > 0.0;
        let found = scale;
        if is_step {
            Ok(Self { scale, inverse: 1.0 / scale, zero: sign.zero() })
        } else {
            Err(LayerError::Step { found })
        }
    }

    /// What a step of one byte is worth.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The byte that stands for zero: 0 or 128.
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
        use Sign::{Signed, Unsigned};
        for (sign, number, byte) in [
            (Unsigned, 0.0, 0),
            (Unsigned, 0.5, 1),
            (Unsigned, 0.25, 0),
            (Unsigned, 0.75, 2),
            (Unsigned, -1.0, 0),
            (Unsigned, 127.5, 255),
            (Unsigned, 1e30, 255),
            (Unsigned, f32::NAN, 0),
            (Signed, 0.0, 128),
            (Signed, -0.5, 127),
            (Signed, 0.25, 128),
            (Signed, 63.5, 255),
            (Signed, -64.0, 0),
            (Signed, -1e30, 0),
        ] {
            assert_eq!(Quantisation::new(0.5, sign).unwrap().byte_of(number), byte, "{number}, {sign:?}");
        }
    }

    #[test]
    fn bytes_survive() {
        for sign in [Sign::Unsigned, Sign::Signed] {
            let quantisation = Quantisation::new(0.037, sign).unwrap();
            assert!((0..=255).all(|byte| quantisation.byte_of(quantisation.number_of(byte)) == byte));
        }
    }
}
