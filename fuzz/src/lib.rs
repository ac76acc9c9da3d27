//! What outsiders can hand to the two programs, with what must hold whatever it is: targets for a fuzzer.
//!
//! A target takes any bytes and panics if something does not hold. `cargo xtask fuzz` lets libFuzzer look for such bytes
//! (`targets/` holds a program for each); an ordinary test runs each over the files in `seeds/`, where findings are kept.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "its paths are of its own making")]

#[cfg_attr(not(feature = "programs"), allow(dead_code, reason = "only the other targets choose everything"))]
mod choices;
mod driven;
mod layers;
#[cfg(feature = "programs")]
mod programs;
#[cfg(test)]
#[cfg(feature = "programs")]
mod tests;

pub use driven::driven;
pub use layers::layers;
#[cfg(feature = "programs")]
pub use programs::*;

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
#[cfg(feature = "programs")]
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
