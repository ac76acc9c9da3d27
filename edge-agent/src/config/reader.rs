//! `[reader]`: the card reader.

use super::ConfigError;
use super::wiegand::WiegandTable;
use crate::gpio::Pin;
use crate::reader::Digits;
use crate::usb_port::UsbPort;
use serde::Deserialize;
use std::path::PathBuf;

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 11] =
    ["kind", "device", "usb-port", "digits", "d0-pin", "d1-pin", "keep-bits", "name", "fields", "parity", "byte-order"];

const ALL_BITS: u32 = 64;

/// `[reader]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Reader {
    /// A USB reader that acts as a keyboard.
    Evdev {
        /// The device file, such as `/dev/input/by-id/usb-…-event-kbd`.
        device: PathBuf,
        /// The USB port that the reader must be plugged into.
        usb_port: Option<UsbPort>,
        /// The number format of the reader.
        #[serde(default)]
        digits: Digits,
        /// How many of the lowest bits of a number count: 16 to 64.
        #[serde(default = "all_bits")]
        keep_bits: u32,
    },
    /// A Wiegand reader with two data wires.
    Wiegand {
        /// The pin of D0, often green.
        d0_pin: Pin,
        /// The pin of D1, often white.
        d1_pin: Pin,
        /// The formats of the cards; by default `h10301` with 26 bits and `h10306` with 34.
        #[serde(default)]
        wiegand_format: Box<WiegandTable>,
        /// How many of the lowest bits of a number count: 16 to 64.
        #[serde(default = "all_bits")]
        keep_bits: u32,
    },
}

const fn all_bits() -> u32 {
    ALL_BITS
}

impl Reader {
    /// The value of `kind` in the configuration.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Evdev { .. } => "evdev",
            Self::Wiegand { .. } => "wiegand",
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let (Self::Evdev { keep_bits, .. } | Self::Wiegand { keep_bits, .. }) = self;
        if (16..=ALL_BITS).contains(keep_bits) {
            return Ok(());
        }
        let wanted = "the number of lowest bits of a card number that count, 16 to 64";
        Err(ConfigError::Range { key: "reader.keep-bits", found: keep_bits.to_string(), wanted })
    }
}
