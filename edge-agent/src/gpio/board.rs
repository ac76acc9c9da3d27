//! Facts about the boards: how a pin is pulled at reset, and what else uses it.
//!
//! Sources: *BCM2835 ARM Peripherals*, section 6.2 (also for the BCM2837 of Pi 3 and of Zero 2 W); *BCM2711 ARM
//! Peripherals*, section 5.3, for Pi 4; for Pi 5, whose pins are in the RP1, the output of `pinctrl` for untouched pins
//! (raspberrypi/linux issue 6347). All of them pull GPIO0 to GPIO8 up and GPIO9 to GPIO27 down.

use super::{Level, Pin};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs;

/// The supported models of Raspberry Pi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Board {
    /// Raspberry Pi 3, all models (BCM2837).
    #[serde(rename = "pi-3")]
    Pi3,
    /// Raspberry Pi 4, 400 and Compute Module 4 (BCM2711).
    #[serde(rename = "pi-4")]
    Pi4,
    /// Raspberry Pi 5, 500 and Compute Module 5 (pins in the RP1).
    #[serde(rename = "pi-5")]
    Pi5,
    /// Raspberry Pi Zero 2 W (RP3A0, with the pins of a BCM2837).
    #[serde(rename = "zero-2-w")]
    Zero2W,
}

/// The last pin that is pulled up at reset.
const LAST_PULLED_UP: u8 = 8;

impl Board {
    /// Every board.
    pub const ALL: [Self; 4] = [Self::Pi3, Self::Pi4, Self::Pi5, Self::Zero2W];

    /// The board that this program runs on, from the device tree.
    pub fn of_this_computer() -> Option<Self> {
        Self::by_model(&fs::read_to_string("/proc/device-tree/model").ok()?)
    }

    fn by_model(model: &str) -> Option<Self> {
        let name = model.trim_end_matches('\0').strip_prefix("Raspberry Pi ")?;
        let known = [
            ("3 ", Self::Pi3),
            ("4 ", Self::Pi4),
            ("400", Self::Pi4),
            ("5 ", Self::Pi5),
            ("500", Self::Pi5),
            ("Compute Module 3", Self::Pi3),
            ("Compute Module 4", Self::Pi4),
            ("Compute Module 5", Self::Pi5),
            ("Zero 2", Self::Zero2W),
        ];
        known.iter().find(|(beginning, _)| name.starts_with(beginning)).map(|(_, board)| *board)
    }

    /// The level that a pin is pulled to from power-on until the firmware or a program sets it.
    pub const fn level_at_reset(self, pin: Pin) -> Level {
        match self {
            Self::Pi3 | Self::Pi4 | Self::Pi5 | Self::Zero2W if pin.number() <= LAST_PULLED_UP => Level::High,
            Self::Pi3 | Self::Pi4 | Self::Pi5 | Self::Zero2W => Level::Low,
        }
    }

    /// What else may drive a pin on any of the boards; `None` for a free pin.
    pub const fn other_use(pin: Pin) -> Option<&'static str> {
        match pin.number() {
            0 | 1 => Some("the firmware reads the EEPROM of a HAT over it while the Pi boots"),
            2 | 3 => Some("it has a resistor of 1.8 kΩ to 3.3 V on the board, and is I2C where that is switched on"),
            14 | 15 => Some("it is the serial console where that is switched on, and changes while the Pi boots"),
            _ => None,
        }
    }

    /// The name in the configuration.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pi3 => "pi-3",
            Self::Pi4 => "pi-4",
            Self::Pi5 => "pi-5",
            Self::Zero2W => "zero-2-w",
        }
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pi3 => "Raspberry Pi 3",
            Self::Pi4 => "Raspberry Pi 4",
            Self::Pi5 => "Raspberry Pi 5",
            Self::Zero2W => "Raspberry Pi Zero 2 W",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_recognised_by_the_device_tree() {
        for (model, expected) in [
            ("Raspberry Pi 3 Model B Rev 1.2\0", Some(Board::Pi3)),
            ("Raspberry Pi 3 Model B Plus Rev 1.3", Some(Board::Pi3)),
            ("Raspberry Pi 4 Model B Rev 1.5\0", Some(Board::Pi4)),
            ("Raspberry Pi 400 Rev 1.0", Some(Board::Pi4)),
            ("Raspberry Pi Compute Module 4 Rev 1.1", Some(Board::Pi4)),
            ("Raspberry Pi 5 Model B Rev 1.0\0", Some(Board::Pi5)),
            ("Raspberry Pi Compute Module 5 Rev 1.0", Some(Board::Pi5)),
            ("Raspberry Pi Zero 2 W Rev 1.0\0", Some(Board::Zero2W)),
            ("Raspberry Pi Zero W Rev 1.1", None),
            ("Raspberry Pi 2 Model B Rev 1.1", None),
            ("Orange Pi 5", None),
            ("", None),
        ] {
            assert_eq!(Board::by_model(model), expected, "{model:?}");
        }
    }

    /// Copied from the sources by hand: one letter per pin, from GPIO0 on; H is pulled high, L is pulled low.
    #[test]
    fn pulls_at_reset_are_those_of_the_sources() {
        for board in Board::ALL {
            let pulls: String =
                Pin::all().map(|pin| if board.level_at_reset(pin) == Level::High { 'H' } else { 'L' }).collect();
            assert_eq!(pulls, "HHHHHHHHHLLLLLLLLLLLLLLLLLLL", "{board}");
        }
    }

    #[test]
    fn pins_with_another_use() {
        let used: Vec<u8> = Pin::all().filter(|pin| Board::other_use(*pin).is_some()).map(Pin::number).collect();
        assert_eq!(used, [0, 1, 2, 3, 14, 15]);
    }
}
