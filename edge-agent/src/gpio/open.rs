//! Getting hold of pins, through rppal.

use super::{GpioError, Level, Pin};
use rppal::gpio::{Error, Gpio, InputPin, OutputPin};

/// A pin as an output that has this level from its first moment on, and keeps what it has when it is dropped.
pub(crate) fn output(pin: Pin, level: Level) -> Result<OutputPin, GpioError> {
    let raw = raw(pin)?;
    // The level is set before the direction: a pin that was an input does not show another one in between.
    let mut output = match level {
        Level::Low => raw.into_output_low(),
        Level::High => raw.into_output_high(),
    };
    output.set_reset_on_drop(false);
    Ok(output)
}

/// A pin as an input, pulled to the level that it has when nothing drives it.
pub(crate) fn input(pin: Pin, at_rest: Level) -> Result<InputPin, GpioError> {
    let raw = raw(pin)?;
    Ok(match at_rest {
        Level::Low => raw.into_input_pulldown(),
        Level::High => raw.into_input_pullup(),
    })
}

fn raw(pin: Pin) -> Result<rppal::gpio::Pin, GpioError> {
    Gpio::new().and_then(|gpio| gpio.get(pin.number())).map_err(|error| GpioError::of(pin, error))
}

impl GpioError {
    pub(crate) fn of(pin: Pin, error: Error) -> Self {
        match error {
            Error::UnknownModel => Self::NoRaspberryPi,
            Error::PermissionDenied(path) => Self::NotPermitted { path },
            other => Self::Refused { pin, reason: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpio::Board;

    #[test]
    fn a_computer_without_pins_says_so() {
        if Board::of_this_computer().is_some() {
            eprintln!("skipped: this is a Raspberry Pi, whose pins a test does not touch");
            return;
        }
        let message = output(Pin::new(17).unwrap(), Level::Low).map(drop).unwrap_err().to_string();
        assert!(message.contains("no Raspberry Pi"), "{message}");
    }
}
