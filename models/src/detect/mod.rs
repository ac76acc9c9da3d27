//! Detects faces in a frame: their boxes and their five landmarks.
//!
//! The caller decides which face to use, and whether its quality is sufficient.

mod again;
mod suppress;
mod yunet;

use crate::bundle::{DetectorBundle, DetectorManifest, DetectorProfile};
use crate::letterbox::{Letterbox, SIDE_MULTIPLE};
use crate::network::{Network, Runner};
use crate::{Face, Frame, ModelError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
pub(crate) use suppress::overlapping;
use tract_onnx::prelude::Tensor;

/// Version of the detection. Increment it when the same bundle would find different boxes or landmarks in the same
/// frame (scaling, decoding, suppression); databases made with the earlier version are then refused.
pub(crate) const METHOD: u32 = 1;

/// The most frame sizes whose plans are cached. A camera needs one, a folder of photos a few.
const MAX_PLANS: usize = 32;

/// A face detector. Clones share the network and its plans; use one clone for each thread.
#[derive(Clone)]
pub struct Detector {
    manifest: Arc<DetectorManifest>,
    network: Network,
    planned: Arc<Mutex<HashMap<(usize, usize), Runner>>>,
    current: Option<Current>,
    threads: usize,
}

#[derive(Clone)]
struct Current {
    size: (usize, usize),
    runner: Runner,
}

impl Detector {
    /// Decodes the bundle's network and runs it once on a small grey frame. The network is planned for a frame size
    /// when the first frame of that size arrives.
    ///
    /// # Errors
    /// [`ModelError`] if the network cannot be decoded, or if its outputs do not fit its profile.
    pub fn new(bundle: &DetectorBundle) -> Result<Self, ModelError> {
        Self::on_threads(bundle, 1)
    }

    /// Like [`Detector::new`], but runs the network on this many threads of the current rayon pool.
    ///
    /// # Errors
    /// As for [`Detector::new`].
    pub fn on_threads(bundle: &DetectorBundle, threads: usize) -> Result<Self, ModelError> {
        let DetectorProfile::Yunet = bundle.manifest.profile;
        let mut detector = Self {
            manifest: Arc::new(bundle.manifest.clone()),
            network: Network::decode(&bundle.network)?,
            planned: Arc::default(),
            current: None,
            threads,
        };
        detector.detect(&Frame::grey(SIDE_MULTIPLE as u32))?;
        Ok(detector)
    }

    /// Detects all faces in a frame, largest first. Coordinates are frame pixels.
    ///
    /// # Errors
    /// [`ModelError`] if the network fails or its outputs cannot be decoded.
    pub fn detect(&mut self, frame: &Frame) -> Result<Vec<Face>, ModelError> {
        let search = self.manifest.search;
        let letterbox = Letterbox::fit(frame.width(), frame.height(), search.working_size);
        let (width, height) = letterbox.padded;
        let mut input = Tensor::zero::<f32>(&[1, 3, height, width]).map_err(ModelError::from_tract)?;
        let mut planes = input.try_as_plain_ram_mut().map_err(ModelError::from_tract)?;
        letterbox.fill(frame, &self.manifest.input, planes.as_slice_mut().map_err(ModelError::from_tract)?);
        let outputs = self.runner(letterbox.padded)?.run(input)?;
        let candidates = yunet::decode(&outputs, letterbox.padded, search.confidence)?;
        let mut faces = overlapping(candidates, search.overlap);
        for face in &mut faces {
            *face = in_frame(face, letterbox.step);
        }
        faces.sort_by(|a, b| b.bounds.area().total_cmp(&a.bounds.area()));
        Ok(faces)
    }

    /// The longest side in pixels of the detector's input; larger frames are scaled down to it.
    pub(crate) fn working_size(&self) -> u32 {
        self.manifest.search.working_size
    }

    fn runner(&mut self, size: (usize, usize)) -> Result<&mut Runner, ModelError> {
        let current = match self.current.take() {
            Some(current) if current.size == size => current,
            _ => Current { size, runner: self.planned_for(size)? },
        };
        Ok(&mut self.current.insert(current).runner)
    }

    fn planned_for(&self, size: (usize, usize)) -> Result<Runner, ModelError> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runner) = planned.get(&size) {
            return Ok(runner.clone());
        }
        let runner = self.network.plan(&[1, 3, size.1, size.0], self.threads)?;
        if planned.len() >= MAX_PLANS {
            planned.clear();
        }
        planned.insert(size, runner.clone());
        Ok(runner)
    }
}

fn in_frame(face: &Face, (x_step, y_step): (f32, f32)) -> Face {
    let mut moved = *face;
    moved.bounds.x *= x_step;
    moved.bounds.width *= x_step;
    moved.bounds.y *= y_step;
    moved.bounds.height *= y_step;
    for point in &mut moved.landmarks {
        point.x *= x_step;
        point.y *= y_step;
    }
    moved
}
