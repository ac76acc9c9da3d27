//! The networks that are compiled in: YuNet, and SFace in 8-bit integers.

use super::{Calibration, DetectorBundle, EncoderBundle, Golden, Manifest, read};
use crate::ModelError;
use std::borrow::Cow;

macro_rules! bundled {
    ($folder:literal, $file:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/bundled/", $folder, "/", $file))
    };
}

pub(super) fn detector() -> Result<DetectorBundle, ModelError> {
    match Manifest::parse(&embedded_text(bundled!("yunet", "manifest.toml")))? {
        Manifest::Detector(manifest) => {
            Ok(DetectorBundle { manifest, network: Cow::Borrowed(bundled!("yunet", "model.onnx")) })
        }
        _ => Err(ModelError::Network("the bundled detector is not a detector".to_owned())),
    }
}

pub(super) fn encoder() -> Result<EncoderBundle, ModelError> {
    let calibration = Calibration::parse(&embedded_text(bundled!("sface-int8", "calibration.toml")))?;
    match Manifest::parse(&embedded_text(bundled!("sface-int8", "manifest.toml")))? {
        Manifest::Encoder(manifest) => {
            let golden = Some(Golden::decode(bundled!("sface-int8", "golden.postcard"))?);
            let network = Cow::Borrowed(bundled!("sface-int8", "model.onnx").as_slice());
            let gate = Some(read::decoded_gate(bundled!("sface-int8", "gate.bin"), &manifest)?);
            Ok(EncoderBundle { manifest, calibration, golden, gate, network })
        }
        _ => Err(ModelError::Network("the bundled encoder is not an encoder".to_owned())),
    }
}

fn embedded_text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::Bundles;
    use super::*;
    use std::path::Path;

    #[test]
    fn the_bundled_networks_are_what_their_manifests_say() {
        let bundles = Bundles::bundled().unwrap();
        let path = Path::new("bundled");
        read::require_sha256(&Manifest::Detector(bundles.detector.manifest), &bundles.detector.network, path).unwrap();
        read::require_sha256(&Manifest::Encoder(bundles.encoder.manifest), &bundles.encoder.network, path).unwrap();
    }

    /// `models/bundled/README.md` explains how to learn the gate again.
    #[test]
    fn the_bundled_gate_refuses_some_and_names_its_photos() {
        let gate = Bundles::bundled().unwrap().encoder.gate.unwrap();
        assert!(gate.learnt().learnt_from.contains("Labeled Faces in the Wild"));
        assert!(gate.learnt().prototypes.len() >= 100 * 128);
    }
}
