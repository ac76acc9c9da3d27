//! Lights on GPIO pins, each of them optional.

use super::{LightOutputs, LightState};
use crate::gpio::{self, GpioError, Level, Output, Pin};

/// The pins of the lights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LightPins {
    /// The green light.
    pub green: Option<Pin>,
    /// The red light.
    pub red: Option<Pin>,
    /// The buzzer.
    pub buzzer: Option<Pin>,
    /// The level at which they are on.
    pub on: Level,
}

/// Lights on GPIO pins.
pub struct GpioLights {
    green: Option<Box<dyn Output>>,
    red: Option<Box<dyn Output>>,
    buzzer: Option<Box<dyn Output>>,
    on: Level,
    /// Whether the last change failed.
    has_failed: bool,
}

impl GpioLights {
    /// Requests the pins, and switches everything off.
    ///
    /// # Errors
    /// If a pin is not available.
    pub fn open(pins: LightPins) -> Result<Self, GpioError> {
        let off = |pin: Option<Pin>| pin.map(|pin| gpio::output(pin, pins.on.other())).transpose();
        let [green, red, buzzer] = [off(pins.green)?, off(pins.red)?, off(pins.buzzer)?];
        Ok(Self { green, red, buzzer, on: pins.on, has_failed: false })
    }
}

impl LightOutputs for GpioLights {
    fn show(&mut self, shown: LightState) {
        let lights = [(&mut self.green, shown.green), (&mut self.red, shown.red), (&mut self.buzzer, shown.buzzer)];
        let mut refused = None;
        for (output, is_on) in lights {
            if let Some(output) = output {
                refused = output.drive(if is_on { self.on } else { self.on.other() }).err().or(refused);
            }
        }
        let had_failed = std::mem::replace(&mut self.has_failed, refused.is_some());
        if let Some(error) = refused.filter(|_| !had_failed) {
            tracing::warn!("cannot switch the lights: {error}");
        }
    }
}
