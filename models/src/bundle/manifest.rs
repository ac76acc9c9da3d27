//! The manifest of a bundle: its network, the network's input and output, and its provenance.
//!
//! `manifest.toml` describes the network as it was made. Later measurements are in [`Calibration`](super::Calibration).

use super::MANIFEST_FILE;
use super::pad::PadManifest;
use super::parts::{CropGeometry, Input, Network, Provenance};
use super::quantization::Quantization;
use super::rules::require;
use crate::ModelError;
use serde::{Deserialize, Serialize};
use shared::encoding::MAX_DIMENSIONS;

/// The manifest of one bundle, parsed and checked.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Manifest {
    /// A face detector.
    Detector(DetectorManifest),
    /// An encoder of aligned crops.
    Encoder(EncoderManifest),
    /// A network for presentation attack detection.
    Pad(PadManifest),
}

/// `kind = "detector"`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DetectorManifest {
    /// How the outputs are decoded.
    pub profile: DetectorProfile,
    /// The network itself.
    pub network: Network,
    /// How pixels become the input tensor.
    pub input: Input,
    /// How a frame is searched.
    pub search: Search,
    /// Where the network comes from.
    pub provenance: Provenance,
}

/// `kind = "encoder"`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EncoderManifest {
    /// The family of the network, for human readers, such as `sface`.
    pub profile: String,
    /// How many numbers an encoding has, 1 to [`MAX_DIMENSIONS`].
    pub dimensions: usize,
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

/// Which decoder reads a detector's outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetectorProfile {
    /// YuNet, 2023: three strides, anchor-free (Wu, Peng and Yu, "YuNet: a tiny millisecond-level face detector").
    Yunet,
}

/// How a detector searches a frame.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Search {
    /// A frame whose longest side is longer than this many pixels is scaled down to it. Multiple of 32, 32 to 4096.
    pub working_size: u32,
    /// The smallest detector confidence of a face, 0 to 1; faces below it are dropped. The key is `certainty`.
    #[serde(rename = "certainty")]
    pub confidence: f32,
    /// Of two boxes whose intersection over union exceeds this, the one with the lower confidence is dropped, 0 to 1.
    pub overlap: f32,
}

impl Manifest {
    /// Parses and checks a `manifest.toml`.
    ///
    /// # Errors
    /// [`ModelError::Description`] names the invalid key and its valid values.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let manifest: Self = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        manifest.check().map_err(wrong)?;
        Ok(manifest)
    }

    /// The text of `manifest.toml`.
    ///
    /// # Errors
    /// [`ModelError::Description`] if a value cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, ModelError> {
        toml::to_string(self).map_err(|error| wrong(error.to_string()))
    }

    /// The network's file.
    pub fn network(&self) -> &Network {
        match self {
            Self::Detector(detector) => &detector.network,
            Self::Encoder(encoder) => &encoder.network,
            Self::Pad(pad) => &pad.network,
        }
    }

    /// Where the network comes from.
    pub fn provenance(&self) -> &Provenance {
        match self {
            Self::Detector(detector) => &detector.provenance,
            Self::Encoder(encoder) => &encoder.provenance,
            Self::Pad(pad) => &pad.provenance,
        }
    }

    fn check(&self) -> Result<(), String> {
        self.network().check()?;
        match self {
            Self::Detector(detector) => {
                detector.input.check()?;
                detector.search.check()
            }
            Self::Encoder(encoder) => {
                let range = 1..=MAX_DIMENSIONS;
                require(range.contains(&encoder.dimensions), "dimensions must be 1 to 512")?;
                encoder.input.check()?;
                encoder.quantization.as_ref().map_or(Ok(()), Quantization::check)?;
                encoder.crop.check()
            }
            Self::Pad(pad) => pad.check(),
        }
    }
}

impl Search {
    fn check(&self) -> Result<(), String> {
        let size = self.working_size;
        let fits = size.is_multiple_of(32) && (32..=4096).contains(&size);
        require(fits, "search.working-size must be a multiple of 32, 32 to 4096")?;
        require((0.0..=1.0).contains(&self.confidence), "search.certainty must be 0 to 1")?;
        require((0.0..=1.0).contains(&self.overlap), "search.overlap must be 0 to 1")
    }
}

fn wrong(reason: String) -> ModelError {
    ModelError::Description { path: MANIFEST_FILE.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODER: &str = r#"
kind = "encoder"
profile = "sface"
dimensions = 128

[network]
file = "model.onnx"
sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

[input]
channels = "rgb"
subtract = 127.5
divide = 128.0

[crop]
align = "landmarks"
side = 112
template = [[38.0, 51.0], [73.0, 51.0], [56.0, 71.0], [41.0, 92.0], [70.0, 92.0]]

[provenance]
name = "SFace"
licence = "Apache-2.0"
source = "somewhere"
source-sha256 = ""
"#;

    #[test]
    fn a_manifest_survives_being_written() {
        let manifest = Manifest::parse(ENCODER).unwrap();
        assert_eq!(Manifest::parse(&manifest.to_toml().unwrap()).unwrap(), manifest);
    }

    /// A regression: `shift-down` was written `shift_down`, unlike every other key.
    #[test]
    fn a_box_is_described_with_keys_like_all_others() {
        let (start, rest) = ENCODER.split_once("[crop]").unwrap();
        let (_, end) = rest.split_once("\n\n").unwrap();
        let crop = "align = \"box\"\nside = 160\nenlarge = 1.25\nshift-down = -0.25\nstretch = true\n\n";
        let text = format!("{start}[crop]\n{crop}{end}");
        let manifest = Manifest::parse(&text).unwrap();
        assert!(manifest.to_toml().unwrap().contains("\nshift-down = -0.25\n"));
        for (was, becomes, named) in [
            ("enlarge = 1.25", "enlarge = 0.4", "crop.enlarge"),
            ("shift-down = -0.25", "shift-down = 0.6", "crop.shift-down"),
        ] {
            let message = Manifest::parse(&text.replace(was, becomes)).unwrap_err().to_string();
            assert!(message.contains(named), "{becomes}: {message}");
        }
    }

    #[test]
    fn a_wrong_value_is_named() {
        for (was, becomes, named) in [
            ("dimensions = 128", "dimensions = 0", "dimensions"),
            ("dimensions = 128", "dimensions = 513", "dimensions"),
            ("divide = 128.0", "divide = 0.0", "input.divide"),
            ("divide = 128.0", "divide = nan", "input.divide"),
            ("subtract = 127.5", "subtract = -1.0", "input.subtract"),
            ("side = 112", "side = 0", "crop.side"),
            ("[38.0, 51.0]", "[380.0, 51.0]", "crop.template"),
            ("file = \"model.onnx\"", "file = \"../model.onnx\"", "network.file"),
            ("file = \"model.onnx\"", "file = \".\"", "network.file"),
            ("0011", "00GG", "network.sha256"),
            ("channels = \"rgb\"", "channels = \"rbg\"", "rbg"),
            ("[crop]", "[crop]\ncolour = 1", "colour"),
            ("kind = \"encoder\"", "kind = \"door\"", "door"),
        ] {
            let text = ENCODER.replace(was, becomes);
            let message = Manifest::parse(&text).unwrap_err().to_string();
            assert!(message.contains(named), "{becomes}: {message}");
        }
    }
}
