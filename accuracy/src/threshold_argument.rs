//! Parsing of thresholds on a command line.

/// Parses the value of `--threshold`.
///
/// # Errors
/// A message for the user, if the text is not an L2 distance between unit vectors.
pub fn parse_threshold(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(distance) if (0.0..=2.0).contains(&distance) => Ok(distance),
        _ => Err("a threshold is an L2 distance from 0 to 2; smaller is stricter".to_owned()),
    }
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
}
