//! Measures how well people are told apart, on photos of known people.
//!
//! photos -> measured (encodings and crops) -> compared (distances of pairs) -> figures. In addition to pairs, there
//! are [`identification`] trials (some people are enrolled, everybody else is a stranger) and [`calibration`] (the
//! threshold for a given risk). Terms are those of ISO/IEC 19795-1. [`pad`] measures how well live faces are told from
//! pictures of faces.
//!
//! Finding photos, databases, the wording of results and pages are the responsibility of the calling program. This
//! crate prints only progress bars, which [`Measuring::quiet`] turns off. Personal data outlives a run only in a
//! [`Store`] or [`Cache`] that the caller opens.
#![forbid(unsafe_code)]

mod cache;
pub mod calibration;
mod colours;
mod compared;
mod error;
mod figures;
pub mod identification;
mod interval;
mod measuring;
pub mod pad;
pub mod pair_file;
mod pixel_distance;
mod roc;
mod sample;
mod threshold_argument;
pub mod triplet_loss;
mod triplets;

pub use cache::{Cache, Measured, Store, clear, forget, size};
pub use colours::Colours;
pub use compared::{Movement, Way, compare, movement};
pub use error::AccuracyError;
pub use figures::{Accuracy, Compared, FALSE_ACCEPT_RATES, Figures, Rate, Rates, roc_of};
pub use interval::{Interval, clopper_pearson};
pub use measuring::{Measuring, Outcome, foremost};
pub use pixel_distance::pixel_distance;
pub use roc::{Point, Roc};
pub use sample::{Pair, Photo, Sample};
pub use threshold_argument::parse_threshold;
pub use triplets::{Mined, Triplet, TripletFigures, mine};
