//! Wiegand readers: two wires, at rest high, on each of which a short pulse to low is a bit: D0 a zero, D1 a one.
//!
//! Each wire has a thread of its own, so pulses may arrive out of order; the kernel's timestamps restore it.
//! A card ends when the wires have been silent for a while.

mod frames;
mod gpio;

pub use frames::{Edge, frames};
pub use gpio::{WiegandReader, WiegandReaderError};
