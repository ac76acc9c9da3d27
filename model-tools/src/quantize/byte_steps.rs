//! How the bytes of a quantised value map to numbers.

use super::rounding::rounded;

/// The largest byte.
pub(super) const BYTE: f32 = 255.0;

/// Maps bytes to numbers: `(byte - zero) * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    pub(super) scale: f32,
    pub(super) zero: u8,
}

impl Steps {
    /// The steps that cover this range below and above zero. If both are 0, any steps are valid.
    pub(super) fn reaching(below: f64, above: f64) -> Self {
        let whole = below + above;
        let zero = (f64::from(BYTE) * below / whole).round();
        // The zero point is an integer, so one side may need a larger step than the whole range.
        let sides = [(below, zero), (above, f64::from(BYTE) - zero)];
        let scale = sides.into_iter().filter(|side| side.1 > 0.0).map(|(reach, bytes)| reach / bytes);
        let scale = scale.fold(0.0, f64::max) as f32;
        if scale.is_normal() { Self { scale, zero: zero as u8 } } else { Self { scale: 1.0, zero: 0 } }
    }

    /// Rounds a number to the nearest representable one.
    pub(super) fn rounded(self, number: f32) -> f32 {
        let zero = f32::from(self.zero);
        rounded(number / self.scale, -zero, BYTE - zero) * self.scale
    }
}
