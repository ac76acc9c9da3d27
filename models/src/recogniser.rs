//! Detect, align, encode.
use crate::{Crop, Face, Frame};
use shared::encoding::Encoding;
use shared::gallery::ModelHash;
use std::path::PathBuf;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The model could not be run.
    #[error("{0}")]
    Inference(String),
}

/// The detector and the encoder, ready to run.
#[derive(Clone)]
pub struct Recogniser;

#[allow(missing_docs, clippy::todo)]
impl Recogniser {
    pub fn bundled() -> Result<Recogniser, ModelError> {
        todo!()
    }
    pub fn load(_choice: &[PathBuf]) -> Result<Recogniser, ModelError> {
        todo!()
    }
    pub fn detect(&mut self, _frame: &Frame) -> Result<Vec<Face>, ModelError> {
        todo!()
    }
    pub fn align(&self, _frame: &Frame, _face: &Face) -> Crop {
        todo!()
    }
    pub fn encode(&mut self, _crop: &Crop) -> Result<Encoding, ModelError> {
        todo!()
    }
    pub fn model_hash(&self) -> ModelHash {
        todo!()
    }
    pub fn dimensions(&self) -> usize {
        todo!()
    }
    pub fn threshold(&self) -> f32 {
        todo!()
    }
}
