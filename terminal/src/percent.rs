//! Formats rates in percent.

/// Formats a rate, 0 to 1, in percent with two significant digits or one decimal place: `0.0010 %`, `3.2 %`, `12.5 %`.
/// Only a rate of exactly 0 is shown as zero, and only a rate of exactly 1 as a hundred.
pub fn percent(rate: f64) -> String {
    let percent = 100.0 * rate;
    let from_the_end = 100.0 * rate.min(1.0 - rate);
    if from_the_end <= 0.0 {
        return format!("{percent:.0} %");
    }
    // The position of the first nonzero digit; 1 means tenths. Slightly increased, because 1 - 0.99999 is rounded down.
    let place = -(from_the_end.log10() + 1e-9).floor();
    let digits = (place + 1.0).clamp(1.0, 15.0) as usize;
    format!("{percent:.digits$} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A regression: a rate of 1e-5 was shown as `0.00 %`.
    #[test]
    fn a_small_rate_is_not_printed_as_zero() {
        for (rate, expected) in [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (1e-5, "0.0010 %"),
            (4.2e-4, "0.042 %"),
            (0.001, "0.10 %"),
            (0.032, "3.2 %"),
            (0.125, "12.5 %"),
            (0.999, "99.90 %"),
            (0.999_99, "99.9990 %"),
        ] {
            assert_eq!(percent(rate), expected, "{rate}");
        }
    }
}
