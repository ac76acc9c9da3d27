//! Recorded observations in place of networks, for tests of everything after them.

use super::{Seen, Sight};
use models::{Frame, ModelError};
use policy::{Attention, ObservedFace};
use shared::gallery::Gallery;
use std::collections::VecDeque;

/// Gives one recorded observation per frame, and nobody after the last.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    observations: VecDeque<Vec<ObservedFace>>,
}

impl Recorded {
    /// Gives these observations in this order.
    pub fn new(observations: impl IntoIterator<Item = Vec<ObservedFace>>) -> Self {
        Self { observations: observations.into_iter().collect() }
    }
}

impl Sight for Recorded {
    fn look(&mut self, _: &Frame, _: &Gallery, _: Attention) -> Result<Seen, ModelError> {
        Ok(Seen { faces: self.observations.pop_front().unwrap_or_default(), ..Seen::default() })
    }
}
