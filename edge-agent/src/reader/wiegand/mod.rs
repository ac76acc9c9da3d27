//! Wiegand readers: two wires, high at rest. A short low pulse is a bit: a zero on D0, a one on D1.
//!
//! Each wire has a thread of its own, so pulses may arrive out of order; the kernel's timestamps restore it.
//! A card ends when the wires have been silent for a while.

mod frames;
mod gpio;

pub use frames::{Edge, frames};
pub use gpio::{WiegandReader, WiegandReaderError};
