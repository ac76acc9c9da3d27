//! The outcome of one turn of the loop, for the code that reports it.

use crate::door::DoorState;
use policy::{Credential, Entry, Neighbour, Refusal};
use shared::gallery::PersonId;
use shared::pass::PassId;

/// One turn of the loop.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The decision, carried out.
    pub verdict: Verdict,
    /// The door afterwards.
    pub door: DoorState,
    /// How many faces were in the frame.
    pub faces: usize,
    /// How long it took.
    pub timings: Timings,
}

/// The decision on one frame, carried out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Somebody is let in: the grant is recorded, and the door is unlocked.
    Granted(Granted),
    /// A visitor is let in: the use of the pass is counted, the grant is recorded, and the door is unlocked.
    Admitted(Admitted),
    /// Somebody is there, and is refused.
    Refused(Refusal),
    /// Nobody is at the door.
    Nobody,
}

/// A visitor who was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// The pass.
    pub pass: PassId,
}

/// A grant that was carried out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Granted {
    /// The person.
    pub person: PersonId,
    /// What they were let in by.
    pub credential: Credential,
    /// L2 distance in the deciding frame; `None` if no face was compared.
    pub distance: Option<f32>,
    /// The nearest other person, if any.
    pub runner_up: Option<Neighbour>,
}

/// How long the stages of a turn took, in milliseconds; `None` if a stage was not needed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Timings {
    /// Frame to faces.
    pub detect_ms: Option<f64>,
    /// Faces to aligned crops.
    pub align_ms: Option<f64>,
    /// Crops to encodings.
    pub encode_ms: Option<f64>,
    /// Faces to the PAD network's outputs.
    pub pad_ms: Option<f64>,
    /// Encodings to the nearest people.
    pub match_ms: Option<f64>,
    /// The whole turn, including the wait for the frame.
    pub total_ms: f64,
}

impl Verdict {
    /// Whether somebody is let in.
    pub const fn lets_in(&self) -> bool {
        matches!(self, Self::Granted(_) | Self::Admitted(_))
    }
}

impl Granted {
    pub(super) fn new(grant: &Entry) -> Self {
        Self {
            person: grant.person(),
            credential: grant.credential(),
            distance: grant.distance(),
            runner_up: grant.runner_up(),
        }
    }
}
