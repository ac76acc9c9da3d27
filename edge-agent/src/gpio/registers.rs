//! Pins through the chip's registers, with rppal.

use super::requested::{Edges, Input, OnEdge, Output};
use super::{GpioError, Level, Pin};
use rppal::gpio::{Error, Event, Gpio, InputPin, OutputPin, Trigger};

/// The pin keeps its level when it is dropped: the kernel does not know that it was in use.
pub(super) fn output(gpio: &Gpio, pin: Pin, level: Level) -> Result<Box<dyn Output>, GpioError> {
    let raw = raw(gpio, pin)?;
    // The level is set before the direction, so that a pin that was an input has no other level in between.
    let mut output = match level {
        Level::Low => raw.into_output_low(),
        Level::High => raw.into_output_high(),
    };
    output.set_reset_on_drop(false);
    Ok(Box::new(output))
}

pub(super) fn listen(
    gpio: &Gpio,
    pin: Pin,
    at_rest: Level,
    edges: Edges,
    mut on_edge: OnEdge,
) -> Result<Box<dyn Input>, GpioError> {
    let raw = raw(gpio, pin)?;
    let mut input = match at_rest {
        Level::Low => raw.into_input_pulldown(),
        Level::High => raw.into_input_pullup(),
    };
    let trigger = match edges {
        Edges::Falling => Trigger::FallingEdge,
        Edges::Both => Trigger::Both,
    };
    let on_event = move |event: Event| {
        let level = if event.trigger == Trigger::RisingEdge { Level::High } else { Level::Low };
        on_edge(level, event.timestamp);
    };
    input.set_async_interrupt(trigger, None, on_event).map_err(|error| refused(pin, error))?;
    Ok(Box::new(input))
}

impl Output for OutputPin {
    fn drive(&mut self, level: Level) -> Result<(), GpioError> {
        match level {
            Level::Low => self.set_low(),
            Level::High => self.set_high(),
        }
        Ok(())
    }
}

impl Input for InputPin {
    fn level(&self) -> Result<Level, GpioError> {
        Ok(if self.is_high() { Level::High } else { Level::Low })
    }
}

fn raw(gpio: &Gpio, pin: Pin) -> Result<rppal::gpio::Pin, GpioError> {
    gpio.get(pin.number()).map_err(|error| refused(pin, error))
}

fn refused(pin: Pin, error: Error) -> GpioError {
    match error {
        Error::PermissionDenied(path) => GpioError::NotPermitted { path },
        other => GpioError::Refused { pin, reason: other.to_string() },
    }
}
