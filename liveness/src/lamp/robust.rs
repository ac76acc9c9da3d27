//! Medians, which a few bad values do not move.

/// The median; 0 of nothing. NaN sorts last.
pub(super) fn median(values: impl IntoIterator<Item = f32>) -> f32 {
    of_order(values, 2)
}

/// The value that a quarter of the others are below; 0 of nothing.
pub(super) fn lower_quartile(values: impl IntoIterator<Item = f32>) -> f32 {
    of_order(values, 4)
}

/// The value that one of `part` others is below.
fn of_order(values: impl IntoIterator<Item = f32>, part: usize) -> f32 {
    let mut values: Vec<f32> = values.into_iter().collect();
    if values.is_empty() {
        return 0.0;
    }
    let index = values.len() / part;
    let (_, value, _) = values.select_nth_unstable_by(index, f32::total_cmp);
    *value
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
        assert_eq!(lower_quartile([5.0, 1.0, 2.0, 4.0, 3.0]), 2.0);
        assert!((deviation([1.0, 2.0, 3.0, 4.0, 900.0], 3.0) - 1.4826).abs() < 1e-5);
    }
}
