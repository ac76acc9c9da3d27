//! The mains frequency. Lamps flicker at twice this rate; a camera that knows it chooses exposures that hide the
//! flicker.

use serde::Deserialize;
use std::time::Duration;

/// A mains frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub enum PowerLine {
    /// 50 Hz.
    Hz50,
    /// 60 Hz.
    Hz60,
}

impl PowerLine {
    /// The time from one flicker to the next.
    pub const fn flicker_period(self) -> Duration {
        match self {
            Self::Hz50 => Duration::from_micros(10_000),
            Self::Hz60 => Duration::from_micros(8_333),
        }
    }
}

impl TryFrom<u16> for PowerLine {
    type Error = &'static str;

    fn try_from(hz: u16) -> Result<Self, Self::Error> {
        match hz {
            50 => Ok(Self::Hz50),
            60 => Ok(Self::Hz60),
            _ => Err("power-line-hz must be 50 or 60"),
        }
    }
}
