//! The detector and the encoder together: the one way from a frame to an encoding.

use crate::acquaintances;
use crate::align::{self, Crop};
use crate::bundle::{Bundles, Calibration};
use crate::detect::Detector;
use crate::encode::Encoder;
use crate::golden::{Golden, GoldenError, Tested};
use crate::{Face, Frame, ModelError};
use shared::encoding::Encoding;
use shared::gallery::ModelHash;
use std::path::PathBuf;
use std::sync::Arc;

/// Both networks, ready to run. Clones share the weights; each thread has its own.
#[derive(Clone)]
pub struct Recogniser {
    detector: Detector,
    encoder: Encoder,
    hash: ModelHash,
    calibration: Arc<Calibration>,
    golden: Option<Arc<Golden>>,
}

impl Recogniser {
    /// The networks that are compiled in.
    ///
    /// # Errors
    /// None in practice: a test loads them.
    pub fn bundled() -> Result<Self, ModelError> {
        Self::new(&Bundles::bundled()?)
    }

    /// The bundles in the given folders, at most one of each kind; what is missing is taken from those compiled in.
    ///
    /// # Errors
    /// [`ModelError`] if a folder is no bundle or its network does not run.
    pub fn load(folders: &[PathBuf]) -> Result<Self, ModelError> {
        Self::new(&Bundles::open(folders)?)
    }

    /// Plans the networks of two bundles.
    ///
    /// # Errors
    /// [`ModelError::Network`] if one of them does not run.
    pub fn new(bundles: &Bundles) -> Result<Self, ModelError> {
        Self::on_threads(bundles, 1)
    }

    /// The same for this many threads of the current rayon pool, which share every layer of one frame: for a unit, where
    /// a frame shall be done soon. For many photos, one thread for each photo is faster.
    ///
    /// # Errors
    /// As for [`Recogniser::new`].
    pub fn on_threads(bundles: &Bundles, threads: usize) -> Result<Self, ModelError> {
        Ok(Self {
            detector: Detector::on_threads(&bundles.detector, threads)?,
            encoder: Encoder::on_threads(&bundles.encoder, threads)?,
            hash: bundles.hash(),
            calibration: Arc::new(bundles.encoder.calibration.clone()),
            golden: bundles.encoder.golden.clone().map(Arc::new),
        })
    }

    /// All faces of a frame, the largest first.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, ModelError> {
        self.detector.detect(frame)
    }

    /// The crop of one face, as the encoder wants it.
    pub fn align(&self, frame: &Frame, face: &Face) -> Crop {
        align::align(frame, face, &self.encoder.manifest().crop)
    }

    /// The encoding of a crop: unit length.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn encode(&mut self, crop: &Crop) -> Result<Encoding, ModelError> {
        self.encoder.encode(crop)
    }

    /// Requires that the networks tell people apart: different people lie beyond the encoder's own threshold, and farther
    /// apart than two photos of one person. The photos are compiled in.
    ///
    /// # Errors
    /// [`GoldenError::NotToldApart`], or [`GoldenError::Model`] if a network fails.
    pub fn require_told_apart(&mut self) -> Result<(), GoldenError> {
        acquaintances::require_told_apart(self)
    }

    /// Whether the networks tell people apart, and this computer makes the encodings that the workstation made of the
    /// crops in the bundle.
    ///
    /// # Errors
    /// [`GoldenError`] if not: nobody can be recognised then.
    pub fn self_test(&mut self) -> Result<Tested, GoldenError> {
        self.require_told_apart()?;
        let Some(golden) = &self.golden else { return Ok(Tested::NothingStored) };
        golden.check(&mut self.encoder)?;
        Ok(Tested::Passed)
    }

    /// What a people database made with these networks names.
    pub fn model_hash(&self) -> ModelHash {
        self.hash
    }

    /// How many numbers an encoding has.
    pub fn dimensions(&self) -> usize {
        self.encoder.manifest().dimensions
    }

    /// The encoder's own threshold: two encodings at most this L2 distance apart are taken for the same person.
    pub fn threshold(&self) -> f32 {
        self.calibration.threshold
    }

    /// What was measured with the encoder.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }
}
