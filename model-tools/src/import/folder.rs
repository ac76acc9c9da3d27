//! The files of a bundle, and how they are written into its folder.

use super::input_image::Picture;
use super::parsed;
use crate::NETWORK_FILE;
use crate::golden;
use anyhow::{Context, Result, anyhow};
use files::{Access, replace};
use models::bundle::Bundles;
use models::bundle::GOLDEN_FILE;
use models::bundle::{
    CALIBRATION_FILE, Calibration, DetectorBundle, EncoderBundle, EncoderManifest, MANIFEST_FILE, Manifest, PadBundle,
    PadCalibration,
};
use models::onnx::pb::ModelProto;
use models::{ModelError, Recogniser, detect::Detector, encode::Encoder, pad::Pad};
use std::fs;
use std::path::Path;
use terminal::{Help, ShowPath};

/// Side of the image for which a detector's outputs are described, if the file leaves the size open.
const DETECTOR_SIDE: u32 = 640;

/// The content of a bundle before it is written.
pub(crate) struct BundleFiles {
    pub(crate) network: Vec<u8>,
    pub(crate) manifest: String,
    pub(crate) calibration: Option<String>,
}

impl BundleFiles {
    /// Loads and runs the network as the program that opens the bundle will.
    ///
    /// # Errors
    /// If the network does not run, or its outputs do not match the manifest.
    pub(crate) fn try_once(&self) -> Result<()> {
        match parsed(&self.manifest)? {
            Manifest::Detector(manifest) => {
                drop(Detector::new(&DetectorBundle { manifest, network: self.network.clone().into() })?);
            }
            Manifest::Encoder(manifest) => drop(Encoder::new(&self.encoder(manifest)?)?),
            Manifest::Pad(manifest) => {
                let (calibration, network) = (self.pad_calibration()?, self.network.clone().into());
                drop(Pad::new(&PadBundle { manifest, calibration, network })?);
            }
        }
        Ok(())
    }

    fn pad_calibration(&self) -> Result<PadCalibration> {
        let missing = || ModelError::Network("the PAD network has no calibration".to_owned());
        Ok(PadCalibration::parse(self.calibration.as_deref().ok_or_else(missing)?)?)
    }

    fn encoder(&self, manifest: EncoderManifest) -> Result<EncoderBundle> {
        let missing = || ModelError::Network("the encoder has no calibration".to_owned());
        let calibration = Calibration::parse(self.calibration.as_deref().ok_or_else(missing)?)?;
        Ok(EncoderBundle { manifest, calibration, golden: None, gate: None, network: self.network.clone().into() })
    }

    /// Requires that an encoder, with the bundled detector, tells people apart. Detectors and PAD networks always pass.
    ///
    /// # Errors
    /// If the encoder does not tell people apart, or does not run.
    pub(crate) fn require_told_apart(&self) -> Result<()> {
        if let Manifest::Encoder(manifest) = parsed(&self.manifest)? {
            let encoder = self.encoder(manifest)?;
            Recogniser::new(&Bundles { encoder, ..Bundles::bundled()? })?.require_told_apart()?;
        }
        Ok(())
    }

    /// The shape of the image with which the imported network is tested.
    ///
    /// # Errors
    /// If the network's input is not an image.
    pub(super) fn picture(&self, network: &ModelProto) -> Result<[usize; 4]> {
        let Picture { layout, side } = Picture::new(network, None)?;
        let known = match parsed(&self.manifest)? {
            Manifest::Encoder(manifest) => manifest.crop.side(),
            Manifest::Pad(manifest) => manifest.crop.side(),
            Manifest::Detector(_) => DETECTOR_SIDE,
        };
        Ok(layout.shape(side.unwrap_or(known)))
    }

    /// The self-test; `None` for a detector and a PAD network.
    fn golden(&self) -> Result<Option<Vec<u8>>> {
        match parsed(&self.manifest)? {
            Manifest::Detector(_) | Manifest::Pad(_) => Ok(None),
            Manifest::Encoder(manifest) => golden::file_for(&self.encoder(manifest)?).map(Some),
        }
    }

    /// A description of the bundle for the user who made it.
    ///
    /// # Errors
    /// If the bundle is not valid, which [`BundleFiles::try_once`] reports earlier.
    pub(super) fn in_words(&self) -> Result<String> {
        Ok(match parsed(&self.manifest)? {
            Manifest::Detector(_) => "a detector".to_owned(),
            Manifest::Pad(manifest) => {
                let (PadCalibration { threshold, threshold_from }, side) =
                    (self.pad_calibration()?, manifest.crop.side());
                let classes = manifest.classes;
                format!(
                    "a PAD network of {side}x{side} pixels to {classes} classes; threshold {threshold}, {threshold_from}"
                )
            }
            Manifest::Encoder(manifest) => {
                let calibration = Calibration::parse(self.calibration.as_deref().unwrap_or_default())?;
                let (side, dimensions) = (manifest.crop.side(), manifest.dimensions);
                let (threshold, from) = (calibration.threshold, calibration.threshold_from);
                format!("an encoder of {side}x{side} pixels to {dimensions} numbers; threshold {threshold}, {from}")
            }
        })
    }

    /// Writes the files. The manifest comes last, so that the files it names exist before it does. An existing bundle
    /// is not replaced, because people databases may name it.
    ///
    /// # Errors
    /// If the folder contains another bundle, or a file cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let calibration = self.calibration.as_ref().map(|text| (CALIBRATION_FILE, text.as_bytes()));
        let manifest = (MANIFEST_FILE, self.manifest.as_bytes());
        let files: Vec<(&str, &[u8])> =
            [(NETWORK_FILE, self.network.as_slice())].into_iter().chain(calibration).chain([manifest]).collect();
        if folder.join(MANIFEST_FILE).exists() {
            return require_equal(folder, &files);
        }
        let golden = self.golden()?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.shown()))?;
        let golden = golden.as_ref().map(|content| (GOLDEN_FILE, content.as_slice()));
        for (name, content) in golden.into_iter().chain(files) {
            replace(&folder.join(name), Access::Public, content)?;
        }
        Ok(())
    }
}

fn require_equal(folder: &Path, files: &[(&str, &[u8])]) -> Result<()> {
    for (name, content) in files {
        if fs::read(folder.join(name)).ok().as_deref() != Some(*content) {
            let refused = format!("{} holds another bundle: {name} differs", folder.shown());
            return Err(anyhow!(refused)).help("give another folder, or remove this one first");
        }
    }
    Ok(())
}
