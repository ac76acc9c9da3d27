//! What the unit sees in a frame: the faces, and the enrolled people they resemble.

pub(crate) mod light;
mod networks;
mod recorded;
mod upright;

pub use networks::Networks;
pub use recorded::Recorded;
pub(crate) use upright::{Upright, upright};

use crate::loop_turn::Timings;
use models::{Frame, ModelError};
use policy::{Attention, ObservedFace};
use shared::gallery::Gallery;

/// What was seen in a frame.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// All faces, the largest first.
    pub faces: Vec<ObservedFace>,
    /// How long each stage took.
    pub timings: Timings,
}

/// Turns frames into observations.
pub trait Sight {
    /// Finds all faces in a frame, and compares those that the decision depends on with the gallery.
    ///
    /// # Errors
    /// If a network fails.
    fn look(&mut self, frame: &Frame, gallery: &Gallery, attention: Attention) -> Result<Seen, ModelError>;
}
