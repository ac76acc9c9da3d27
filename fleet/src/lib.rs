//! The workstation's side of a fleet of door units: which units there are, their audit logs collected, their databases and
//! orders delivered, and what they state about themselves.
//!
//! Nothing between the workstation and a unit is trusted. Records are believed for their chain and the unit's signature,
//! statements for the unit's signature and our nonce. This crate has no network that runs faces, decides nothing about
//! doors, and prints nothing.
#![forbid(unsafe_code)]

pub mod collector;
pub mod fleet_toml;
