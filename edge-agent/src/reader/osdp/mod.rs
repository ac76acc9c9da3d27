//! OSDP v2 readers on an RS-485 line (SIA OSDP 2.2, IEC 60839-11-5), with secure channel.
//!
//! The unit is the control panel and has one reader on the line. `Panel` is its side of the protocol: it polls, and knows
//! no clock and no device, so that a scripted reader can answer it. A thread of its own waits for the line.
//!
//! A card is accepted only if it came through a secure channel with the key of the pairing. The default key, which is the
//! same in every reader, serves only to hand over the new one: see `pairing`.

mod exchange;
mod heard;
mod key;
mod line;
mod pairing;
mod panel;
mod report;
#[cfg(test)]
mod scripted;
mod shown;
mod talk;
mod thread;
mod trial;

pub use heard::AnyReply;
pub use line::Baud;
pub use panel::Security;

pub(crate) use heard::cards_heard;
pub(crate) use key::PairingKeys;
pub(crate) use line::open_line;
pub(crate) use pairing::{CarriedBy, Paired, Pairing, PairingError, pair};
pub(crate) use shown::ReaderLights;
pub(crate) use talk::{OsdpReports, WantedOsdp};
pub(crate) use thread::OsdpReader;
pub(crate) use trial::try_out;
