//! Weighs the liveness signals of the tracked face: is a live person in front of the camera, or a picture of one?
//!
//! Each signal reports live, not live, or that it cannot tell, with a reason; each can only refuse, never open. What the
//! signals measure is not decided here: the reports of the lamp and of the infrared camera come from the unit, the PAD
//! network's output from `models`. Only the head turn is judged in this module.
//!
//! All evidence belongs to the tracked face, and is discarded with it.

mod challenge;
mod evidence;
mod network;
mod parallax;
#[cfg(test)]
pub(super) mod simulation_tests;

pub(super) use challenge::Challenge;
pub use challenge::{CHALLENGE_MS, Side, TURN, TURNED_FRAMES};
pub(super) use evidence::Evidence;
pub use evidence::LONGEST_ANSWER_MS;
pub use parallax::nose_across;
