//! How a network was quantised, and how much its encodings changed. For information only: no program uses these values.

use super::rules::{is_sha256, require};
use serde::{Deserialize, Serialize};

/// `[quantisation]` of an encoder's manifest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Quantisation {
    /// SHA-256 of the network in floats, lower-case hexadecimal.
    pub source_sha256: String,
    /// SHA-256 over the SHA-256 digests (32 bytes each, in ascending order) of the photos used to measure ranges.
    pub calibration_sha256: String,
    /// Number of faces used to measure ranges.
    pub crops: usize,
    /// Number of faces used to measure the two cosines; these are different photos of different people.
    pub held_out_crops: usize,
    /// Mean cosine between the encodings of the float network and of the integer network, -1 to 1.
    pub cosine_mean: f64,
    /// The smallest of these cosines.
    pub cosine_min: f64,
}

impl Quantisation {
    pub(super) fn check(&self) -> Result<(), String> {
        let digests = is_sha256(&self.source_sha256) && is_sha256(&self.calibration_sha256);
        require(
            digests,
            "quantisation.source-sha256 and quantisation.calibration-sha256 must be 64 hexadecimal digits",
        )?;
        let cosines = (-1.0..=self.cosine_mean).contains(&self.cosine_min) && self.cosine_mean <= 1.0;
        require(
            cosines,
            "quantisation.cosine-min and quantisation.cosine-mean must be -1 to 1, with cosine-min at most cosine-mean",
        )?;
        require(self.crops > 0 && self.held_out_crops > 0, "quantisation.crops and held-out-crops must be above 0")
    }

    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        Self {
            source_sha256: "0".repeat(64),
            calibration_sha256: "1".repeat(64),
            crops: 3,
            held_out_crops: 1,
            cosine_mean: 0.999,
            cosine_min: 0.99,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_named() {
        Quantisation::sample().check().unwrap();
        type Change = fn(&mut Quantisation);
        let cases: [(&str, Change); 6] = [
            ("source-sha256", |q| q.source_sha256.push('0')),
            ("calibration-sha256", |q| q.calibration_sha256.clear()),
            ("cosine-mean", |q| q.cosine_mean = 1.5),
            ("cosine-min", |q| q.cosine_min = f64::NAN),
            ("cosine-min", |q| q.cosine_min = 1.0),
            ("crops", |q| q.held_out_crops = 0),
        ];
        for (named, change) in cases {
            let mut sample = Quantisation::sample();
            change(&mut sample);
            let message = sample.check().unwrap_err();
            assert!(message.contains(named), "{named}: {message}");
        }
    }
}
