//! Measures how well live faces are told from pictures of faces (presentation attack detection).
//!
//! pictures -> outcomes (a probability each, or why there is none) -> approaches (the mean of some pictures) -> rates.
//! Terms are those of ISO/IEC 30107-3: BPCER is the share of bona fide approaches that are refused. APCER is the share of
//! attacks that are accepted, for each presentation attack instrument. A picture without a face that can be assessed is a
//! non-response; it is counted apart, and is in no approach.

mod approaches;
mod measuring;
mod non_response;
mod rates;
mod threshold;
mod unseen;

pub use approaches::{Approach, approaches};
pub use measuring::{Measuring, Outcome};
pub use non_response::non_responses;
pub use rates::{Independent, Rate, Rates};
pub use threshold::{Chosen, chosen};
pub use unseen::{Unseen, unseen};

use std::path::PathBuf;

/// One picture of the trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub path: PathBuf,
    /// The presentation attack instrument; `None` for bona fide pictures.
    pub instrument: Option<String>,
    /// Who is shown, if folders or file names tell.
    pub person: Option<String>,
    /// The folder that the picture lies in, if it is not directly in the folder of its instrument or of the bona fide
    /// pictures.
    pub folder: Option<String>,
    /// Pictures of one sequence follow each other in time, in the order in which they are listed.
    pub sequence: String,
}
