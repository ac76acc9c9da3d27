//! What the unit sees in a frame: faces, and which of the enrolled people they resemble.

mod networks;
mod recorded;

pub use networks::Networks;
pub use recorded::Recorded;

use crate::turn::Timings;
use models::{Frame, ModelError};
use policy::{Attention, ObservedFace};
use shared::gallery::Gallery;

/// What was seen in a frame.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Every face, the largest first.
    pub faces: Vec<ObservedFace>,
    /// How long each stage took.
    pub timings: Timings,
}

/// Makes observations of frames.
pub trait Sight {
    /// Finds every face of a frame, and compares those that the decision depends on with the people of the gallery.
    ///
    /// # Errors
    /// When a network fails.
    fn look(&mut self, frame: &Frame, gallery: &Gallery, attention: Attention) -> Result<Seen, ModelError>;
}
