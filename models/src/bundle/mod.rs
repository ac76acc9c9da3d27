//! Model bundles: a folder with a network, its manifest and its calibration, or the same compiled in.
//!
//! Opening a bundle checks the manifest's values and the network's SHA-256. [`detect`](crate::detect) and
//! [`encode`](crate::encode) run the network.

mod calibration;
mod distances;
mod golden;
mod manifest;
mod pad;
mod quantization;
mod rules;

pub use calibration::Calibration;
pub use distances::{Mated, NonMated, Quantile};
pub(crate) use golden::GoldenSample;
pub use golden::{GOLDEN_FILE, Golden, MAX_SAMPLES};
pub use manifest::{
    ChannelOrder, CropGeometry, DetectorManifest, DetectorProfile, EncoderManifest, Input, Manifest, Network,
    Provenance, Search,
};

pub use pad::PadManifest;
pub use quantization::Quantization;

use crate::gate::{GATE_FILE, Gate, MAX_GATE_BYTES};
use crate::{ModelError, onnx};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the manifest in a bundle's folder.
pub const MANIFEST_FILE: &str = "manifest.toml";
/// Name of the calibration in an encoder bundle's folder.
pub const CALIBRATION_FILE: &str = "calibration.toml";

const MAX_TEXT_BYTES: u64 = 1 << 20;
/// Four crops of 512x512 pixels.
const MAX_GOLDEN_BYTES: u64 = 4 << 20;

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

/// The two networks that make encodings from frames.
#[derive(Clone, Debug)]
pub struct Bundles {
    /// Finds faces.
    pub detector: DetectorBundle,
    /// Turns a crop into an encoding.
    pub encoder: EncoderBundle,
}

/// The bundle in one folder.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a folder is opened once, and taken apart at once")]
pub enum Bundle {
    /// The folder holds a detector.
    Detector(DetectorBundle),
    /// The folder holds an encoder.
    Encoder(EncoderBundle),
}

impl Bundles {
    /// The default networks, compiled into the program: YuNet, and SFace in 8-bit integers.
    ///
    /// # Errors
    /// None in practice: a test opens them. The error type is that of opening a folder.
    pub fn bundled() -> Result<Self, ModelError> {
        Ok(Self { detector: bundled_detector()?, encoder: bundled_encoder()? })
    }

    /// Opens the given folders, at most one of each kind. For a missing kind, the bundled network is used.
    ///
    /// # Errors
    /// [`ModelError`] if a folder cannot be read, is not a bundle, or is the second of its kind.
    pub fn open(folders: &[PathBuf]) -> Result<Self, ModelError> {
        let (mut detector, mut encoder) = (None, None);
        for folder in folders {
            let second = match Bundle::open(folder)? {
                Bundle::Detector(bundle) => detector.replace(bundle).is_some().then_some("detector"),
                Bundle::Encoder(bundle) => encoder.replace(bundle).is_some().then_some("encoder"),
            };
            if let Some(kind) = second {
                return Err(ModelError::SecondOfKind { folder: folder.clone(), kind });
            }
        }
        let detector = detector.map_or_else(bundled_detector, Ok)?;
        let encoder = encoder.map_or_else(bundled_encoder, Ok)?;
        Ok(Self { detector, encoder })
    }
}

impl Bundle {
    /// Opens a folder.
    ///
    /// # Errors
    /// [`ModelError`] if a file is missing, too large or contradicts the manifest.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let text = read_text(folder, MANIFEST_FILE)?;
        if PadManifest::parse(&text).map_err(|error| error.in_folder(folder))?.is_some() {
            return Err(ModelError::NotRun { folder: folder.to_owned() });
        }
        let manifest = Manifest::parse(&text).map_err(|error| error.in_folder(folder))?;
        let path = folder.join(&manifest.network().file);
        let network = Cow::Owned(read_bounded(&path, onnx::MAX_BYTES)?);
        check_network(&manifest, &network, &path)?;
        match manifest {
            Manifest::Detector(manifest) => Ok(Self::Detector(DetectorBundle { manifest, network })),
            Manifest::Encoder(manifest) => {
                let text = read_text(folder, CALIBRATION_FILE)?;
                let calibration = Calibration::parse(&text).map_err(|error| error.in_folder(folder))?;
                let golden = read_golden(folder)?;
                let gate = read_gate(folder, &manifest)?;
                Ok(Self::Encoder(EncoderBundle { manifest, calibration, golden, gate, network }))
            }
        }
    }
}

macro_rules! bundled {
    ($folder:literal, $file:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/bundled/", $folder, "/", $file))
    };
}

