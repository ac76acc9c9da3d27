//! Which threshold holds: L2 distance up to which two encodings are taken for the same person.

/// Parses the value of `--threshold`.
///
/// # Errors
/// What the user is told, if it is no L2 distance between unit vectors.
pub(crate) fn parse_threshold(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(distance) if (0.0..=2.0).contains(&distance) => Ok(distance),
        _ => Err("a threshold is an L2 distance from 0 to 2; smaller is stricter".to_owned()),
    }
}

/// The one on the command line, else the database's own, else the encoder's.
pub(crate) fn in_force(asked_for: Option<f32>, of_database: Option<f32>, of_encoder: f32) -> f32 {
    asked_for.or(of_database).unwrap_or(of_encoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_distances_are_thresholds() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("0.7", Some(0.7)),
            ("2", Some(2.0)),
            ("2.001", None),
            ("-0.1", None),
            ("nan", None),
            ("inf", None),
            ("70%", None),
            ("", None),
        ] {
            assert_eq!(parse_threshold(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_nearest_word_counts() {
        for (asked_for, of_database, expected) in
            [(Some(0.5), Some(0.9), 0.5), (Some(0.0), Some(0.9), 0.0), (None, Some(0.9), 0.9), (None, None, 1.05)]
        {
            assert_eq!(in_force(asked_for, of_database, 1.05), expected);
        }
    }
}
