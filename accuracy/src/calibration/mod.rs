//! Calibration: from the distances between different people to the threshold for a stated risk.

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

/// The rate at which the gallery names a stranger, if nothing else is asked for.
pub const DEFAULT_FPIR: f64 = 0.001;
