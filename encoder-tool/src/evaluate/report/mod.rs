//! The results of an evaluation: as JSON, as text, and as a page with plots and faces.

mod json;
mod page;
mod words;

pub(crate) use json::print_json_of;
pub(crate) use page::page_of;
pub(crate) use words::in_words;

use accuracy::{Compared, Figures, Mined, Movement, Outcome, Sample, TripletFigures};
use terminal::{ShowPath, ShownPath, counted, percent};

/// All results.
pub(crate) struct Findings {
    pub(crate) sample: Sample,
    /// Outcomes of the first model: one for each photo.
    pub(crate) outcomes: Vec<Outcome>,
    /// At least one, in the order of the command line.
    pub(crate) models: Vec<ModelFindings>,
    /// The first model on unaligned crops.
    pub(crate) unaligned: WayFindings,
    /// Pixels of the first model's crops.
    pub(crate) pixels: WayFindings,
    /// Triplets of the first model, if requested.
    pub(crate) triplets: Option<Mined>,
    pub(crate) failures_count: bool,
}

/// The results of one model.
pub(crate) struct ModelFindings {
    pub(crate) name: String,
    pub(crate) hash: String,
    pub(crate) aligned: WayFindings,
    /// Difference from the first model; `None` for the first model itself.
    pub(crate) movement: Option<Movement>,
}

/// The results of one way to compare.
pub(crate) struct WayFindings {
    /// One for each pair of the sample.
    pub(crate) pairs: Vec<Compared>,
    pub(crate) figures: Figures,
}

impl WayFindings {
    pub(crate) fn new(pairs: Vec<Compared>, failures_count: bool) -> Self {
        Self { figures: Figures::new(&pairs, failures_count), pairs }
    }
}

impl Findings {
    /// The rows of every table and plot, with their names.
    fn rows(&self) -> Vec<(String, &WayFindings)> {
        let mut rows: Vec<(String, &WayFindings)> =
            self.models.iter().map(|model| (model.name.clone(), &model.aligned)).collect();
        rows.push(("not aligned".to_owned(), &self.unaligned));
        rows.push(("pixels".to_owned(), &self.pixels));
        rows
    }

    /// Photos without a face, and photos that could not be read with the reason.
    fn without_face(&self) -> (Vec<ShownPath>, Vec<(ShownPath, &str)>) {
        let (mut no_face, mut unreadable) = (Vec::new(), Vec::new());
        for (photo, outcome) in self.sample.photos.iter().zip(&self.outcomes) {
            let path = || photo.path.shown();
            match outcome {
                Ok(Some(_)) => {}
                Ok(None) => no_face.push(path()),
                Err(why) => unreadable.push((path(), why.as_str())),
            }
        }
        (no_face, unreadable)
    }

    fn pairs_of(&self, mated: bool) -> usize {
        self.sample.pairs.iter().filter(|pair| pair.mated == mated).count()
    }
}

/// One line about all triplets.
fn triplets_in_words(figures: &TripletFigures) -> String {
    let TripletFigures { triplets, margin, mean_loss, violating_share, hard, semi_hard } = figures;
    match mean_loss.zip(*violating_share) {
        None => "no triplets: no person has two photos, or there is only one person".to_owned(),
        Some((mean, share)) => format!(
            "{} at margin {margin}: mean loss {mean:.6}, {} violate the margin ({hard} hard, {semi_hard} semi-hard)",
            counted(*triplets, "triplet"),
            percent(share)
        ),
    }
}
