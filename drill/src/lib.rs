//! The report of a drill: how one door withstood the pictures that were held in front of it, and how many people it let
//! in. The unit writes and signs it, the workstation checks and shows it; both use this crate.
//!
//! It holds counts, hashes and times. It holds no picture, no name, no encoding.
#![forbid(unsafe_code)]

mod basis;
mod rate;
mod report;
mod signed;

pub use basis::Basis;
pub use rate::Rate;
pub use report::{DrillReport, Outcome, Presentations};
pub use signed::{SignedError, SignedReport};
