//! A simulated room in front of a door: people and presentation attack instruments, a lamp, a room's light and a camera.
//!
//! ```text
//! Conditions ──► Scene (surface, light, motion) ──► Camera ──► View of each frame ──► liveness::lamp ──► Tally
//! ```
//!
//! It measures how often the coded lamp errs. It is a simulation: no person and no attacker took part. It is not shipped.
//! Lengths are in metres, except on a face, where they are in eye distances; light is in lux, candela and cd/m^2.
#![forbid(unsafe_code)]

pub mod camera;
pub mod campaign;
pub mod chance;
pub mod experiment;
pub mod faces;
pub mod head;
pub mod instrument;
pub mod light;
pub mod motion;
pub mod picture;
pub mod pipeline;
pub mod scene;
pub mod surface;
pub mod tally;
pub mod training;
mod vector;

#[cfg(test)]
mod regression_tests;
#[cfg(test)]
mod unit_tests;
