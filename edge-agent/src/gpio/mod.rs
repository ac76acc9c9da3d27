//! The GPIO pins of a Raspberry Pi: their state before any program runs, and how a program requests one.
//!
//! A pin is named by its number in the Broadcom chip (GPIO17, `BCM 17`), not by its position on the header. The door,
//! its contacts, the lights and the card reader know what is connected to it.

mod board;
mod boot;
mod header;
mod kernel_time;
mod lines;
mod open;
mod registers;
mod released;
mod requested;

pub use board::Board;
pub use boot::{BootConfig, CONFIG_TXT};
pub(crate) use kernel_time::KernelTime;
pub(crate) use open::{listen, output};
pub use released::Released;
pub(crate) use requested::{Edges, Input, Output};

use serde::{Deserialize, Serialize};
use std::fmt;

/// A pin of the header, by its number in the Broadcom chip: 0 to 27.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Pin(u8);

/// The logic level of a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 0 V.
    Low,
    /// 3.3 V.
    High,
}

/// Why a pin is not available.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpioError {
    /// The number is not on the header.
    #[error("there is no pin {0} on the header: BCM numbers go from 0 to 27")]
    NoSuchPin(u8),
    /// This computer has no known GPIO header.
    #[error("this computer is not a Raspberry Pi, or this program is too old for it: there is {found}")]
    NoRaspberryPi {
        /// The chips that are there.
        found: String,
    },
    /// No GPIO chip of this computer has the header's pins.
    #[error("no GPIO chip is labelled {wanted}: there is {found}")]
    NoHeader {
        /// The label of the chip that this board has.
        wanted: &'static str,
        /// The chips that are there.
        found: String,
    },
    /// It is not clear which GPIO chip has the header's pins.
    #[error("more than one GPIO chip has the label of the header: {found}")]
    SeveralHeaders {
        /// The chips that are there.
        found: String,
    },
    /// The program has no permission for the pins.
    #[error("no permission for {path}: run as a user of the group gpio, or as root")]
    NotPermitted {
        /// The file that could not be opened.
        path: String,
    },
    /// The operating system refused.
    #[error("{pin} cannot be used: {reason}")]
    Refused {
        /// The pin.
        pin: Pin,
        /// The error message.
        reason: String,
    },
}

impl Pin {
    /// The pin with this number.
    ///
    /// # Errors
    /// [`GpioError::NoSuchPin`]
    pub const fn new(number: u8) -> Result<Self, GpioError> {
        if number <= 27 { Ok(Self(number)) } else { Err(GpioError::NoSuchPin(number)) }
    }

    /// The number in the Broadcom chip.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Every pin of the header.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=27).map(Self)
    }
}

impl TryFrom<u8> for Pin {
    type Error = GpioError;

    fn try_from(number: u8) -> Result<Self, GpioError> {
        Self::new(number)
    }
}

impl From<Pin> for u8 {
    fn from(pin: Pin) -> Self {
        pin.0
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GPIO{}", self.0)
    }
}

impl Level {
    /// The opposite level.
    pub const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::High => "high",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_of_the_header() {
        for (number, is_there) in [(0, true), (17, true), (27, true), (28, false), (255, false)] {
            assert_eq!(Pin::new(number).is_ok(), is_there, "{number}");
        }
        assert_eq!(Pin::all().count(), 28);
    }
}
