//! Lights on pins, each of which may be missing.

use super::{LightOutputs, Shown};
use crate::gpio::{self, GpioError, Level, Pin};
use rppal::gpio::OutputPin;

/// The pins of the lights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LightPins {
    /// The green light.
    pub green: Option<Pin>,
    /// The red light.
    pub red: Option<Pin>,
    /// The buzzer.
    pub buzzer: Option<Pin>,
    /// The level at which each is on.
    pub on: Level,
}

/// Lights on pins.
pub struct GpioLights {
    green: Option<OutputPin>,
    red: Option<OutputPin>,
    buzzer: Option<OutputPin>,
    on: Level,
}

impl GpioLights {
    /// Takes the pins, and switches everything off.
    ///
    /// # Errors
    /// When a pin is not to be had.
    pub fn open(pins: LightPins) -> Result<Self, GpioError> {
        let off = |pin: Option<Pin>| pin.map(|pin| gpio::output(pin, pins.on.other())).transpose();
        Ok(Self { green: off(pins.green)?, red: off(pins.red)?, buzzer: off(pins.buzzer)?, on: pins.on })
    }
}

impl LightOutputs for GpioLights {
    fn show(&mut self, shown: Shown) {
        let lights = [(&mut self.green, shown.green), (&mut self.red, shown.red), (&mut self.buzzer, shown.buzzer)];
        for (output, is_on) in lights {
            if let Some(output) = output {
                output.write(if is_on { self.on } else { self.on.other() }.into());
            }
        }
    }
}
