//! Distances measured on a folder of photos of known people.

use super::distances::{Labelled, mated};
use super::strangers::{non_mated, non_mated_of_probes};
use crate::evaluate::cache::{Cache, Measured as Face};
use crate::evaluate::measure::{Colours, Outcome, measure_all};
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
    /// Of strangers in grey, if that was measured.
    pub(crate) non_mated_grey: Option<NonMated>,
    pub(crate) mated: Option<Mated>,
}

/// Photos of known people, with what was measured of the foremost face of each.
pub(crate) struct Measured<'r> {
    recogniser: &'r Recogniser,
    images: &'r Path,
    photos: Vec<Photo>,
    outcomes: Vec<Outcome>,
    cache: Option<Cache>,
    quiet: bool,
}

/// Encodes the foremost face of each photo in a folder, but for people who are left out.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn measure<'r>(
    recogniser: &'r Recogniser,
    images: &'r Path,
    left_out: &BTreeSet<String>,
    with_cache: bool,
    verbosity: Verbosity,
) -> Result<Measured<'r>> {
    let mut photos = photos_of_tree(images)?;
    photos.retain(|photo| !left_out.contains(&photo.person));
    let cache = Cache::root().filter(|_| with_cache);
    let cache = cache.map(|root| Cache::open(&root, &recogniser.model_hash())).transpose();
    let cache = cache.context("encodings cannot be kept").help("--no-cache keeps none")?;
    let quiet = verbosity.is_quiet();
    let outcomes = measure_all(recogniser, &photos, Colours::AsTaken, cache.as_ref(), quiet);
    Ok(Measured { recogniser, images, photos, outcomes, cache, quiet })
}

impl Measured<'_> {
    /// All compared with all, in colour.
    ///
    /// # Errors
    /// If the photos are too few.
    pub(crate) fn distances(&self) -> Result<Distances> {
        let encodings = labelled(&self.photos, &self.outcomes);
        let source = format!("{} of {}", counted(encodings.len(), "photo"), name_of(self.images));
        let non_mated = self.enough(non_mated(&encodings, &source))?;
        Ok(Distances { non_mated, non_mated_grey: None, mated: mated(&encodings) })
    }

    /// Strangers whose photo was turned to grey, compared with people who are enrolled in colour. A person without a face
    /// in grey is left out.
    ///
    /// # Errors
    /// If the photos are too few.
    pub(crate) fn non_mated_in_grey(&self) -> Result<NonMated> {
        let shown = first_of_each(&self.photos, &self.outcomes);
        let grey = measure_all(self.recogniser, &shown, Colours::Grey, self.cache.as_ref(), self.quiet);
        let probes = labelled(&shown, &grey);
        let seen: BTreeSet<&str> =
            shown.iter().zip(&grey).filter_map(with_face).map(|(photo, _)| &*photo.person).collect();
        let enrolled = self.photos.iter().zip(&self.outcomes).filter(|(photo, _)| seen.contains(&*photo.person));
        let encodings = of_people(enrolled);
        let source = format!("{} of {}, strangers in grey", counted(encodings.len(), "photo"), name_of(self.images));
        let probes: Vec<_> = probes.iter().map(|probe| probe.encoding).collect();
        self.enough(non_mated_of_probes(&encodings, &probes, &source))
    }

    fn enough(&self, found: Option<NonMated>) -> Result<NonMated> {
        found
            .with_context(|| {
                format!(
                    "{}: too few photos to say how often a stranger is how near to an enrolled person",
                    self.images.shown()
                )
            })
            .help("a hundred people or more, with a folder each, say something")
    }
}

fn with_face<'a>((photo, outcome): (&'a Photo, &'a Outcome)) -> Option<(&'a Photo, &'a Face)> {
    Some((photo, outcome.as_ref().ok()?.as_ref()?))
}

fn labelled<'a>(photos: &'a [Photo], outcomes: &'a [Outcome]) -> Vec<Labelled<'a>> {
    of_people(photos.iter().zip(outcomes))
}

/// Photos with a face, people numbered in the order in which they come.
fn of_people<'a>(measured: impl Iterator<Item = (&'a Photo, &'a Outcome)>) -> Vec<Labelled<'a>> {
    let mut people: Vec<&str> = Vec::new();
    let mut encodings = Vec::new();
    for (photo, face) in measured.filter_map(with_face) {
        if people.last().is_none_or(|last| *last != photo.person) {
            people.push(&photo.person);
        }
        encodings.push(Labelled { person: people.len() - 1, encoding: &face.aligned });
    }
    encodings
}

/// Of each person the first photo with a face.
fn first_of_each(photos: &[Photo], outcomes: &[Outcome]) -> Vec<Photo> {
    let mut first: Vec<Photo> =
        photos.iter().zip(outcomes).filter_map(with_face).map(|(photo, _)| photo.clone()).collect();
    first.dedup_by(|later, earlier| later.person == earlier.person);
    first
}

fn name_of(images: &Path) -> String {
    let whole = images.canonicalize().unwrap_or_else(|_| images.to_owned());
    let names: Vec<_> = whole.iter().rev().take(2).map(|name| name.to_string_lossy().into_owned()).collect();
    names.into_iter().rev().collect::<Vec<_>>().join("/")
}
