//! Getting hold of pins, in one of two ways, chosen by what the computer has.
//!
//! rppal, if it works here: it needs the pins' registers (`/dev/gpiomem`, on a Pi 5 `/dev/gpiomem0`, both only on
//! Raspberry Pi's kernels) and chips that are numbered without a gap. Otherwise the kernel's GPIO character device through
//! gpiocdev, on the chip that [`header`] finds: a Pi 5 with Linux 6.12, and any Pi with Debian's own kernel.

use super::{GpioError, Level, Pin, header, lines, registers};
use rppal::gpio::Gpio;
use std::path::PathBuf;
use std::time::Duration;
use terminal::ShowPath;

/// A pin that is driven.
pub(crate) trait Output: Send {
    /// Drives it to a level.
    ///
    /// # Errors
    /// If the system refuses.
    fn drive(&mut self, level: Level) -> Result<(), GpioError>;
}

/// A pin that is listened to for as long as this lives.
pub(crate) trait Input: Send {
    /// The level that it has now.
    ///
    /// # Errors
    /// If the system does not say.
    fn level(&self) -> Result<Level, GpioError>;
}

/// Which changes of a pin are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edges {
    /// From high to low.
    Falling,
    /// All.
    Both,
}

/// Is told of changes, by another thread: the new level, and when, by the kernel's monotonic clock.
pub(crate) type Hear = Box<dyn FnMut(Level, Duration) + Send>;

/// A pin as an output that has this level from its first moment on. What becomes of it when it is dropped, see
/// [`Released`](super::Released).
pub(crate) fn output(pin: Pin, level: Level) -> Result<Box<dyn Output>, GpioError> {
    match Access::of_this_computer()? {
        Access::Registers(gpio) => registers::output(&gpio, pin, level),
        Access::Lines(chip) => lines::output(&chip, pin, level),
    }
}

/// A pin as an input, pulled to the level that it has when nothing drives it.
pub(crate) fn listen(pin: Pin, at_rest: Level, edges: Edges, hear: Hear) -> Result<Box<dyn Input>, GpioError> {
    match Access::of_this_computer()? {
        Access::Registers(gpio) => registers::listen(&gpio, pin, at_rest, edges, hear),
        Access::Lines(chip) => lines::listen(&chip, pin, at_rest, edges, hear),
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
            tracing::debug!("pins are taken from {}, as rppal finds none: {error}", chip.shown());
            Ok(Self::Lines(chip))
        })
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
        let pin = Pin::new(17).unwrap();
        let refused = [
            output(pin, Level::Low).map(drop).unwrap_err(),
            listen(pin, Level::Low, Edges::Both, Box::new(|_, _| {})).map(drop).unwrap_err(),
        ];
        for message in refused.map(|error| error.to_string()) {
            assert!(message.contains("no Raspberry Pi"), "{message}");
        }
    }
}
