//! What outsiders can hand to the two programs, with what must hold whatever it is: targets for a fuzzer.
//!
//! A target takes any bytes and panics if something does not hold. `cargo xtask fuzz` lets libFuzzer look for such bytes
//! (`targets/` holds a program for each); an ordinary test runs each over the files in `seeds/`, where findings are kept.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "its paths are of its own making")]

mod audit_log;
mod cards;
mod choices;
mod config;
mod control;
mod database;
mod driven;
mod layers;
mod networks;
mod pictures;
mod readers;
mod received;
mod schedules;
mod status;
#[cfg(test)]
mod tests;

pub use audit_log::{audit_log, changed_audit_log};
pub use cards::cards;
pub use config::{config, memory, small_files};
pub use control::control_request;
pub use database::database;
pub use driven::driven;
pub use layers::layers;
pub use networks::{bundle, onnx, weights};
pub use pictures::{camera_frame, photo};
pub use readers::{usb_reader, wiegand};
pub use received::received;
pub use schedules::schedules;
pub use status::{status_report, status_request};

/// What became of what was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was taken for what it should be.
    Accepted,
    /// It was not.
    Refused,
}

/// A target and its name, which is also that of its program, its source and its folder of seeds.
pub type Target = (&'static str, fn(&[u8]) -> Answer);

/// All of them.
pub const TARGETS: [Target; 20] = [
    ("audit-log", audit_log),
    ("bundle", bundle),
    ("camera-frame", camera_frame),
    ("cards", cards),
    ("changed-audit-log", changed_audit_log),
    ("config", config),
    ("control-request", control_request),
    ("database", database),
    ("layers", layers),
    ("memory", memory),
    ("onnx", onnx),
    ("photo", photo),
    ("schedules", schedules),
    ("received", received),
    ("small-files", small_files),
    ("status-report", status_report),
    ("status-request", status_request),
    ("usb-reader", usb_reader),
    ("weights", weights),
    ("wiegand", wiegand),
];
