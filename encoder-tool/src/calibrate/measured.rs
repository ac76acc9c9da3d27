//! Distances measured on a folder of photos of known people.

use super::distances::{Labelled, mated};
use super::strangers::non_mated;
use crate::evaluate::cache::Cache;
use crate::evaluate::measure::{Outcome, measure_all};
use crate::evaluate::photos_of_tree;
use crate::evaluate::sample::Photo;
use anyhow::{Context, Result};
use models::Recogniser;
use models::bundle::{Mated, NonMated};
use std::collections::BTreeSet;
use std::path::Path;
use terminal::{Help, ShowPath, Verbosity, counted};

/// How an encoder's distances lie.
pub(crate) struct Distances {
    pub(crate) non_mated: NonMated,
    pub(crate) mated: Option<Mated>,
}

/// Encodes the foremost face of each photo, and compares all with all, but for people who are left out.
///
/// # Errors
/// If the folder cannot be read or the photos are too few.
pub(crate) fn measure(
    recogniser: &Recogniser,
    images: &Path,
    left_out: &BTreeSet<String>,
    with_cache: bool,
    verbosity: Verbosity,
) -> Result<Distances> {
    let mut photos = photos_of_tree(images)?;
    photos.retain(|photo| !left_out.contains(&photo.person));
    let cache = Cache::root().filter(|_| with_cache);
    let cache = cache.map(|root| Cache::open(&root, &recogniser.model_hash())).transpose();
    let cache = cache.context("encodings cannot be kept").help("--no-cache keeps none")?;
    let outcomes = measure_all(recogniser, &photos, cache.as_ref(), verbosity.is_quiet());
    let encodings = labelled(&photos, &outcomes);
    let source = format!("{} of {}", counted(encodings.len(), "photo"), name_of(images));
    let non_mated = non_mated(&encodings, &source)
        .with_context(|| {
            format!("{}: too few photos to say how often a stranger is how near to an enrolled person", images.shown())
        })
        .help("a hundred people or more, with a folder each, say something")?;
    Ok(Distances { non_mated, mated: mated(&encodings) })
}

/// Photos with a face, people numbered in the order in which they come.
fn labelled<'a>(photos: &'a [Photo], outcomes: &'a [Outcome]) -> Vec<Labelled<'a>> {
    let mut people: Vec<&str> = Vec::new();
    let mut encodings = Vec::new();
    for (photo, outcome) in photos.iter().zip(outcomes) {
        let Ok(Some(measured)) = outcome else { continue };
        if people.last().is_none_or(|last| *last != photo.person) {
            people.push(&photo.person);
        }
        encodings.push(Labelled { person: people.len() - 1, encoding: &measured.aligned });
    }
    encodings
}

fn name_of(images: &Path) -> String {
    let whole = images.canonicalize().unwrap_or_else(|_| images.to_owned());
    let names: Vec<_> = whole.iter().rev().take(2).map(|name| name.to_string_lossy().into_owned()).collect();
    names.into_iter().rev().collect::<Vec<_>>().join("/")
}
