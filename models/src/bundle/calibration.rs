//! What was measured with an encoder after it was made: the threshold and where it comes from.

use super::CALIBRATION_FILE;
use crate::ModelError;
use serde::{Deserialize, Serialize};

/// The content of `calibration.toml`, beside an encoder's manifest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Calibration {
    /// Two encodings whose L2 distance is at most this are taken for the same person; greater than 0, below 2.
    pub threshold: f32,
    /// How the threshold was found.
    pub threshold_from: String,
}

impl Calibration {
    /// Parses and checks a `calibration.toml`.
    ///
    /// # Errors
    /// [`ModelError::Description`] names the key that is wrong and what it may be.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let calibration: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if calibration.threshold > 0.0 && calibration.threshold < 2.0 {
            Ok(calibration)
        } else {
            Err(wrong("threshold is an L2 distance: greater than 0 and below 2"))
        }
    }

    /// The text of `calibration.toml`.
    ///
    /// # Errors
    /// [`ModelError::Description`] if a value cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, ModelError> {
        toml::to_string(self).map_err(|error| wrong(error.to_string()))
    }
}

fn wrong(reason: impl Into<String>) -> ModelError {
    ModelError::Description { path: CALIBRATION_FILE.into(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_distance_between_unit_vectors_is_a_threshold() {
        for (threshold, accepted) in
            [("1.05", true), ("0.0", false), ("-1.0", false), ("2.0", false), ("nan", false), ("\"1\"", false)]
        {
            let parsed = Calibration::parse(&format!("threshold = {threshold}\nthreshold-from = \"a test\""));
            assert_eq!(parsed.is_ok(), accepted, "{threshold}");
        }
    }
}
