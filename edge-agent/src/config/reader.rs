//! `[reader]`: the card reader.

use super::ConfigError;
use super::wiegand::WiegandTable;
use crate::gpio::Pin;
use crate::reader::{Baud, Digits, Security};
use crate::usb_port::UsbPort;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Every key of the section.
#[cfg(test)]
pub(super) const KEYS: [&str; 16] = [
    "kind",
    "device",
    "usb-port",
    "digits",
    "d0-pin",
    "d1-pin",
    "baud",
    "address",
    "key-file",
    "secure-channel",
    "keypad",
    "keep-bits",
    "name",
    "fields",
    "parity",
    "byte-order",
];

const ALL_BITS: u32 = 64;
const DEFAULT_KEY_FILE: &str = "/var/lib/edge-agent/reader.key";
/// The address of all readers.
const BROADCAST: u8 = 0x7f;

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
    /// An OSDP reader on an RS-485 line.
    Osdp {
        /// The serial device, such as `/dev/serial0`.
        device: PathBuf,
        /// The speed of the line.
        #[serde(default)]
        baud: Baud,
        /// The reader's address, 0 to 126.
        #[serde(default)]
        address: u8,
        /// The file of the key that the unit shares with the reader.
        #[serde(default = "default_key_file")]
        key_file: PathBuf,
        /// Whether cards are read without the secure channel.
        #[serde(default)]
        secure_channel: Security,
        /// What is done with typed digits.
        #[serde(default)]
        keypad: Keypad,
        /// The formats of the cards; by default `h10301` with 26 bits and `h10306` with 34.
        #[serde(default)]
        wiegand_format: Box<WiegandTable>,
        /// How many of the lowest bits of a number count: 16 to 64.
        #[serde(default = "all_bits")]
        keep_bits: u32,
    },
}

/// What is done with the digits that are typed on a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keypad {
    /// Nothing.
    #[default]
    Ignored,
    /// A number that ends with # is the number of a card.
    CardNumber,
}

fn default_key_file() -> PathBuf {
    DEFAULT_KEY_FILE.into()
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
            Self::Osdp { .. } => "osdp",
        }
    }

    /// The formats of the cards, if the reader sends their bits.
    pub const fn wiegand_table(&self) -> Option<&WiegandTable> {
        match self {
            Self::Evdev { .. } => None,
            Self::Wiegand { wiegand_format, .. } | Self::Osdp { wiegand_format, .. } => Some(wiegand_format),
        }
    }

    /// The key that the reader must have; `None` if it needs none.
    pub fn needed_key(&self) -> Option<&Path> {
        match self {
            Self::Osdp { key_file, secure_channel: Security::Required, .. } => Some(key_file),
            _ => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if let Self::Osdp { address: address @ BROADCAST.., .. } = self {
            let wanted = "the reader's address, 0 to 126";
            return Err(ConfigError::Range { key: "reader.address", found: address.to_string(), wanted });
        }
        let (Self::Evdev { keep_bits, .. } | Self::Wiegand { keep_bits, .. } | Self::Osdp { keep_bits, .. }) = self;
        if (16..=ALL_BITS).contains(keep_bits) {
            return Ok(());
        }
        let wanted = "the number of lowest bits of a card number that count, 16 to 64";
        Err(ConfigError::Range { key: "reader.keep-bits", found: keep_bits.to_string(), wanted })
    }
}
