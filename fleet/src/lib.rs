//! The workstation's side of a fleet of door units: which units there are, their audit logs collected, their databases and
//! orders delivered, and what they state about themselves.
//!
//! Nothing between the workstation and a unit is trusted. Records are believed for their chain and the unit's signature,
//! statements for the unit's signature and our nonce. This crate has no network that runs faces, decides nothing about
//! doors, and prints nothing.
#![forbid(unsafe_code)]

pub mod broker;
pub mod campaign;
pub mod collector;
pub mod fleet_toml;
pub mod orders;
pub mod place;
pub mod reach;
pub mod rollout;
pub mod shipment;
pub mod ssh;
pub mod statements;
pub mod status;
pub mod turns;
