//! Calibration of an encoder: its threshold, the source of the threshold, and the distributions of L2 distances.

use super::CALIBRATION_FILE;
use super::distances::{Mated, NonMated};
use crate::ModelError;
use serde::{Deserialize, Serialize};

/// The content of `calibration.toml`, which is stored beside an encoder's manifest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Calibration {
    /// Two encodings with at most this L2 distance match; greater than 0, below 2.
    pub threshold: f32,
    /// How the threshold was determined.
    pub threshold_from: String,
    /// The distribution of non-mated distances; `None` if it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_mated: Option<NonMated>,
    /// The distribution of non-mated distances between a stranger in a grey picture and a person enrolled in colour;
    /// `None` if it was not measured. It approximates infrared: the grey pictures are converted colour photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub non_mated_grey: Option<NonMated>,
    /// The distribution of mated distances; `None` if it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mated: Option<Mated>,
}

impl Calibration {
    /// Parses and checks a `calibration.toml`.
    ///
    /// # Errors
    /// [`ModelError::Description`] names the invalid key and its valid values.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let calibration: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if !(calibration.threshold > 0.0 && calibration.threshold < 2.0) {
            return Err(wrong("threshold is an L2 distance: greater than 0 and below 2"));
        }
        for (table, known) in [("non-mated", &calibration.non_mated), ("non-mated-grey", &calibration.non_mated_grey)] {
            known.as_ref().map_or(Ok(()), |known| known.check(table)).map_err(wrong)?;
        }
        calibration.mated.as_ref().map_or(Ok(()), Mated::check).map_err(wrong)?;
        Ok(calibration)
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
    use super::super::Quantile;
    use super::*;

    fn full() -> Calibration {
        let row = |rate, distance| Quantile { rate, distance, low: rate / 2.0, high: rate * 2.0 };
        let quantiles = vec![row(0.1, 1.25), row(0.001, 1.125)];
        let non_mated =
            NonMated { format: NonMated::FORMAT, source: "photos".to_owned(), people: 3, pairs: 1000, quantiles };
        Calibration {
            threshold: 1.0,
            threshold_from: "a test".to_owned(),
            non_mated_grey: Some(NonMated { source: "photos in grey".to_owned(), ..non_mated.clone() }),
            non_mated: Some(non_mated),
            mated: Some(Mated { pairs: 10, farther: vec![(0.5, 0.75), (0.25, 1.0)] }),
        }
    }

    #[test]
    fn a_calibration_survives_being_written() {
        for calibration in [full(), Calibration { non_mated_grey: None, ..full() }] {
            assert_eq!(Calibration::parse(&calibration.to_toml().unwrap()).unwrap(), calibration);
        }
    }

    #[test]
    fn invalid_distances_are_named() {
        type Change = fn(&mut Calibration);
        let cases: [(&str, Change); 10] = [
            ("non-mated.format is 0", |c| c.non_mated.iter_mut().for_each(|known| known.format = 0)),
            ("non-mated.quantiles", |c| c.non_mated.iter_mut().for_each(|known| known.quantiles.truncate(1))),
            ("non-mated.quantiles", |c| c.non_mated.iter_mut().for_each(|known| known.quantiles.reverse())),
            ("non-mated.quantiles", |c| c.non_mated.iter_mut().for_each(|known| known.quantiles[0].rate = 0.0)),
            ("non-mated.quantiles", |c| c.non_mated.iter_mut().for_each(|known| known.quantiles[0].high = 0.01)),
            ("non-mated.quantiles", |c| c.non_mated.iter_mut().for_each(|known| known.quantiles[1].high = 1.0)),
            ("non-mated-grey.format is 1", |c| c.non_mated_grey.iter_mut().for_each(|known| known.format = 1)),
            ("non-mated-grey.quantiles", |c| c.non_mated_grey.iter_mut().for_each(|known| known.quantiles.clear())),
            ("mated.farther", |c| c.mated.iter_mut().for_each(|known| known.farther[0].1 = 1.5)),
            ("mated.farther", |c| c.mated.iter_mut().for_each(|known| known.farther.clear())),
        ];
        for (named, change) in cases {
            let mut calibration = full();
            change(&mut calibration);
            let message = Calibration::parse(&calibration.to_toml().unwrap()).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }

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
