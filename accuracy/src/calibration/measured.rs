//! Distances measured on a folder of photos of known people.

use super::mated::{Labelled, mated};
use super::strangers::{non_mated, non_mated_of_probes};
use crate::cache::Measured as Face;
use crate::{AccuracyError, Colours, Measuring, Outcome, Photo};
use models::bundle::{Mated, NonMated};
use std::collections::BTreeSet;
use std::path::Path;
use terminal::counted;

/// The measured distances of an encoder.
pub struct Distances {
    /// Distances of strangers in colour.
    pub non_mated: NonMated,
    /// Distances of strangers in grey, if measured.
    pub non_mated_grey: Option<NonMated>,
    /// Distances between photos of the same person; `None` if there are too few.
    pub mated: Option<Mated>,
}

/// Photos of known people, with the measurements of the foremost face of each.
pub struct MeasuredPhotos<'m> {
    with: Measuring<'m>,
    /// Name of the photos in a calibration.
    source: String,
    photos: Vec<Photo>,
    outcomes: Vec<Outcome>,
}

impl<'m> MeasuredPhotos<'m> {
    /// Encodes the foremost face of each photo. The calibration names the folder as its source.
    pub fn new(with: Measuring<'m>, photos: Vec<Photo>, folder: &Path) -> Self {
        let outcomes = with.measure(&photos, Colours::AsTaken);
        Self { with, source: name_of(folder), photos, outcomes }
    }

    /// Compares all photos with each other, in colour.
    ///
    /// # Errors
    /// If there are too few photos.
    pub fn distances(&self) -> Result<Distances, AccuracyError> {
        let encodings = labelled(&self.photos, &self.outcomes);
        let source = format!("{} of {}", counted(encodings.len(), "photo"), self.source);
        let non_mated = non_mated(&encodings, &source).ok_or(AccuracyError::TooFewPhotos)?;
        Ok(Distances { non_mated, non_mated_grey: None, mated: mated(&encodings) })
    }

    /// Compares strangers in photos converted to grey with people who are enrolled in colour. People without a face in
    /// grey are left out.
    ///
    /// # Errors
    /// If there are too few photos.
    pub fn non_mated_in_grey(&self) -> Result<NonMated, AccuracyError> {
        let shown = first_of_each(&self.photos, &self.outcomes);
        let grey = self.with.measure(&shown, Colours::Grey);
        let probes = labelled(&shown, &grey);
        let seen: BTreeSet<&str> =
            shown.iter().zip(&grey).filter_map(with_face).map(|(photo, _)| &*photo.person).collect();
        let enrolled = self.photos.iter().zip(&self.outcomes).filter(|(photo, _)| seen.contains(&*photo.person));
        let encodings = of_people(enrolled);
        let source = format!("{} of {}, strangers in grey", counted(encodings.len(), "photo"), self.source);
        let probes: Vec<_> = probes.iter().map(|probe| probe.encoding).collect();
        non_mated_of_probes(&encodings, &probes, &source).ok_or(AccuracyError::TooFewPhotos)
    }
}

fn with_face<'a>((photo, outcome): (&'a Photo, &'a Outcome)) -> Option<(&'a Photo, &'a Face)> {
    Some((photo, outcome.as_ref().ok()?.as_ref()?))
}

fn labelled<'a>(photos: &'a [Photo], outcomes: &'a [Outcome]) -> Vec<Labelled<'a>> {
    of_people(photos.iter().zip(outcomes))
}

/// Photos with a face. People are numbered in the order in which they appear.
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

/// The first photo with a face of each person.
fn first_of_each(photos: &[Photo], outcomes: &[Outcome]) -> Vec<Photo> {
    let mut first: Vec<Photo> =
        photos.iter().zip(outcomes).filter_map(with_face).map(|(photo, _)| photo.clone()).collect();
    first.dedup_by(|later, earlier| later.person == earlier.person);
    first
}

/// The last two components of its path.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let names: Vec<_> = whole.iter().rev().take(2).map(|name| name.to_string_lossy().into_owned()).collect();
    names.into_iter().rev().collect::<Vec<_>>().join("/")
}
