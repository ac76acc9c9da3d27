//! The unencrypted head of a people database: the model, the dimensions of an encoding, the calibrated threshold.

use super::digests::ModelHash;
use super::error::GalleryError;
use serde::{Deserialize, Serialize};

/// What the threshold in the header was calibrated for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The false-positive identification rate over the whole gallery (FPIR, ISO/IEC 19795-1), 0 to 1.
    pub fpir: f32,
    /// Number of enrolled people at the time of the calibration.
    pub people: u32,
}

/// The threshold for pictures without colour, and what it was calibrated for. Older units use the one in the header.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GreyThreshold {
    /// The largest L2 distance at which a grey probe matches a person, above 0 and at most 2.
    pub threshold: f32,
    /// What it was calibrated for.
    pub calibration: Calibration,
}

/// The head of a people database.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// Sequence number, max(previous + 1, Unix seconds). A unit refuses a lower one.
    pub sequence: u64,
    /// The model that made the encodings.
    pub model: ModelHash,
    /// Numbers in an encoding, 1 to [`MAX_DIMENSIONS`](crate::encoding::MAX_DIMENSIONS).
    pub dimensions: u16,
    /// The largest L2 distance at which a probe matches a person, above 0 and at most 2; `None` uses the model's
    /// default.
    pub threshold: Option<f32>,
    /// What the threshold was calibrated for; present only with a threshold.
    pub calibration: Option<Calibration>,
    /// Number of people.
    pub people: u32,
    /// Number of encodings of all people.
    pub encodings: u32,
}

impl Header {
    pub(super) fn require_model(&self, model: &ModelHash) -> Result<(), GalleryError> {
        if self.model == *model {
            return Ok(());
        }
        Err(GalleryError::OtherModel { expected: *model, found: self.model })
    }
}
