//! `kind = "pad"`: a network for presentation attack detection (PAD, ISO/IEC 30107), which tells live faces from pictures
//! of faces. [`pad`](crate::pad) runs it.

use super::CALIBRATION_FILE;
use super::parts::{CropGeometry, Input, Network, Provenance};
use super::quantization::Quantization;
use super::rules::require;
use crate::ModelError;
use serde::{Deserialize, Serialize};

/// The most classes of a PAD network: live, and some kinds of attack.
pub const MOST_CLASSES: usize = 16;

/// The manifest of a PAD network.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PadManifest {
    /// The family of the network, for human readers, such as `minifasnet`.
    pub profile: String,
    /// How many numbers the network gives, one for each class, 2 to [`MOST_CLASSES`]. Their softmax is the probability
    /// of each class.
    pub classes: usize,
    /// The class of live faces, counted from 0.
    pub live_class: usize,
    /// The network itself.
    pub network: Network,
    /// How pixels become the input tensor.
    pub input: Input,
    /// How the crop is cut from the frame.
    pub crop: CropGeometry,
    /// Where the network comes from.
    pub provenance: Provenance,
    /// How the network was quantised; `None` if it was not.
    #[serde(rename = "quantisation", skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
}

/// The content of `calibration.toml`, which is stored beside a PAD network's manifest.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PadCalibration {
    /// The smallest probability of a live face, as the mean over several frames, at which
    /// it counts as live; above 0 and below 1.
    pub threshold: f32,
    /// How the threshold was determined.
    pub threshold_from: String,
}

impl PadManifest {
    pub(super) fn check(&self) -> Result<(), String> {
        require((2..=MOST_CLASSES).contains(&self.classes), "classes must be 2 to 16")?;
        require(self.live_class < self.classes, "live-class must be less than classes")?;
        self.input.check()?;
        self.quantization.as_ref().map_or(Ok(()), Quantization::check)?;
        let by_box = matches!(self.crop, CropGeometry::Box { .. } | CropGeometry::BoxInFrame { .. });
        require(by_box, "crop.align of a PAD network must be box or box-in-frame")?;
        self.crop.check()
    }
}

impl PadCalibration {
    /// Parses and checks a `calibration.toml`.
    ///
    /// # Errors
    /// [`ModelError::Description`] names the invalid key and its valid values.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let calibration: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        match calibration.threshold > 0.0 && calibration.threshold < 1.0 {
            true => Ok(calibration),
            false => Err(wrong("threshold is a probability: greater than 0 and below 1")),
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
pub(crate) mod tests {
    use super::*;
    use crate::bundle::{Manifest, PadBundle};
    use std::borrow::Cow;

    pub(crate) fn manifest() -> String {
        let digest = "0".repeat(64);
        format!(
            "kind = \"pad\"\nprofile = \"somebodys\"\nclasses = 3\nlive-class = 0\n\
             [network]\nfile = \"pad.onnx\"\nsha256 = \"{digest}\"\n\
             [input]\nchannels = \"bgr\"\nsubtract = 0.0\ndivide = 1.0\n\
             [crop]\nalign = \"box-in-frame\"\nside = 80\nenlarge = 2.5\n\
             [provenance]\nname = \"somebody's network\"\nlicence = \"Apache-2.0\"\nsource = \"somewhere\"\nsource-sha256 = \"{digest}\"\n"
        )
    }

    impl PadBundle {
        /// A bundle without a network.
        pub(crate) fn sample() -> Self {
            let Manifest::Pad(manifest) = Manifest::parse(&manifest()).unwrap() else { panic!("a PAD network") };
            let calibration = PadCalibration { threshold: 0.5, threshold_from: "a test".to_owned() };
            Self { manifest, calibration, network: Cow::Borrowed(&[]) }
        }
    }

    #[test]
    fn a_manifest_survives_being_written() {
        let parsed = Manifest::parse(&manifest()).unwrap();
        assert_eq!(Manifest::parse(&parsed.to_toml().unwrap()).unwrap(), parsed);
    }

    #[test]
    fn a_wrong_value_is_named() {
        let landmarks = "landmarks\"\ntemplate = [[1.0, 1.0], [2.0, 1.0], [1.5, 2.0], [1.0, 3.0], [2.0, 3.0]]";
        for (was, becomes, named) in [
            ("classes = 3", "classes = 1", "classes"),
            ("classes = 3", "classes = 17", "classes"),
            ("live-class = 0", "live-class = 3", "live-class"),
            ("live-class = 0\n", "", "live-class"),
            ("divide = 1.0", "divide = 0.0", "input.divide"),
            ("side = 80", "side = 8", "crop.side"),
            ("enlarge = 2.5", "enlarge = 5.5", "crop.enlarge"),
            ("enlarge = 2.5", "enlarge = nan", "crop.enlarge"),
            ("box-in-frame\"", landmarks, "enlarge"),
            ("box-in-frame\"\nside = 80\nenlarge = 2.5", &format!("{landmarks}\nside = 80"), "crop.align"),
            ("file = \"pad.onnx\"", "file = \"../pad.onnx\"", "network.file"),
            ("profile", "profil", "profil"),
        ] {
            let error = Manifest::parse(&manifest().replace(was, becomes)).unwrap_err().to_string();
            assert!(error.contains(named), "{becomes}: {error}");
        }
    }

    #[test]
    fn only_a_probability_is_a_threshold() {
        for (threshold, accepted) in
            [("0.5", true), ("0.001", true), ("0.0", false), ("1.0", false), ("nan", false), ("\"1\"", false)]
        {
            let parsed = PadCalibration::parse(&format!("threshold = {threshold}\nthreshold-from = \"a test\""));
            assert_eq!(parsed.is_ok(), accepted, "{threshold}");
        }
        let calibration = PadBundle::sample().calibration;
        assert_eq!(PadCalibration::parse(&calibration.to_toml().unwrap()).unwrap(), calibration);
    }
}
