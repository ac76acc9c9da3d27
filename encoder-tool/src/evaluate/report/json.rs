//! The results as JSON.

use super::{Findings, ModelFindings};
use accuracy::{Figures, Movement, Pair, TripletFigures};
use serde::Serialize;
use terminal::{ShowPath, ShownPath, print_json};

#[derive(Serialize)]
struct Report<'a> {
    pairs: usize,
    chosen: &'a str,
    photos: usize,
    failures_count: bool,
    /// Figures of the first model.
    #[serde(flatten)]
    figures: &'a Figures,
    /// The method of the intervals `low` to `high`.
    interval: &'static str,
    pixel_baseline: &'a Figures,
    unaligned: &'a Figures,
    models: Vec<Model<'a>>,
    no_face: Vec<ShownPath>,
    unreadable: Vec<Unreadable<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    triplets: Option<&'a TripletFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distances: Option<Vec<Distance>>,
}

#[derive(Serialize)]
struct Model<'a> {
    model: &'a str,
    hash: &'a str,
    #[serde(flatten)]
    figures: &'a Figures,
    /// Difference from the first model; `null` for the first model itself.
    moved: Option<Movement>,
}

#[derive(Serialize)]
struct Unreadable<'a> {
    photo: ShownPath,
    reason: &'a str,
}

/// One pair; a distance is `null` if a photo has no usable face.
#[derive(Serialize)]
struct Distance {
    a: ShownPath,
    b: ShownPath,
    mated: bool,
    fold: usize,
    distance: Option<f32>,
    unaligned: Option<f32>,
    pixels: Option<f32>,
}

/// Prints one object, with every pair's distances if requested.
///
/// # Errors
/// If stdout cannot be written.
pub(crate) fn print_json_of(findings: &Findings, with_distances: bool) -> anyhow::Result<()> {
    let (no_face, unreadable) = findings.without_face();
    print_json(&Report {
        pairs: findings.sample.pairs.len(),
        chosen: &findings.sample.chosen,
        photos: findings.sample.photos.len(),
        failures_count: findings.failures_count,
        figures: &findings.models[0].aligned.figures,
        interval: "95 %, Clopper-Pearson",
        pixel_baseline: &findings.pixels.figures,
        unaligned: &findings.unaligned.figures,
        models: findings.models.iter().map(model).collect(),
        no_face,
        unreadable: unreadable.into_iter().map(|(photo, reason)| Unreadable { photo, reason }).collect(),
        triplets: findings.triplets.as_ref().map(|mined| &mined.figures),
        distances: with_distances.then(|| distances(findings)),
    })
}

fn model(model: &ModelFindings) -> Model<'_> {
    let ModelFindings { name, hash, aligned, movement } = model;
    Model { model: name, hash, figures: &aligned.figures, moved: *movement }
}

fn distances(findings: &Findings) -> Vec<Distance> {
    let photo = |index: usize| findings.sample.photos[index].path.shown();
    let aligned = &findings.models[0].aligned;
    let distance = |(index, pair): (usize, &Pair)| Distance {
        a: photo(pair.a),
        b: photo(pair.b),
        mated: pair.mated,
        fold: pair.fold,
        distance: aligned.pairs[index].distance,
        unaligned: findings.unaligned.pairs[index].distance,
        pixels: findings.pixels.pairs[index].distance,
    };
    findings.sample.pairs.iter().enumerate().map(distance).collect()
}
