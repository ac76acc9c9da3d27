//! What the unit sees in a frame: faces, and which of the enrolled people they resemble.

mod networks;
mod recorded;

pub use networks::Networks;
pub use recorded::Recorded;

use crate::turn::Timings;
use models::{Frame, ModelError};
use policy::{ObservedFace, Policy};
use shared::gallery::Gallery;
use std::sync::Arc;

/// Makes observations of frames.
pub trait Sight {
    /// Every face of the frame, the largest first. Faces on which the policy's decision cannot hang need not be compared
    /// with anybody.
    ///
    /// # Errors
    /// When a network fails.
    fn look(&mut self, frame: &Frame, policy: &Policy, timings: &mut Timings) -> Result<Vec<ObservedFace>, ModelError>;

    /// Compares faces with these people from now on. Nothing to do where nobody is compared.
    fn know(&mut self, _gallery: &Arc<Gallery>) {}
}
