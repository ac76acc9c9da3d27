//! The fuzz targets of the two programs and their libraries.

mod audit_log;
mod cards;
mod config;
mod control;
mod database;
mod doors;
mod drill_report;
mod link;
mod networks;
mod orders;
mod passes;
mod pictures;
mod readers;
mod received;
mod schedules;
mod status;

pub use audit_log::{audit_log, changed_audit_log};
pub use cards::cards;
pub use config::{config, memory, small_files};
pub use control::control_request;
pub use database::database;
pub use doors::doors_toml;
pub use drill_report::drill_report;
pub use link::link_request;
pub use networks::{bundle, onnx, weights};
pub use orders::signed_order;
#[cfg(test)]
pub(crate) use orders::signing_key;
#[cfg(test)]
pub(crate) use passes::pass_key;
pub use passes::{pass_text, passes};
pub use pictures::{camera_frame, photo};
pub use readers::{osdp_reader, usb_reader, wiegand, wiegand_format};
pub use received::received;
pub use schedules::schedules;
#[cfg(test)]
pub(crate) use status::answered;
pub use status::{status_report, status_request};
