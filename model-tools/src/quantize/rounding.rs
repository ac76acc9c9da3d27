//! Rounding to the nearest integer, ties to even, as in `QuantizeLinear` and `QLinearConv`.

/// From this magnitude on, adjacent floats are integers: adding the constant rounds, and subtracting it leaves the
/// integer. Without a rounding instruction of the processor, `f32::round_ties_even` is a function call for every
/// number.
const INTEGERS_ONLY: f32 = 12_582_912.0; // 1.5 * 2^23

/// Rounds to the nearest integer within the limits, which must be within -2^22 to 2^22.
pub(super) fn rounded(number: f32, lowest: f32, highest: f32) -> f32 {
    (number.clamp(lowest, highest) + INTEGERS_ONLY) - INTEGERS_ONLY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_to_nearest_with_ties_to_even() {
        for step in -1300..1300 {
            let number = step as f32 / 10.0;
            assert_eq!(rounded(number, -127.0, 127.0), number.clamp(-127.0, 127.0).round_ties_even(), "{number}");
        }
        for (number, expected) in [(0.5, 0.0), (1.5, 2.0), (-2.5, -2.0), (300.0, 255.0), (f32::INFINITY, 255.0)] {
            assert_eq!(rounded(number, -128.0, 255.0), expected, "{number}");
        }
    }
}
