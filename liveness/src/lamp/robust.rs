//! Medians, which a few bad values do not move.

/// The median; 0 of nothing. NaN sorts last.
pub(super) fn median(values: impl IntoIterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.into_iter().collect();
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    *median
}

/// The standard deviation of a normal distribution with this median absolute deviation from `centre`.
pub(super) fn deviation(values: impl IntoIterator<Item = f32>, centre: f32) -> f32 {
    1.4826 * median(values.into_iter().map(|value| (value - centre).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (values, expected) in [(vec![], 0.0), (vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0)] {
            assert_eq!(median(values), expected);
        }
        assert!((deviation([1.0, 2.0, 3.0, 4.0, 900.0], 3.0) - 1.4826).abs() < 1e-5);
    }
}
