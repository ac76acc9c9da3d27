//! Assesses the pictures of a trial, on all cores.

use super::Picture;
use crate::foremost;
use models::detect::Detector;
use models::pad::{Pad, Unusable, require_usable};
use models::photo::PhotoReader;
use models::{Crop, Face, Frame, ModelError, on_every_core};
use std::path::Path;
use terminal::{Progress, ShowPath};

/// What a picture gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The probability that the foremost face is live, 0 to 1.
    Live(f32),
    /// A non-response: no face was found.
    NoFace,
    /// A non-response: the face cannot be assessed.
    Unusable(Unusable),
    /// The file is no picture, for this reason, which names the file. It is not part of the trial.
    Unreadable(String),
}

/// The tools for assessing pictures.
#[derive(Clone)]
pub struct Measuring<'a> {
    /// Finds the faces.
    pub detector: Detector,
    /// Assesses them.
    pub pad: Pad,
    /// Reads the pictures.
    pub reader: &'a PhotoReader,
    /// True to show no progress.
    pub quiet: bool,
}

impl Measuring<'_> {
    /// Assesses the foremost face of each picture. The outcomes are in the order of the pictures.
    pub fn measure(&self, pictures: &[Picture]) -> Vec<Outcome> {
        let progress = Progress::new("pictures", pictures.len(), self.quiet);
        let (networks, reader) = ((self.detector.clone(), self.pad.clone()), self.reader);
        let outcomes = on_every_core(&networks, pictures, |(detector, pad), picture: &Picture| {
            let outcome = outcome(detector, pad, reader, &picture.path);
            progress.one_more();
            outcome.unwrap_or_else(|why| Outcome::Unreadable(format!("{}: {why}", picture.path.shown())))
        });
        progress.finish();
        outcomes
    }

    /// The crop that the network was given of a picture; `None` if it gave no probability.
    pub fn crop(&self, path: &Path) -> Option<Crop> {
        let read = self.reader.read(path).ok()?;
        let faces = self.detector.clone().detect(&read.frame).ok()?;
        foremost(&faces, &read.frame).map(|face| self.pad.crop(&read.frame, face))
    }
}

fn outcome(detector: &mut Detector, pad: &mut Pad, reader: &PhotoReader, path: &Path) -> Result<Outcome, ModelError> {
    let read = match reader.read(path) {
        Ok(read) => read,
        Err(why) => return Ok(Outcome::Unreadable(why.to_string())),
    };
    let faces = detector.detect(&read.frame)?;
    foremost(&faces, &read.frame).map_or(Ok(Outcome::NoFace), |face| assessed(pad, &read.frame, face))
}

fn assessed(pad: &mut Pad, frame: &Frame, face: &Face) -> Result<Outcome, ModelError> {
    match require_usable(frame, face) {
        Ok(()) => pad.assess(frame, face).map(Outcome::Live),
        Err(why) => Ok(Outcome::Unusable(why)),
    }
}
