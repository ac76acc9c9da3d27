//! Calibration: computes the threshold for a given risk from the distances between different people.

mod mated;
mod measured;
mod pareto;
mod risk;
mod strangers;

pub use mated::{Labelled, mated};
pub use measured::{Distances, MeasuredPhotos};
pub use risk::{MAX_FMR, Risk, fnir_at, risk_at};
pub(crate) use strangers::ENROLLED_PHOTOS;
pub use strangers::{non_mated, non_mated_of_probes};

/// Default rate at which the gallery names a stranger.
pub const DEFAULT_FPIR: f64 = 0.001;