fn bundled_detector() -> Result<DetectorBundle, ModelError> {
    match Manifest::parse(&embedded_text(bundled!("yunet", "manifest.toml")))? {
        Manifest::Detector(manifest) => {
            Ok(DetectorBundle { manifest, network: Cow::Borrowed(bundled!("yunet", "model.onnx")) })
        }
        Manifest::Encoder(_) => Err(ModelError::Network("the bundled detector is an encoder".to_owned())),
    }
}

fn bundled_encoder() -> Result<EncoderBundle, ModelError> {
    let calibration = Calibration::parse(&embedded_text(bundled!("sface-int8", "calibration.toml")))?;
    match Manifest::parse(&embedded_text(bundled!("sface-int8", "manifest.toml")))? {
        Manifest::Encoder(manifest) => {
            let golden = Some(Golden::decode(bundled!("sface-int8", "golden.postcard"))?);
            let network = Cow::Borrowed(bundled!("sface-int8", "model.onnx").as_slice());
            let gate = Some(gate_of(bundled!("sface-int8", "gate.bin"), &manifest)?);
            Ok(EncoderBundle { manifest, calibration, golden, gate, network })
        }
        Manifest::Detector(_) => Err(ModelError::Network("the bundled encoder is a detector".to_owned())),
    }
}

fn embedded_text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn check_network(manifest: &Manifest, network: &[u8], path: &Path) -> Result<(), ModelError> {
    let expected = &manifest.network().sha256;
    let found = sha256(network);
    if *expected == found {
        return Ok(());
    }
    Err(ModelError::Damaged { path: path.to_owned(), expected: expected.clone(), found })
}

/// The SHA-256 of a file's bytes in lower-case hexadecimal, as in manifests.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_golden(folder: &Path) -> Result<Option<Golden>, ModelError> {
    match read_bounded(&folder.join(GOLDEN_FILE), MAX_GOLDEN_BYTES) {
        Err(ModelError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        read => Golden::decode(&read?).map(Some).map_err(|error| error.in_folder(folder)),
    }
}

fn read_gate(folder: &Path, manifest: &EncoderManifest) -> Result<Option<Arc<Gate>>, ModelError> {
    let path = folder.join(GATE_FILE);
    let bytes = match read_bounded(&path, MAX_GATE_BYTES) {
        Err(ModelError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    gate_of(&bytes, manifest).map(Some).map_err(|error| error.in_folder(folder))
}

fn gate_of(bytes: &[u8], manifest: &EncoderManifest) -> Result<Arc<Gate>, ModelError> {
    let gate = Gate::decode(bytes)?;
    gate.require_dimensions(manifest.dimensions)?;
    Ok(Arc::new(gate))
}

fn read_text(folder: &Path, name: &str) -> Result<String, ModelError> {
    let path = folder.join(name);
    String::from_utf8(read_bounded(&path, MAX_TEXT_BYTES)?)
        .map_err(|_| ModelError::Description { path, reason: "it is not UTF-8 text".to_owned() })
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, ModelError> {
    let failed = |source| ModelError::Read { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is not a file")));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(ModelError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_networks_are_what_their_manifests_say() {
        let bundles = Bundles::bundled().unwrap();
        let path = Path::new("bundled");
        check_network(&Manifest::Detector(bundles.detector.manifest), &bundles.detector.network, path).unwrap();
        check_network(&Manifest::Encoder(bundles.encoder.manifest), &bundles.encoder.network, path).unwrap();
    }

    /// `models/bundled/README.md` explains how to learn the gate again.
    #[test]
    fn the_bundled_gate_refuses_some_and_names_its_photos() {
        let gate = Bundles::bundled().unwrap().encoder.gate.unwrap();
        assert!(gate.learnt().learnt_from.contains("Labeled Faces in the Wild"));
        assert!(gate.learnt().prototypes.len() >= 100 * 128);
    }

    #[test]
    fn a_folder_may_replace_one_kind_but_not_twice() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bundled/sface-int8");
        let hash = Bundles::bundled().unwrap().hash();
        assert_eq!(Bundles::open(std::slice::from_ref(&folder)).unwrap().hash(), hash);
        let twice = Bundles::open(&[folder.clone(), folder]).unwrap_err();
        assert!(matches!(twice, ModelError::SecondOfKind { kind: "encoder", .. }), "{twice}");
    }

    #[test]
    fn a_file_that_is_too_long_is_refused() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("bundled/sface/manifest.toml");
        let size = fs::metadata(&file).unwrap().len();
        assert_eq!(read_bounded(&file, size).unwrap().len() as u64, size);
        let refused = read_bounded(&file, size - 1).unwrap_err();
        assert!(matches!(refused, ModelError::TooLarge { .. }), "{refused}");
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
