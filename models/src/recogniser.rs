//! Combines the detector and the encoder: the only way from a frame to an encoding.

use crate::align::{self, Crop};
use crate::bundle::{Bundles, Calibration, CropGeometry, Golden};
use crate::detect::Detector;
use crate::encode::Encoder;
use crate::gate::{Gate, Standing};
use crate::{Face, Frame, ModelError, photo_search};
use shared::encoding::{Encoded, Encoding};
use shared::gallery::{GateDigest, ModelHash};
use std::path::PathBuf;
use std::sync::Arc;

/// Detector and encoder, ready to run. Clones share the weights; use one clone for each thread.
#[derive(Clone)]
pub struct Recogniser {
    detector: Detector,
    pub(crate) encoder: Encoder,
    hash: ModelHash,
    calibration: Arc<Calibration>,
    pub(crate) golden: Option<Arc<Golden>>,
    gate: Option<Arc<Gate>>,
}

impl Recogniser {
    /// Loads the networks that are compiled in.
    ///
    /// # Errors
    /// None in practice: a test loads them.
    pub fn bundled() -> Result<Self, ModelError> {
        Self::new(&Bundles::bundled()?)
    }

    /// Loads the bundles in the given folders, at most one of each kind. For a missing kind, the bundled network is
    /// used.
    ///
    /// # Errors
    /// [`ModelError`] if a folder is not a bundle or its network does not run.
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

    /// Like [`Recogniser::new`], but this many threads of the current rayon pool share every layer. This minimises the
    /// latency of one frame, for a unit. For many photos, one thread for each photo is faster.
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
            gate: bundles.encoder.gate.clone(),
        })
    }

    /// Detects all faces in a frame, largest first.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, ModelError> {
        self.detector.detect(frame)
    }

    /// Detects all faces in a photo, largest first. Photos of a camera's size are searched as in
    /// [`Recogniser::detect`]. A larger photo (longest side above 1920 pixels) is also searched in tiles if the first
    /// search finds no large face. A photo below 160 pixels is enlarged. Use it for enrolment; it is too slow for a
    /// unit.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn detect_in_photo(&mut self, photo: &Frame) -> Result<Vec<Face>, ModelError> {
        let working_size = self.detector.working_size();
        photo_search::faces_of(photo, working_size, |frame| self.detect(frame))
    }

    /// Cuts the crop of one face for encoding. If the crop is aligned by landmarks, the face's surroundings are
    /// searched again to refine them.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the detector fails.
    pub fn align(&mut self, frame: &Frame, face: &Face) -> Result<Crop, ModelError> {
        match self.encoder.manifest().crop {
            CropGeometry::Landmarks { .. } => {
                let face = self.detector.look_again(frame, face)?;
                Ok(self.glance(frame, &face))
            }
            CropGeometry::Box { .. } | CropGeometry::BoxInFrame { .. } => Ok(self.glance(frame, face)),
        }
    }

    /// Cuts the crop of one face without refining its landmarks, to judge its quality. For encodings that are enrolled
    /// or compared with enrolled ones, use [`Recogniser::align`].
    pub fn glance(&self, frame: &Frame, face: &Face) -> Crop {
        align::align(frame, face, &self.encoder.manifest().crop)
    }

    /// Encodes a crop. The encoding has unit length.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn encode(&mut self, crop: &Crop) -> Result<Encoding, ModelError> {
        self.encoder.encode(crop)
    }

    /// Encodes a crop, and returns the length of the network's output before it was scaled to unit length.
    ///
    /// # Errors
    /// As for [`Recogniser::encode`].
    pub fn encode_with_length(&mut self, crop: &Crop) -> Result<Encoded, ModelError> {
        self.encoder.encode_with_length(crop)
    }

    /// Encodes a face, and judges whether it is recognisable enough to be compared with enrolled people.
    ///
    /// # Errors
    /// As for [`Recogniser::encode`].
    pub fn encode_face(&mut self, face: &Face, crop: &Crop) -> Result<(Encoding, Standing), ModelError> {
        let encoded = self.encode_with_length(crop)?;
        let standing = self.standing_of(&encoded, face.confidence);
        Ok((encoded.encoding, standing))
    }

    /// Judges a face that is already encoded; `confidence` is the detector confidence.
    pub fn standing_of(&self, encoded: &Encoded, confidence: f32) -> Standing {
        Standing::new(self.gate.as_ref(), encoded, confidence)
    }

    /// The gate, which decides whether a face is recognisable enough; `None` if the encoder's bundle has none.
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_deref()
    }

    /// The problem with the gate, if there is one: it is missing, or was learnt with other networks. Faces that are
    /// hardly recognisable may then be enrolled and compared.
    pub fn gate_problem(&self) -> Option<String> {
        let how = "`encoder-tool model gate` learns one from photos of some hundreds of people";
        match &self.gate {
            None => Some(format!("the encoder has no gate against faces that are hardly recognisable: {how}")),
            Some(gate) if gate.learnt().learnt_with != self.hash => Some(format!(
                "the gate against faces that are hardly recognisable was learnt with other networks: {how}"
            )),
            Some(_) => None,
        }
    }

    /// The first problem with the gate, including that the people database was made with a different gate.
    /// `of_database` is the gate that the database names.
    pub fn gate_warning(&self, of_database: Option<GateDigest>) -> Option<String> {
        let is_another = self.gate.as_ref().is_some_and(|gate| of_database != Some(gate.digest()));
        let another = "the people were not enrolled with this encoder's gate, so the database may contain photos that it \
                       would refuse: build the database again";
        self.gate_problem().or_else(|| is_another.then(|| another.to_owned()))
    }

    /// The hash that a people database made with these networks names.
    pub fn model_hash(&self) -> ModelHash {
        self.hash
    }

    /// The number of dimensions of an encoding.
    pub fn dimensions(&self) -> usize {
        self.encoder.manifest().dimensions
    }

    /// The encoder's own threshold: two encodings with at most this L2 distance match.
    pub fn threshold(&self) -> f32 {
        self.calibration.threshold
    }

    /// The encoder's calibration.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }
}
