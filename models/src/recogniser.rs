//! The detector and the encoder together: the one way from a frame to an encoding.

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

/// Both networks, ready to run. Clones share the weights; each thread has its own.
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
            gate: bundles.encoder.gate.clone(),
        })
    }

    /// All faces of a frame, the largest first.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, ModelError> {
        self.detector.detect(frame)
    }

    /// All faces of a photo, the largest first. A photo of a camera's size is searched as [`Recogniser::detect`] does. A
    /// larger one (longest side above 1920 pixels) is searched in tiles as well if that shows no large face; one below
    /// 160 pixels is enlarged. For photos of people to enrol: a unit has no time for it.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn detect_in_photo(&mut self, photo: &Frame) -> Result<Vec<Face>, ModelError> {
        let working_size = self.detector.working_size();
        photo_search::faces_of(photo, working_size, |frame| self.detect(frame))
    }

    /// The crop of one face, as the encoder wants it. If landmarks decide where it is cut, the face's surroundings are
    /// searched again for them: for faces that are about to be encoded.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the detector fails.
    pub fn align(&mut self, frame: &Frame, face: &Face) -> Result<Crop, ModelError> {
        match self.encoder.manifest().crop {
            CropGeometry::Landmarks { .. } => {
                let face = self.detector.look_again(frame, face)?;
                Ok(self.glance(frame, &face))
            }
            CropGeometry::Box { .. } => Ok(self.glance(frame, face)),
        }
    }

    /// The crop of one face by its landmarks as they are: to judge the picture, or whether to encode it. What is enrolled
    /// or compared with enrolled encodings is cut by [`Recogniser::align`].
    pub fn glance(&self, frame: &Frame, face: &Face) -> Crop {
        align::align(frame, face, &self.encoder.manifest().crop)
    }

    /// The encoding of a crop: unit length.
    ///
    /// # Errors
    /// [`ModelError::Inference`] if the network fails.
    pub fn encode(&mut self, crop: &Crop) -> Result<Encoding, ModelError> {
        self.encoder.encode(crop)
    }

    /// The encoding of a crop, and how long the network's output was before it was scaled.
    ///
    /// # Errors
    /// As for [`Recogniser::encode`].
    pub fn encode_with_length(&mut self, crop: &Crop) -> Result<Encoded, ModelError> {
        self.encoder.encode_with_length(crop)
    }

    /// The encoding of a face, and whether it is recognisable enough to be compared with anybody.
    ///
    /// # Errors
    /// As for [`Recogniser::encode`].
    pub fn encode_face(&mut self, face: &Face, crop: &Crop) -> Result<(Encoding, Standing), ModelError> {
        let encoded = self.encode_with_length(crop)?;
        let standing = self.standing_of(&encoded, face.confidence);
        Ok((encoded.encoding, standing))
    }

    /// How recognisable a face is that was encoded before; `confidence` is the detector's.
    pub fn standing_of(&self, encoded: &Encoded, confidence: f32) -> Standing {
        Standing::of(self.gate.as_ref(), encoded, confidence)
    }

    /// What tells whether a face is recognisable enough; `None` if the encoder's bundle has none.
    pub fn gate(&self) -> Option<&Gate> {
        self.gate.as_deref()
    }

    /// Why faces that are hardly recognisable may be enrolled and judged: there is no gate, or one of other networks. `None`
    /// if all is well.
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

    /// What is to be said of the gate beside a people database that names this one: the first thing that is wrong.
    pub fn gate_warning(&self, of_database: Option<GateDigest>) -> Option<String> {
        let is_another = self.gate.as_ref().is_some_and(|gate| of_database != Some(gate.digest()));
        let another = "people were not enrolled with the gate of this encoder, so that photos may be among them that it would \
                       refuse: build the database again";
        self.gate_problem().or_else(|| is_another.then(|| another.to_owned()))
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
