//! The model hash, which a people database names. It covers everything that affects encodings, and excludes everything
//! else (threshold, calibration, provenance).
//!
//! The hash is the SHA-256 of the following fields in order. A number has 4 bytes, little-endian: an unsigned integer
//! or an IEEE 754 float. A text is its length in bytes as a number, followed by its UTF-8. The encoding is unambiguous:
//! every field has a known length, and earlier fields determine which fields follow.
//!
//! | field | kind |
//! |---|---|
//! | `face model 2` | text |
//! | versions of detection, alignment and encoding: [`detect::METHOD`], [`align::METHOD`], [`encode::METHOD`] | 3 integers |
//! | the detector: profile, network's SHA-256, input, search | text, text, input, integer and 2 floats |
//! | the encoder: dimensions, network's SHA-256, input, crop | integer, text, input, crop |
//!
//! An input is its channel order (text), the subtracted value and the divisor (floats). A search is working size,
//! confidence and overlap. A crop is `landmarks` (text), its side (integer) and the ten template coordinates (floats);
//! or `box` (text), its side (integer), enlarge and shift (floats), and whether it is stretched (integer 0 or 1); or
//! `box-in-frame` (text), its side (integer) and enlarge (float).
//!
//! A PAD network is not part of the hash: it decides whether a face is let in, and does not affect encodings.

use crate::bundle::{Bundles, ChannelOrder, CropGeometry, DetectorManifest, DetectorProfile, EncoderManifest, Input};
use crate::{align, detect, encode};
use sha2::{Digest, Sha256};
use shared::gallery::ModelHash;

impl Bundles {
    /// The model hash, which a people database names. It covers detector, alignment, encoder and normalisation.
    pub fn hash(&self) -> ModelHash {
        let mut fields = Fields(Sha256::new());
        fields.text("face model 2");
        [detect::METHOD, align::METHOD, encode::METHOD].into_iter().for_each(|method| fields.integer(method));
        fields.detector(&self.detector.manifest);
        fields.encoder(&self.encoder.manifest);
        ModelHash(fields.0.finalize().into())
    }
}

struct Fields(Sha256);

impl Fields {
    fn detector(&mut self, detector: &DetectorManifest) {
        self.text(match detector.profile {
            DetectorProfile::Yunet => "yunet",
        });
        self.text(&detector.network.sha256);
        self.input(&detector.input);
        self.integer(detector.search.working_size);
        self.float(detector.search.confidence);
        self.float(detector.search.overlap);
    }

    fn encoder(&mut self, encoder: &EncoderManifest) {
        self.integer(encoder.dimensions as u32);
        self.text(&encoder.network.sha256);
        self.input(&encoder.input);
        match &encoder.crop {
            CropGeometry::Landmarks { side, template } => {
                self.text("landmarks");
                self.integer(*side);
                template.iter().flatten().for_each(|&coordinate| self.float(coordinate));
            }
            CropGeometry::Box { side, enlarge, shift_down, stretch } => {
                self.text("box");
                self.integer(*side);
                self.float(*enlarge);
                self.float(*shift_down);
                self.integer(u32::from(*stretch));
            }
            CropGeometry::BoxInFrame { side, enlarge } => {
                self.text("box-in-frame");
                self.integer(*side);
                self.float(*enlarge);
            }
        }
    }

    fn input(&mut self, input: &Input) {
        self.text(match input.channels {
            ChannelOrder::Rgb => "rgb",
            ChannelOrder::Bgr => "bgr",
        });
        self.float(input.subtract);
        self.float(input.divide);
    }

    fn text(&mut self, text: &str) {
        self.integer(text.len() as u32);
        self.0.update(text);
    }

    fn integer(&mut self, integer: u32) {
        self.0.update(integer.to_le_bytes());
    }

    fn float(&mut self, float: f32) {
        self.0.update(float.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every people database in use names this hash. If this test fails, the networks, the manifests or a `METHOD` have
    /// changed, and everybody must be enrolled again. Revert the change, or write the new hash here if it is intended.
    #[test]
    fn the_bundled_networks_keep_their_hash() {
        let hash = Bundles::bundled().unwrap().hash().to_string();
        assert_eq!(hash, "080b51d8a828ce41ab0d8df97fd39c22171d7d58db33a1bd1e18ca30f87587a4");
    }

    #[test]
    fn the_hash_changes_exactly_when_encodings_change() {
        type Change = fn(&mut Bundles);
        let cases: [(&str, bool, Change); 24] = [
            ("nothing", false, |_| ()),
            ("detector's provenance", false, |all| all.detector.manifest.provenance.licence.clear()),
            ("detector's file name", false, |all| all.detector.manifest.network.file.push('x')),
            ("encoder's provenance", false, |all| all.encoder.manifest.provenance.name.clear()),
            ("encoder's family", false, |all| all.encoder.manifest.profile.push('x')),
            ("how it was quantised", false, |all| {
                all.encoder.manifest.quantization = Some(crate::bundle::Quantization::sample());
            }),
            ("gate", false, |all| all.encoder.gate = None),
            ("threshold", false, |all| all.encoder.calibration.threshold = 0.5),
            ("a PAD network", false, |all| all.pad = Some(crate::bundle::PadBundle::sample())),
            ("detector network", true, |all| all.detector.manifest.network.sha256 = "0".repeat(64)),
            ("detector channels", true, |all| all.detector.manifest.input.channels = ChannelOrder::Rgb),
            ("detector subtract", true, |all| all.detector.manifest.input.subtract = 1.0),
            ("working size", true, |all| all.detector.manifest.search.working_size = 480),
            ("confidence", true, |all| all.detector.manifest.search.confidence = 0.61),
            ("overlap", true, |all| all.detector.manifest.search.overlap = 0.31),
            ("encoder network", true, |all| all.encoder.manifest.network.sha256 = "0".repeat(64)),
            ("dimensions", true, |all| all.encoder.manifest.dimensions = 127),
            ("encoder channels", true, |all| all.encoder.manifest.input.channels = ChannelOrder::Bgr),
            ("encoder subtract", true, |all| all.encoder.manifest.input.subtract = 127.5),
            ("encoder divide", true, |all| all.encoder.manifest.input.divide = 127.5),
            ("template", true, |all| {
                let CropGeometry::Landmarks { template, .. } = &mut all.encoder.manifest.crop else { panic!() };
                template[4][1] += 0.001;
            }),
            ("side", true, |all| {
                let CropGeometry::Landmarks { side, .. } = &mut all.encoder.manifest.crop else { panic!() };
                *side += 1;
            }),
            ("crop", true, |all| {
                let (enlarge, shift_down) = (1.0, 0.0);
                all.encoder.manifest.crop = CropGeometry::Box { side: 112, enlarge, shift_down, stretch: true };
            }),
            ("crop in the frame", true, |all| {
                all.encoder.manifest.crop = CropGeometry::BoxInFrame { side: 112, enlarge: 1.0 };
            }),
        ];
        let hash = Bundles::bundled().unwrap().hash();
        for (what, changes, change) in cases {
            let mut bundles = Bundles::bundled().unwrap();
            change(&mut bundles);
            assert_eq!(bundles.hash() != hash, changes, "{what}");
        }
    }

    #[test]
    fn stretching_a_box_changes_the_hash() {
        let with = |stretch| {
            let mut bundles = Bundles::bundled().unwrap();
            bundles.encoder.manifest.crop = CropGeometry::Box { side: 160, enlarge: 1.3, shift_down: 0.1, stretch };
            bundles.hash()
        };
        assert_ne!(with(true), with(false));
    }
}
