//! Observations that were written down beforehand, in place of networks: for tests of everything that comes after.

use super::Sight;
use crate::turn::Timings;
use models::{Frame, ModelError};
use policy::{ObservedFace, Policy};
use std::collections::VecDeque;

/// Sees what was recorded, one observation for each frame, and nobody after the last.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    observations: VecDeque<Vec<ObservedFace>>,
}

impl Recorded {
    /// These observations, in this order.
    pub fn new(observations: impl IntoIterator<Item = Vec<ObservedFace>>) -> Self {
        Self { observations: observations.into_iter().collect() }
    }
}

impl Sight for Recorded {
    fn look(&mut self, _: &Frame, _: &Policy, _: &mut Timings) -> Result<Vec<ObservedFace>, ModelError> {
        Ok(self.observations.pop_front().unwrap_or_default())
    }
}
