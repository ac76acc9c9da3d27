//! Fuzz targets: every input from outside the two programs, and the properties that must hold for it.
//!
//! A target takes any bytes and panics if a property does not hold. `cargo xtask fuzz` searches for such bytes with
//! libFuzzer (`targets/` has one program for each target). A normal test runs each target over the files in `seeds/`,
//! which include past findings.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "its paths are of its own making")]

#[cfg_attr(not(feature = "programs"), allow(dead_code, reason = "only the other targets choose everything"))]
mod choices;
mod driven;
mod layers;
#[cfg(feature = "link")]
mod link;
#[cfg(feature = "programs")]
mod programs;
#[cfg(test)]
#[cfg(feature = "programs")]
mod tests;

pub use driven::driven;
pub use layers::layers;
#[cfg(feature = "link")]
pub use link::*;
#[cfg(feature = "programs")]
pub use programs::*;

/// The result of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The input was accepted.
    Accepted,
    /// The input was refused.
    Refused,
}

/// The name of a target, which is also the name of its program, its source file and its folder of seeds; and its
/// function.
pub type Target = (&'static str, fn(&[u8]) -> Answer);

/// All targets.
#[cfg(feature = "programs")]
pub const TARGETS: [Target; 41] = [
    ("aim-picture", aim_picture),
    ("audit-log", audit_log),
    ("bundle", bundle),
    ("camera-frame", camera_frame),
    ("cards", cards),
    ("changed-audit-log", changed_audit_log),
    ("collected-batch", collected_batch),
    ("collected-log", collected_log),
    ("config", config),
    ("control-request", control_request),
    ("database", database),
    ("desk-request", desk_request),
    ("doors-toml", doors_toml),
    ("drill-report", drill_report),
    ("file-server", file_server),
    ("fleet-request", fleet_request),
    ("fleet-toml", fleet_toml),
    ("layers", layers),
    ("link-message", link_message),
    ("link-request", link_request),
    ("memory", memory),
    ("onnx", onnx),
    ("osdp-reader", osdp_reader),
    ("pass-text", pass_text),
    ("passes", passes),
    ("photo", photo),
    ("received", received),
    ("record-batch", record_batch),
    ("schedules", schedules),
    ("signed-order", signed_order),
    ("small-files", small_files),
    ("statement", statement),
    ("status-report", status_report),
    ("status-request", status_request),
    ("topic", topic),
    ("unit-answer", unit_answer),
    ("unit-records", unit_records),
    ("usb-reader", usb_reader),
    ("weights", weights),
    ("wiegand", wiegand),
    ("wiegand-format", wiegand_format),
];
