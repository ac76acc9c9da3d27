//! A lamp that a GPIO pin switches through a transistor.

use super::LampOutput;
use crate::gpio::{self, GpioError, Level, Output, Pin};

/// The pin of the lamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LampPin {
    /// Which pin.
    pub pin: Pin,
    /// The level at which the lamp is on.
    pub on: Level,
}

/// A lamp on a pin. It is switched off when this is dropped.
pub struct GpioLamp {
    output: Box<dyn Output>,
    on: Level,
}

impl GpioLamp {
    /// Requests the pin, and switches the lamp off.
    ///
    /// # Errors
    /// If the pin is not available.
    pub fn open(lamp: LampPin) -> Result<Self, GpioError> {
        Ok(Self { output: gpio::output(lamp.pin, lamp.on.other())?, on: lamp.on })
    }
}

impl LampOutput for GpioLamp {
    fn switch(&mut self, is_on: bool) -> Result<(), GpioError> {
        self.output.drive(if is_on { self.on } else { self.on.other() })
    }
}

impl Drop for GpioLamp {
    fn drop(&mut self) {
        // The pin may be gone; then there is nothing left to switch off.
        self.switch(false).ok();
    }
}
