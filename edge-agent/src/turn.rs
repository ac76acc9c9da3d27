//! What came of one turn of the loop, for the code that reports it.

use crate::door::DoorState;
use policy::{Credential, Grant, Neighbour, Refusal};
use shared::gallery::PersonId;

/// One turn of the loop.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// What was decided and done.
    pub verdict: Verdict,
    /// The door afterwards.
    pub door: DoorState,
    /// Faces in the frame.
    pub faces: usize,
    /// How long it took.
    pub timings: Timings,
}

/// What was decided and done about one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Somebody is let in: it is recorded, and the door is unlocked.
    Granted(Granted),
    /// Somebody is there and is not let in.
    Refused(Refusal),
    /// Nobody is there.
    Nobody,
}

/// Somebody was let in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Granted {
    /// Who.
    pub person: PersonId,
    /// By what.
    pub credential: Credential,
    /// L2 distance in the frame that decided; `None` if no face was judged.
    pub distance: Option<f32>,
    /// The nearest other person.
    pub runner_up: Option<Neighbour>,
}

/// How long the parts of a turn took, in milliseconds; `None` if a part was not needed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Timings {
    /// Frame to faces.
    pub detect_ms: Option<f64>,
    /// Faces to aligned crops.
    pub align_ms: Option<f64>,
    /// Crops to encodings.
    pub encode_ms: Option<f64>,
    /// Encodings to the nearest people.
    pub match_ms: Option<f64>,
    /// The whole turn, the wait for the frame included.
    pub total_ms: f64,
}

impl Granted {
    pub(super) fn new(grant: &Grant) -> Self {
        Self {
            person: grant.person(),
            credential: grant.credential(),
            distance: grant.distance(),
            runner_up: grant.runner_up(),
        }
    }
}
