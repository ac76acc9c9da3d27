//! Model bundles: a folder with a network, its manifest and its calibration, or the same compiled in.
//!
//! Opening a bundle checks the manifest's values and the network's SHA-256. [`detect`](crate::detect),
//! [`encode`](crate::encode) and [`pad`](crate::pad) run the networks.

mod bundled;
mod calibration;
mod distances;
mod golden;
mod manifest;
mod pad;
mod parts;
mod quantization;
mod read;
mod rules;

pub use calibration::Calibration;
pub use distances::{Mated, NonMated, Quantile};
pub(crate) use golden::GoldenSample;
pub use golden::{GOLDEN_FILE, Golden, MAX_SAMPLES};
pub use manifest::{DetectorManifest, DetectorProfile, EncoderManifest, Manifest, Search};
pub use pad::{MOST_CLASSES, PadCalibration, PadManifest};
pub use parts::{ChannelOrder, CropGeometry, Input, Network, Provenance};
pub use quantization::Quantization;

use crate::gate::Gate;
use crate::{ModelError, onnx};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the manifest in a bundle's folder.
pub const MANIFEST_FILE: &str = "manifest.toml";
/// Name of the calibration in the folder of an encoder's or a PAD network's bundle.
pub const CALIBRATION_FILE: &str = "calibration.toml";

/// A detector: how to search, and the network in ONNX.
#[derive(Clone, Debug)]
pub struct DetectorBundle {
    /// The network's input, and how its output is decoded.
    pub manifest: DetectorManifest,
    /// The ONNX file.
    pub network: Cow<'static, [u8]>,
}

/// An encoder: how to crop, the network in ONNX, and the threshold that belongs to it.
#[derive(Clone, Debug)]
pub struct EncoderBundle {
    /// The network's input, and the length of an encoding.
    pub manifest: EncoderManifest,
    /// Threshold and distributions of distances.
    pub calibration: Calibration,
    /// Crops and expected encodings for the self-test; `None` in a bundle that was made before the self-test existed.
    pub golden: Option<Golden>,
    /// Decides whether a face is recognisable enough; `None` if no gate was learnt for the bundle.
    pub gate: Option<Arc<Gate>>,
    /// The ONNX file.
    pub network: Cow<'static, [u8]>,
}

/// A PAD network: how to crop, the network in ONNX, and the threshold that belongs to it.
#[derive(Clone, Debug)]
pub struct PadBundle {
    /// The network's input and its classes.
    pub manifest: PadManifest,
    /// The threshold.
    pub calibration: PadCalibration,
    /// The ONNX file.
    pub network: Cow<'static, [u8]>,
}

/// The two networks that make encodings from frames, and the one that tells live faces from pictures, if there is one.
#[derive(Clone, Debug)]
pub struct Bundles {
    /// Finds faces.
    pub detector: DetectorBundle,
    /// Turns a crop into an encoding.
    pub encoder: EncoderBundle,
    /// Tells live faces from pictures of faces. None is compiled in.
    pub pad: Option<PadBundle>,
}

/// The bundle in one folder.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a folder is opened once, and taken apart at once")]
pub enum Bundle {
    /// The folder holds a detector.
    Detector(DetectorBundle),
    /// The folder holds an encoder.
    Encoder(EncoderBundle),
    /// The folder holds a PAD network.
    Pad(PadBundle),
}

impl Bundles {
    /// The default networks, compiled into the program: YuNet, and SFace in 8-bit integers.
    ///
    /// # Errors
    /// None in practice: a test opens them. The error type is that of opening a folder.
    pub fn bundled() -> Result<Self, ModelError> {
        Ok(Self { detector: bundled::detector()?, encoder: bundled::encoder()?, pad: None })
    }

    /// Opens the given folders, at most one of each kind. For a missing detector or encoder, the bundled
    /// network is used.
    ///
    /// # Errors
    /// [`ModelError`] if a folder cannot be read, is not a bundle, or is the second of its kind.
    pub fn open(folders: &[PathBuf]) -> Result<Self, ModelError> {
        let (mut detector, mut encoder, mut pad) = (None, None, None);
        for folder in folders {
            let second = match Bundle::open(folder)? {
                Bundle::Detector(bundle) => detector.replace(bundle).is_some().then_some("detector"),
                Bundle::Encoder(bundle) => encoder.replace(bundle).is_some().then_some("encoder"),
                Bundle::Pad(bundle) => pad.replace(bundle).is_some().then_some("PAD network"),
            };
            if let Some(kind) = second {
                return Err(ModelError::SecondOfKind { folder: folder.clone(), kind });
            }
        }
        let detector = detector.map_or_else(bundled::detector, Ok)?;
        let encoder = encoder.map_or_else(bundled::encoder, Ok)?;
        Ok(Self { detector, encoder, pad })
    }
}

impl Bundle {
    /// Opens a folder.
    ///
    /// # Errors
    /// [`ModelError`] if a file is missing, too large or contradicts the manifest.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let text = read::text(folder, MANIFEST_FILE)?;
        let manifest = Manifest::parse(&text).map_err(|error| error.in_folder(folder))?;
        let path = folder.join(&manifest.network().file);
        let network = Cow::Owned(read::bounded(&path, onnx::MAX_BYTES)?);
        read::require_sha256(&manifest, &network, &path)?;
        match manifest {
            Manifest::Detector(manifest) => Ok(Self::Detector(DetectorBundle { manifest, network })),
            Manifest::Encoder(manifest) => {
                let text = read::text(folder, CALIBRATION_FILE)?;
                let calibration = Calibration::parse(&text).map_err(|error| error.in_folder(folder))?;
                let golden = read::golden(folder)?;
                let gate = read::gate(folder, &manifest)?;
                Ok(Self::Encoder(EncoderBundle { manifest, calibration, golden, gate, network }))
            }
            Manifest::Pad(manifest) => {
                let text = read::text(folder, CALIBRATION_FILE)?;
                let calibration = PadCalibration::parse(&text).map_err(|error| error.in_folder(folder))?;
                Ok(Self::Pad(PadBundle { manifest, calibration, network }))
            }
        }
    }
}

/// The SHA-256 of a file's bytes in lower-case hexadecimal, as in manifests.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_may_replace_one_kind_but_not_twice() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bundled/sface-int8");
        let hash = Bundles::bundled().unwrap().hash();
        assert_eq!(Bundles::open(std::slice::from_ref(&folder)).unwrap().hash(), hash);
        let twice = Bundles::open(&[folder.clone(), folder]).unwrap_err();
        assert!(matches!(twice, ModelError::SecondOfKind { kind: "encoder", .. }), "{twice}");
    }

    #[test]
    fn invalid_bundles_are_refused_by_name() {
        for (folder, named) in
            [("src", "src/manifest.toml"), ("none", "none/manifest.toml"), ("Cargo.toml", "bundle is a folder")]
        {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let message = Bundle::open(&folder).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }
}
