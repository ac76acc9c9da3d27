//! Requests pins, in one of two ways, depending on the computer.
//!
//! With rppal, if it works: it needs the pins' registers (`/dev/gpiomem`, on a Pi 5 `/dev/gpiomem0`, both only on
//! Raspberry Pi's kernels) and chips that are numbered without a gap. Otherwise with gpiocdev, through the kernel's
//! GPIO character device, on the chip that [`header`] finds: a Pi 5 with Linux 6.12, and any Pi with Debian's own
//! kernel.

use super::requested::{Edges, Input, OnEdge, Output};
use super::{GpioError, Level, Pin, header, lines, registers};
use rppal::gpio::Gpio;
use std::path::PathBuf;
use terminal::ShowPath;

/// Requests a pin as an output that has this level from the start. See [`Released`](super::Released) for what happens
/// when it is dropped.
pub(crate) fn output(pin: Pin, level: Level) -> Result<Box<dyn Output>, GpioError> {
    match Access::of_this_computer()? {
        Access::Registers(gpio) => registers::output(&gpio, pin, level),
        Access::Lines(chip) => lines::output(&chip, pin, level),
    }
}

/// Requests a pin as an input, pulled to the level `at_rest` while nothing drives it.
pub(crate) fn listen(pin: Pin, at_rest: Level, edges: Edges, on_edge: OnEdge) -> Result<Box<dyn Input>, GpioError> {
    match Access::of_this_computer()? {
        Access::Registers(gpio) => registers::listen(&gpio, pin, at_rest, edges, on_edge),
        Access::Lines(chip) => lines::listen(&chip, pin, at_rest, edges, on_edge),
    }
}

enum Access {
    Registers(Gpio),
    /// The chip with the header's pins.
    Lines(PathBuf),
}

impl Access {
    fn of_this_computer() -> Result<Self, GpioError> {
        Gpio::new().map(Self::Registers).or_else(|error| {
            let chip = header::chip_of_this_computer()?;
            tracing::debug!("using {} for GPIO, because rppal does not work here: {error}", chip.shown());
            Ok(Self::Lines(chip))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpio::Board;

    #[test]
    fn a_computer_without_pins_gives_an_error() {
        if Board::of_this_computer().is_some() {
            eprintln!("skipped: this is a Raspberry Pi, whose pins a test does not touch");
            return;
        }
        let pin = Pin::new(17).unwrap();
        let refused = [
            output(pin, Level::Low).map(drop).unwrap_err(),
            listen(pin, Level::Low, Edges::Both, Box::new(|_, _| {})).map(drop).unwrap_err(),
        ];
        for message in refused.map(|error| error.to_string()) {
            assert!(message.contains("not a Raspberry Pi"), "{message}");
        }
    }
}
