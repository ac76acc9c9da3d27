//! The lamp beside the camera: lights a face steadily, and plays a random code on it. `liveness::lamp` chooses the code and
//! judges the face's answer; `policy` says when to play and what the finding means.
//!
//! The lamp must change in step with the frames, so the camera's thread switches it: see [`LampPlayer`].

mod gpio;
mod player;
mod scripted;
mod trials;

pub use gpio::{GpioLamp, LampPin};
pub use player::LampPlayer;
pub use scripted::ScriptedLamp;
pub use trials::{Lamp, LampSettings};

use crate::gpio::GpioError;

/// Something that gives light.
pub trait LampOutput: Send {
    /// Switches it.
    ///
    /// # Errors
    /// If it cannot be switched.
    fn switch(&mut self, is_on: bool) -> Result<(), GpioError>;
}
